//! The DNS, asked which host offers a service (RFC 2782).

use std::net::SocketAddr;
use std::str::FromStr;

use domain::base::Name;
use domain::base::iana::Rtype;
use domain::rdata::Srv;
use domain::resolv::StubResolver;
use domain::resolv::stub::conf::{ResolvConf, ServerConf, Transport};
use thiserror::Error;

/// Why there is no answer. That there is no such service is one.
#[derive(Debug, Error)]
pub enum DnsError {
    #[error("{name} is no name of the DNS")]
    Name { name: String },
    #[error("the DNS did not answer about {name}")]
    NoAnswer { name: String, source: std::io::Error },
    #[error("what the DNS answers about {name} cannot be read")]
    Malformed { name: String },
}

/// A host that offers a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Without the dot at its end.
    pub host: String,
    pub port: u16,
}

/// A resolver.
pub struct Dns(StubResolver);

impl Dns {
    /// The servers of `/etc/resolv.conf`.
    #[must_use]
    pub fn system() -> Self {
        Self(StubResolver::new())
    }

    /// One server.
    #[must_use]
    pub fn at(server: SocketAddr) -> Self {
        let mut conf = ResolvConf::new();
        conf.servers.push(ServerConf::new(server, Transport::UdpTcp));
        conf.finalize();
        Self(StubResolver::from_conf(conf))
    }

    /// The hosts that offer a service, such as `_jmap._tcp` of `example.com`, the preferred one
    /// first: by priority, then by weight. None where the domain has no such records, or says that
    /// it does not offer it (RFC 2782, target ".").
    ///
    /// # Errors
    /// Where nobody answers, or the answer cannot be read.
    pub async fn service(&self, service: &str, of: &str) -> Result<Vec<Target>, DnsError> {
        let name = format!("{service}.{of}");
        let Ok(asked) = Name::<Vec<u8>>::from_str(&name) else { return Err(DnsError::Name { name }) };
        let answer = match self.0.query((asked, Rtype::SRV)).await {
            Ok(answer) => answer,
            Err(source) => return Err(DnsError::NoAnswer { name, source }),
        };
        let malformed = |_| DnsError::Malformed { name: name.clone() };
        let message = answer.into_message();
        let mut found = Vec::new();
        for record in message.answer().map_err(malformed)?.limit_to::<Srv<_>>() {
            let record = record.map_err(malformed)?;
            let srv = record.data();
            if !srv.target().is_root() {
                let host = srv.target().to_string();
                let target = Target { host: host.trim_end_matches('.').to_lowercase(), port: srv.port() };
                found.push((srv.priority(), u16::MAX - srv.weight(), target));
            }
        }
        found.sort_by_key(|(priority, weight, _)| (*priority, *weight));
        Ok(found.into_iter().map(|(_, _, target)| target).collect())
    }
}
