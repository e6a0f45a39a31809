//! Where browsers reach the tracker, and how.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use super::{Front, NONE, Setup, SetupError};
use crate::config::{Acme, Challenge};
use crate::mail::Address;

/// Where a tracker without a proxy listens.
const HTTPS: u16 = 443;
/// Where an authority asks by http-01.
const HTTP: u16 = 80;

impl Setup<'_> {
    /// Asks for the public name, and for how https comes to it; tries both, and the data folder.
    pub(super) async fn front(&mut self, address: &Address) -> Result<(), SetupError> {
        self.talk.say("")?;
        if let Some(data) = self.options.data.clone().or_else(|| self.place.data()) {
            let data = std::path::absolute(&data).unwrap_or(data);
            self.written.text("data", &data.display().to_string());
        }
        if self.place.service.is_some() {
            // The unit's RuntimeDirectory=.
            self.written.text("runtime", "/run/postdesk");
        }
        loop {
            // What an earlier answer set would have its own say about the next one.
            for table in ["tls", "tls.acme"] {
                self.written.without_table(table);
            }
            self.written.without("web.redirect");
            self.public_url(address)?;
            self.https()?;
            let config = match self.config() {
                Ok(config) => config,
                Err(error) => {
                    self.talk.wrong(&error.to_string())?;
                    continue;
                }
            };
            let probe = self.probe(&config);
            let talk = &mut self.talk;
            let found = probe.here(|finding| talk.found(finding)).await;
            let Some(bad) = found.bad().next() else { return Ok(()) };
            if !talk.asks() {
                return Err(SetupError::Refused(bad.text.trim_end_matches('.').to_owned()));
            }
            if talk.yes("Go on all the same? It has to be mended before the desk can run", false)? {
                return Ok(());
            }
        }
    }

    fn public_url(&mut self, address: &Address) -> Result<(), SetupError> {
        let usual = format!("desk.{}", address.domain());
        loop {
            let text = match self.options.public.take() {
                Some(text) => text,
                None => self.talk.ask("--public", "Public host name of the tracker", Some(&usual))?,
            };
            let url = if text.contains("://") { text } else { format!("https://{text}") };
            let before = self.written.clone();
            self.written.text("public_url", &url);
            match self.config() {
                Ok(_) => return Ok(()),
                Err(error) => {
                    self.written = before;
                    self.talk.wrong(&error.to_string())?;
                }
            }
        }
    }

    fn https(&mut self) -> Result<(), SetupError> {
        let front = match self.options.front.take() {
            Some(front) => front,
            None => self.ask_front()?,
        };
        for setting in ["web.listen", "web.trusted_proxies"] {
            self.written.without(setting);
        }
        let (listen, redirect) = (self.options.listen.clone(), self.options.redirect.clone());
        self.addresses("web.listen", &listen, (front != Front::Proxy).then_some(HTTPS));
        let asked = front == Front::Acme && self.options.acme.challenge == Challenge::Http01;
        self.addresses("web.redirect", &redirect, asked.then_some(HTTP));
        match front {
            Front::Proxy => self.written.list("web.trusted_proxies", &["127.0.0.1", "::1"]),
            Front::Acme => self.authority()?,
            Front::Files => self.files()?,
            Front::Generated => self.written.yes("tls.generated"),
        }
        Ok(())
    }

    /// Sets where something listens: as given, else everywhere on its usual port, where it has one.
    fn addresses(&mut self, setting: &str, given: &[SocketAddr], usual: Option<u16>) {
        let listen: Vec<String> = match usual {
            Some(port) if given.is_empty() => vec![everywhere(port).to_string()],
            _ => given.iter().map(ToString::to_string).collect(),
        };
        if !listen.is_empty() {
            self.written.list(setting, &listen.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }

    fn ask_front(&mut self) -> Result<Front, SetupError> {
        if self.talk.asks() {
            self.talk.say("How does https come to it?")?;
            self.talk.say("  1  a proxy on this computer speaks it, such as nginx or Caddy")?;
            self.talk.say(
                "  2  Postdesk speaks it, with a certificate from Let's Encrypt or another authority (ACME)",
            )?;
            self.talk.say("  3  Postdesk speaks it, with a certificate of yours")?;
            self.talk.say("  4  Postdesk speaks it, with a certificate of its own that browsers warn of")?;
        }
        loop {
            match self.talk.ask("--front", "Which", Some("1"))?.as_str() {
                "1" => return Ok(Front::Proxy),
                "2" => return Ok(Front::Acme),
                "3" => return Ok(Front::Files),
                "4" => return Ok(Front::Generated),
                _ => self.talk.wrong("Answer 1, 2, 3 or 4.")?,
            }
        }
    }

    /// Asks who gives the certificate, and says what that takes.
    fn authority(&mut self) -> Result<(), SetupError> {
        let given = self.options.acme.clone();
        let (name, port) = (given.challenge.name(), given.challenge.port());
        self.talk.say(&format!(
            "  The authority comes to port {port} of that host ({name}), which has to be reached from outside and to lead"
        ))?;
        self.talk.say("  here. To ask it for a certificate is to agree to its terms of service.")?;
        self.written.table("tls.acme");
        let usual = Acme::default().directory;
        let directory = match self.options.acme.directory.take() {
            Some(directory) => directory,
            None => self.talk.ask("--acme-directory", "Its directory", Some(usual.as_str()))?,
        };
        self.written.text("tls.acme.directory", &directory);
        if let Some(contact) = self.contact()? {
            self.written.text("tls.acme.contact", contact.as_str());
        }
        self.written.text("tls.acme.challenge", name);
        match given.ca {
            Some(ca) => self.file("tls.acme.ca", &ca),
            None => Ok(()),
        }
    }

    fn contact(&mut self) -> Result<Option<Address>, SetupError> {
        let mut given = self.options.acme.contact.take();
        loop {
            let text = match given.take() {
                Some(text) => text,
                None => {
                    let question = "Mail address that it may write to (- for none)";
                    self.talk.ask("--acme-contact", question, Some(NONE))?
                }
            };
            if text == NONE {
                return Ok(None);
            }
            match Address::parse(&text) {
                Ok(address) => return Ok(Some(address)),
                Err(error) => self.talk.wrong(&format!("\"{text}\" is no mail address: {error}."))?,
            }
        }
    }

    fn files(&mut self) -> Result<(), SetupError> {
        for (setting, flag, question) in [
            ("tls.certificate", "--certificate", "File of the certificate with its chain (PEM)"),
            ("tls.key", "--key", "File of its key (PEM)"),
        ] {
            let of_key = setting == "tls.key";
            loop {
                let given = if of_key { self.options.key.take() } else { self.options.certificate.take() };
                let path = match given {
                    Some(path) => path,
                    None => self.talk.ask(flag, question, None)?.into(),
                };
                match self.file(setting, &path) {
                    Err(error @ SetupError::Unreadable { .. }) => self.talk.wrong(&format!("{error}."))?,
                    other => break other?,
                }
            }
        }
        Ok(())
    }
}

/// All addresses of this computer: by IPv6 where it has that, which takes IPv4 too.
fn everywhere(port: u16) -> SocketAddr {
    let has_v6 = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).is_ok();
    if has_v6 { (Ipv6Addr::UNSPECIFIED, port).into() } else { (Ipv4Addr::UNSPECIFIED, port).into() }
}
