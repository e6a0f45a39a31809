//! What must fit together.

use std::collections::HashSet;

use super::{Config, ConfigError, ReplyTo, TlsSource, tls};

/// Checks values against each other. No file is touched.
pub(super) fn values(config: &Config) -> Result<(), ConfigError> {
    login(config)?;
    plain_http(config)?;
    tls::fits(config)?;
    wildcard(config)?;
    mailboxes(config)
}

/// Checks that the files which are named are there.
pub(super) fn files(config: &Config) -> Result<(), ConfigError> {
    let mut named = vec![("mail.ca", config.mail.ca.as_ref())];
    if let Some(TlsSource::Files { certificate, key }) = &config.tls {
        named.push(("tls.certificate", Some(certificate)));
        named.push(("tls.key", Some(key)));
    }
    if let Some(TlsSource::Acme(acme)) = &config.tls {
        named.push(("tls.acme.ca", acme.ca.as_ref()));
    }
    for (setting, path) in named {
        if let Some(path) = path.filter(|path| !path.is_file()) {
            let what = format!("names {}, which is not there or is no file", path.display());
            return Err(ConfigError::new(setting, what));
        }
    }
    Ok(())
}

fn login(config: &Config) -> Result<(), ConfigError> {
    let mail = &config.mail;
    match (&mail.user, &mail.password, &mail.token) {
        (None, None, Some(_)) | (Some(_), Some(_), None) => Ok(()),
        (_, _, Some(_)) => {
            let what = "stands beside `user` or `password`; remove the one that is not used";
            Err(ConfigError::new("mail.token", what))
        }
        (None, Some(_), None) => Err(ConfigError::new("mail.password", "has no `user` beside it; add it")),
        (Some(_), None, None) => {
            let what = "has no `password` beside it; add one, such as `password = { file = \"…\" }`";
            Err(ConfigError::new("mail.user", what))
        }
        (None, None, None) => Err(ConfigError::login(None)),
    }
}

/// Passwords and cookies never cross a network in the clear.
fn plain_http(config: &Config) -> Result<(), ConfigError> {
    let behind_proxy = !config.web.trusted_proxies.is_empty();
    if !config.is_https() && !behind_proxy && !super::read::is_loopback(&config.public_url) {
        let what = "is plain http, which is for this machine only; use https, or name the proxy that \
                    speaks https in `trusted_proxies` of [web]";
        return Err(ConfigError::new("public_url", what));
    }
    let open = config.web.listen.iter().find(|address| !address.ip().is_loopback());
    if let Some(address) = open.filter(|_| config.tls.is_none() && !behind_proxy) {
        let what = format!(
            "has {address}, which others can reach, without TLS; add [tls], listen on 127.0.0.1, or name \
             the proxy in front in `trusted_proxies`"
        );
        return Err(ConfigError::new("web.listen", what));
    }
    Ok(())
}

/// Where the key of an answer does not fit into the wildcard, no letter could carry one.
fn wildcard(config: &Config) -> Result<(), ConfigError> {
    let addresses = &config.addresses;
    if addresses.reply_to == ReplyTo::Plain || addresses.wildcard.has_room() {
        return Ok(());
    }
    let what = "has no room for the key of an answer: 64 characters may stand before the @, and a key takes \
                up to 38 of them; choose a shorter one, or `reply_to = \"plain\"`";
    Err(ConfigError::new("addresses.wildcard", what))
}

/// Two uses of one mailbox would take each other's mails.
fn mailboxes(config: &Config) -> Result<(), ConfigError> {
    let boxes = &config.mailboxes;
    let named = [
        ("intake", &boxes.intake),
        ("handled", &boxes.handled),
        ("held", &boxes.held),
        ("sent", &boxes.sent),
        ("drafts", &boxes.drafts),
        ("earlier", &boxes.earlier),
        ("marker", &boxes.marker),
    ];
    let mut seen = HashSet::new();
    for (name, mailbox) in named {
        if !seen.insert(mailbox.to_string().to_lowercase()) {
            let what =
                format!("is \"{mailbox}\", which another setting of [mailboxes] uses too; give it its own");
            return Err(ConfigError::new(&format!("mailboxes.{name}"), what));
        }
    }
    Ok(())
}
