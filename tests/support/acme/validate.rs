//! Looking for the proof, where the host's ports lead.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::jws::sha256;
use crate::support::http;

/// RFC 8555 §8.3.
pub async fn by_http(to: SocketAddr, host: &str, token: &str, expected: &str) -> Result<(), String> {
    let url = format!("http://{to}/.well-known/acme-challenge/{token}");
    let answer = http::ask("GET", &url, &[("host", host)], "").await?;
    if answer.status != 200 || answer.text().trim_end() != expected {
        return Err(format!("{url} said {} {:?}", answer.status, answer.text()));
    }
    Ok(())
}

/// RFC 8737 §3.
pub async fn by_tls(to: SocketAddr, host: &str, expected: &str) -> Result<(), String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anything(provider)))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let stream = TcpStream::connect(to).await.map_err(|error| format!("{to}: {error}"))?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let stream = stream.map_err(|error| format!("no TLS with {host}: {error}"))?;
    let session = stream.get_ref().1;
    if session.alpn_protocol() != Some(b"acme-tls/1") {
        return Err("acme-tls/1 was not negotiated".to_owned());
    }
    let shown = session.peer_certificates().and_then(|chain| chain.first()).ok_or("no certificate")?;
    is_proof(shown, host, &sha256(expected.as_bytes()))
}

fn is_proof(der: &[u8], host: &str, digest: &[u8]) -> Result<(), String> {
    let (_, shown) = X509Certificate::from_der(der).map_err(|error| error.to_string())?;
    let names = shown.subject_alternative_name().map_err(|error| error.to_string())?.ok_or("no names")?;
    let names = &names.value.general_names;
    if !matches!(names.as_slice(), [GeneralName::DNSName(name)] if name.eq_ignore_ascii_case(host)) {
        return Err(format!("the certificate is for {names:?}, not for {host} alone"));
    }
    let wanted = [&[0x04, 0x20], digest].concat();
    let proof = shown
        .extensions()
        .iter()
        .find(|extension| extension.oid.to_id_string() == "1.3.6.1.5.5.7.1.31")
        .ok_or("no acmeIdentifier")?;
    if !proof.critical || proof.value != wanted {
        return Err("the acmeIdentifier is not critical, or for another key".to_owned());
    }
    Ok(())
}

/// Takes any certificate: what it says is the proof.
#[derive(Debug)]
pub struct Anything(pub Arc<CryptoProvider>);

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // By the key alone: the proof has an extension that only authorities know.
        let (_, shown) =
            X509Certificate::from_der(certificate).map_err(|_| Error::General("no X.509".into()))?;
        let key = SubjectPublicKeyInfoDer::from(shown.public_key().raw);
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature_with_raw_key(message, &key, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
