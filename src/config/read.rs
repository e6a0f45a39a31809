//! One value at a time: each into its type, each error with what to write instead.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use url::{Host, Url};

use super::{MailboxRef, Network};
use crate::mail::Address;
use crate::triage::Wildcard;

pub(super) fn data() -> PathBuf {
    PathBuf::from("/var/lib/postdesk")
}

pub(super) fn poll_seconds() -> u64 {
    15
}

/// Whether a URL names this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

pub(super) fn url<E: Error>(text: &str, example: &str) -> Result<Url, E> {
    let url =
        Url::parse(text).map_err(|error| E::custom(format!("is no address ({error}); such as {example}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(E::custom(format!("starts with https://, such as {example}")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(E::custom("has a user or password in it; those have settings of their own"));
    }
    Ok(url)
}

pub(super) fn public_url<'de, D: Deserializer<'de>>(from: D) -> Result<Url, D::Error> {
    let text = String::deserialize(from)?;
    let url = url::<D::Error>(&text, "https://desk.example.com")?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(D::Error::custom("is a host alone, without a path: https://desk.example.com"));
    }
    Ok(url)
}

pub(super) fn mail_url<'de, D: Deserializer<'de>>(from: D) -> Result<Url, D::Error> {
    let text = String::deserialize(from)?;
    let url = url::<D::Error>(&text, "https://mail.example.com")?;
    if url.scheme() != "https" && !is_loopback(&url) {
        return Err(D::Error::custom(
            "is plain http, which would show the password to the network; use https",
        ));
    }
    Ok(url)
}

pub(super) fn origins<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Url>, D::Error> {
    Vec::<String>::deserialize(from)?
        .iter()
        .map(|text| {
            let url = url::<D::Error>(text, "https://download.example.com")?;
            if url.path() == "/" && url.query().is_none() {
                Ok(url)
            } else {
                Err(D::Error::custom("has servers alone, without a path: https://download.example.com"))
            }
        })
        .collect()
}

pub(super) fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Address, D::Error> {
    let text = String::deserialize(from)?;
    Address::parse(&text).map_err(|error| D::Error::custom(format!("is no mail address: {error}")))
}

pub(super) fn host<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    match Host::parse(&text) {
        Ok(Host::Domain(name)) => Ok(Some(name)),
        _ => Err(D::Error::custom("is no host name, such as desk.example.com")),
    }
}

pub(super) fn positive<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Default + PartialEq,
    D: Deserializer<'de>,
{
    let number = T::deserialize(from)?;
    if number != T::default() { Ok(number) } else { Err(D::Error::custom("is at least 1")) }
}

pub(super) fn mailbox<'de, D: Deserializer<'de>>(from: D) -> Result<MailboxRef, D::Error> {
    let text = String::deserialize(from)?;
    MailboxRef::parse(&text).map_err(|error| D::Error::custom(format!("names no mailbox: {error}")))
}

pub(super) fn wildcard<'de, D: Deserializer<'de>>(from: D) -> Result<Wildcard, D::Error> {
    to_wildcard(&String::deserialize(from)?)
}

pub(super) fn some_wildcard<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Wildcard>, D::Error> {
    wildcard(from).map(Some)
}

pub(super) fn wildcards<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Wildcard>, D::Error> {
    Vec::<String>::deserialize(from)?.iter().map(|text| to_wildcard(text)).collect()
}

fn to_wildcard<E: Error>(text: &str) -> Result<Wildcard, E> {
    Wildcard::parse(text).map_err(|error| {
        E::custom(format!("is no wildcard: {error}; such as incoming+{{key}}@desk.example.com"))
    })
}

pub(super) fn listeners<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<SocketAddr>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    if texts.is_empty() {
        return Err(D::Error::custom("is empty; such as [\"127.0.0.1:8080\"]"));
    }
    let wrong = |text: &str| {
        D::Error::custom(format!(
            "has \"{text}\", which is no address with a port; such as \"127.0.0.1:8080\" or \"[::1]:8080\""
        ))
    };
    texts.iter().map(|text| text.parse().map_err(|_| wrong(text))).collect()
}

pub(super) fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Network>, D::Error> {
    let wrong = |text: &str| {
        D::Error::custom(format!(
            "has \"{text}\", which is no address or network; such as \"10.0.0.1\" or \"10.0.0.0/8\""
        ))
    };
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| Network::parse(text).ok_or_else(|| wrong(text))).collect()
}
