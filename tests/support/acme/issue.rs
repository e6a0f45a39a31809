//! The authority's own keys, and the certificates that it gives.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, DnType, IsCa,
    KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateSigningRequestDer, PrivateKeyDer};

/// A root, and one certificate in between, as the real ones have.
pub struct Authority {
    root: CertifiedIssuer<'static, KeyPair>,
    between: CertifiedIssuer<'static, KeyPair>,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![]).expect("no names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    // Good whatever the clock of a test says.
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(2090, 1, 1);
    params
}

impl Authority {
    pub fn new() -> Self {
        let root =
            CertifiedIssuer::self_signed(params("A root of tests"), KeyPair::generate().expect("a key"))
                .expect("a root");
        let key = KeyPair::generate().expect("a key");
        let between = CertifiedIssuer::signed_by(params("Between"), key, &root).expect("one in between");
        Self { root, between }
    }

    pub fn root_pem(&self) -> String {
        self.root.as_ref().pem()
    }

    /// Its own https.
    pub fn https(&self) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2060, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.root).expect("its certificate");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("protocols")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).expect("its key"),
            );
        Arc::new(config.expect("its server"))
    }

    /// Signs a request that names this host alone; gives the chain.
    pub fn sign(&self, csr: &[u8], host: &str, from: Timestamp, to: Timestamp) -> Result<String, String> {
        let csr = CertificateSigningRequestDer::from(csr.to_vec());
        // Checks the request's own signature as well.
        let mut request =
            CertificateSigningRequestParams::from_der(&csr).map_err(|error| error.to_string())?;
        let names = &request.params.subject_alt_names;
        if !matches!(names.as_slice(), [SanType::DnsName(name)] if name.as_str() == host) {
            return Err(format!("the request is for {names:?}, not for {host} alone"));
        }
        let at = |time: Timestamp| {
            date_time_ymd(1970, 1, 1) + Duration::from_secs(time.as_second().unsigned_abs())
        };
        request.params.not_before = at(from);
        request.params.not_after = at(to);
        request.params.use_authority_key_identifier_extension = true;
        let mut serial = [0; 16];
        ::aws_lc_rs::rand::fill(&mut serial).expect("random octets");
        serial[0] &= 0x7f;
        serial[0] |= 0x40;
        request.params.serial_number = Some(serial.to_vec().into());
        let leaf = request.signed_by(&self.between).map_err(|error| error.to_string())?;
        Ok(leaf.pem() + &self.between.as_ref().pem())
    }
}
