//! The files that the configuration names, which whoever runs the desk has to be able to read.

use std::path::Path;

use super::{Config, Secret, TlsSource};

impl Config {
    /// Each with its setting. A credential is none: systemd reads it as root.
    #[must_use]
    pub fn named_files(&self) -> Vec<(&'static str, &Path)> {
        let mut secrets = vec![
            ("mail.password", self.mail.password.as_ref()),
            ("mail.token", self.mail.token.as_ref()),
            ("watch.token", self.watch.token.as_ref()),
        ];
        let mut named = vec![("theme", self.theme.as_deref()), ("mail.ca", self.mail.ca.as_deref())];
        match &self.tls {
            Some(TlsSource::Files { certificate, key }) => {
                named.extend([("tls.certificate", Some(&**certificate)), ("tls.key", Some(&**key))]);
            }
            Some(TlsSource::Acme(acme)) => {
                named.push(("tls.acme.ca", acme.ca.as_deref()));
                let key = acme.external_account.as_ref().map(|external| &external.key);
                secrets.push(("tls.acme.external_account.key", key));
            }
            Some(TlsSource::Generated) | None => {}
        }
        let secrets = secrets.into_iter().filter_map(|(setting, secret)| match secret {
            Some(Secret::File(path)) => Some((setting, path.as_path())),
            _ => None,
        });
        named.into_iter().filter_map(|(setting, path)| Some((setting, path?))).chain(secrets).collect()
    }
}
