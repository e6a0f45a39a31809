//! Signed requests (RFC 7515, as RFC 8555 §6.2 narrows it), checked to the letter.

use aws_lc_rs::{digest, hmac, signature};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

/// One signed request, taken apart.
pub struct Jws {
    pub header: Value,
    pub payload: Vec<u8>,
    signed: String,
    signature: Vec<u8>,
}

impl Jws {
    /// Reads the flattened serialization (RFC 7515 §7.2.2), which is the only one allowed.
    pub fn parse(body: &Value) -> Result<Self, String> {
        let part = |name: &str| body[name].as_str().ok_or_else(|| format!("no {name}"));
        let decode = |text: &str| {
            BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|error| format!("not base64url: {error}"))
        };
        let (protected, payload) = (part("protected")?, part("payload")?);
        let header = serde_json::from_slice(&decode(protected)?).map_err(|error| error.to_string())?;
        Ok(Self {
            header,
            payload: decode(payload)?,
            signed: format!("{protected}.{payload}"),
            signature: decode(part("signature")?)?,
        })
    }

    pub fn text(&self, name: &str) -> Result<&str, String> {
        self.header[name].as_str().ok_or_else(|| format!("no {name} in the header"))
    }

    /// By ES256 (RFC 7518 §3.4).
    pub fn is_signed_by(&self, jwk: &Value) -> Result<(), String> {
        if self.text("alg")? != "ES256" || jwk["kty"] != "EC" || jwk["crv"] != "P-256" {
            return Err("only ES256 is known here".to_owned());
        }
        let coordinate = |name: &str| {
            let text = jwk[name].as_str().unwrap_or_default();
            BASE64URL_NOPAD.decode(text.as_bytes()).ok().filter(|octets| octets.len() == 32)
        };
        let (x, y) = coordinate("x").zip(coordinate("y")).ok_or("no point")?;
        let point = [&[4], x.as_slice(), y.as_slice()].concat();
        signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
            .verify(self.signed.as_bytes(), &self.signature)
            .map_err(|_| "the signature is wrong".to_owned())
    }

    /// By HS256 (RFC 7518 §3.2).
    pub fn is_signed_with(&self, secret: &[u8]) -> Result<(), String> {
        if self.text("alg")? != "HS256" {
            return Err("a binding is signed by HS256".to_owned());
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        hmac::verify(&key, self.signed.as_bytes(), &self.signature)
            .map_err(|_| "the binding's signature is wrong".to_owned())
    }
}

/// RFC 7638 §3: the digest of what makes the key, in this order.
pub fn thumbprint(jwk: &Value) -> String {
    let canonical =
        format!("{{\"crv\":{},\"kty\":{},\"x\":{},\"y\":{}}}", jwk["crv"], jwk["kty"], jwk["x"], jwk["y"]);
    BASE64URL_NOPAD.encode(&sha256(canonical.as_bytes()))
}

pub fn sha256(octets: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, octets).as_ref().to_vec()
}

/// The parts of a key that make it.
pub fn key_of(jwk: &Value) -> Value {
    json!({ "crv": jwk["crv"], "kty": jwk["kty"], "x": jwk["x"], "y": jwk["y"] })
}
