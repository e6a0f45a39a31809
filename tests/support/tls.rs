//! A TLS client that says what it is offered, sees what it is shown, and can be believing or not.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::acme::Anything;

/// What a client offers, and whom it believes.
pub struct Offer<'a> {
    pub host: &'a str,
    pub alpn: &'a [&'a str],
    pub versions: &'a [&'static SupportedProtocolVersion],
    /// A PEM file with whom it believes; else it takes anything.
    pub root: Option<&'a Path>,
}

impl Default for Offer<'_> {
    fn default() -> Self {
        Self { host: "desk.test", alpn: &["http/1.1"], versions: rustls::DEFAULT_VERSIONS, root: None }
    }
}

/// An open connection.
pub struct Connection {
    pub stream: TlsStream<TcpStream>,
}

impl Connection {
    /// # Errors
    /// Where the handshake fails.
    pub async fn open(to: SocketAddr, offer: Offer<'_>) -> Result<Self, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(offer.versions)
            .map_err(|error| error.to_string())?;
        let mut config = match offer.root {
            Some(path) => {
                let mut roots = RootCertStore::empty();
                let root = CertificateDer::from_pem_file(path).map_err(|error| error.to_string())?;
                roots.add(root).map_err(|error| error.to_string())?;
                builder.with_root_certificates(roots).with_no_client_auth()
            }
            None => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anything(provider)))
                .with_no_client_auth(),
        };
        config.alpn_protocols = offer.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from(offer.host.to_owned()).map_err(|error| error.to_string())?;
        let stream = TcpStream::connect(to).await.map_err(|error| error.to_string())?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        Ok(Self { stream: stream.map_err(|error| error.to_string())? })
    }

    pub fn alpn(&self) -> Option<&str> {
        self.stream.get_ref().1.alpn_protocol().and_then(|name| std::str::from_utf8(name).ok())
    }

    pub fn version(&self) -> Option<ProtocolVersion> {
        self.stream.get_ref().1.protocol_version()
    }

    /// The certificate that was shown.
    pub fn shown(&self) -> Shown {
        let chain = self.stream.get_ref().1.peer_certificates().expect("a certificate");
        let (_, first) = X509Certificate::from_der(&chain[0]).expect("one that can be read");
        Shown { serial: first.raw_serial().to_vec(), issuer: first.issuer().to_string() }
    }

    /// Asks over HTTP/1.1, and leaves the connection open.
    pub async fn get(&mut self, path: &str) -> Result<String, String> {
        let text = format!("GET {path} HTTP/1.1\r\nHost: desk.test\r\n\r\n");
        self.stream.write_all(text.as_bytes()).await.map_err(|error| error.to_string())?;
        let mut answer = Vec::new();
        loop {
            let mut piece = [0; 4096];
            let read = self.stream.read(&mut piece).await.map_err(|error| error.to_string())?;
            answer.extend_from_slice(&piece[..read]);
            let text = String::from_utf8_lossy(&answer).into_owned();
            let body = text.split_once("\r\n\r\n").map(|(head, body)| (head.to_lowercase(), body.len()));
            let length = body.and_then(|(head, have)| {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
                Some((length.trim().parse::<usize>().ok()?, have))
            });
            match length {
                Some((length, have)) if have >= length => return Ok(text),
                _ if read == 0 => return Err(format!("it ended with {text:?}")),
                _ => {}
            }
        }
    }
}

/// An authority's certificate, and one that it signed for `localhost`, with its key: PEM texts.
pub fn https_of_its_own() -> (String, String, String) {
    let mut root = CertificateParams::new(vec![]).expect("no names");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.distinguished_name.push(DnType::CommonName, "The https of an authority");
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate().expect("a key")).expect("a root");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let leaf = params.signed_by(&key, &root).expect("a certificate");
    (root.as_ref().pem(), leaf.pem(), key.serialize_pem())
}

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub serial: Vec<u8>,
    pub issuer: String,
}

/// What a server says to a client that knows no newer version than this one: the type of its first
/// record, and of an alert the level and the description (RFC 5246 §7.2).
pub async fn says_to(to: SocketAddr, version: [u8; 2]) -> (u8, Option<(u8, u8)>) {
    // RFC 5246 §7.4.1.2: a random, no session, one cipher (ECDHE, ECDSA, AES-128-GCM), no compression.
    let mut hello = version.to_vec();
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x2b, 1, 0]);
    // supported_groups, ec_point_formats and signature_algorithms: P-256 in all of them.
    let extensions = [0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0, 0, 13, 0, 4, 0, 2, 4, 3];
    hello.extend([0, u8::try_from(extensions.len()).expect("short")]);
    hello.extend(extensions);
    let mut handshake = vec![1, 0, 0, u8::try_from(hello.len()).expect("short")];
    handshake.extend(hello);
    let mut record = vec![22, 3, 1, 0, u8::try_from(handshake.len()).expect("short")];
    record.extend(handshake);
    let mut stream = TcpStream::connect(to).await.expect("a connection");
    stream.write_all(&record).await.expect("a hello");
    let mut head = [0; 7];
    stream.read_exact(&mut head).await.expect("an answer");
    let [kind, _, _, _, _, level, what] = head;
    (kind, (kind == 21).then_some((level, what)))
}
