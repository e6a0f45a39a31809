//! Where a secret is. The configuration file never holds one.
#![allow(clippy::disallowed_methods, reason = "the environment and secret files belong to this module")]

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::ConfigError;

/// What systemd gave the running service. Its own user and root may read it.
const SERVICE: &str = "/run/credentials/postdesk.service/";
/// Where the service's unit takes credentials from. Root may read it.
const STORE: &str = "/etc/credstore/postdesk.";

/// Where a secret is: `{ file = "…" }`, `{ env = "…" }` or `{ credential = "…" }`.
#[derive(Clone, Debug)]
pub enum Secret {
    /// The content of a file.
    File(PathBuf),
    /// The value of an environment variable.
    Env(String),
    /// A credential of systemd: a file of this name in `$CREDENTIALS_DIRECTORY`.
    Credential(String),
    /// One that no file says: the demo's.
    Given(SecretString),
}

impl Secret {
    /// The file that the service's unit takes this credential from (`LoadCredential=`).
    #[must_use]
    pub fn stored(credential: &str) -> PathBuf {
        PathBuf::from(format!("{STORE}{credential}"))
    }

    /// Reads it, without the newline that a file ends with.
    ///
    /// # Errors
    /// Where it is not there, or empty. `setting` is for the error.
    pub fn read(&self, setting: &str) -> Result<SecretString, ConfigError> {
        self.read_with(setting, |name| std::env::var(name).ok(), &[SERVICE, STORE])
    }

    fn read_with(
        &self,
        setting: &str,
        env: impl Fn(&str) -> Option<String>,
        places: &[&str],
    ) -> Result<SecretString, ConfigError> {
        let text = match self {
            Self::File(path) => from_file(path, setting)?,
            Self::Env(name) => env(name).ok_or_else(|| {
                let what = format!("names the environment variable {name}, which is not set; set it");
                ConfigError::new(setting, what)
            })?,
            Self::Credential(name) => match env("CREDENTIALS_DIRECTORY") {
                Some(folder) => from_file(&Path::new(&folder).join(name), setting)?,
                None => from_file(&outside_the_service(name, setting, places)?, setting)?,
            },
            Self::Given(secret) => return Ok(secret.clone()),
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(ConfigError::new(setting, "leads to a secret that is empty; write it there"));
        }
        Ok(SecretString::from(text))
    }
}

/// Where a command finds a credential that is meant for the service, such as `postdesk check` typed
/// by root: what the running service has, else what the next one will be given.
fn outside_the_service(name: &str, setting: &str, places: &[&str]) -> Result<PathBuf, ConfigError> {
    let found = places.iter().map(|place| PathBuf::from(format!("{place}{name}"))).find(|path| path.exists());
    found.ok_or_else(|| {
        let what = format!(
            "names the credential {name}, but systemd gave none; write it to {STORE}{name} for the service \
             postdesk, give another service `LoadCredential={name}:…`, or use {{ file = \"…\" }}"
        );
        ConfigError::new(setting, what)
    })
}

fn from_file(path: &Path, setting: &str) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| {
        let what = match error.kind() {
            ErrorKind::NotFound => "which is not there; write the secret into it, or correct its name".to_owned(),
            ErrorKind::PermissionDenied => {
                "which this user may not read; run this as root or as the user that Postdesk runs as, and give \
                 the file to that user (`chown`, `chmod 400`)"
                    .to_owned()
            }
            ErrorKind::InvalidData => "which is no text in UTF-8; write the secret alone into it".to_owned(),
            _ => format!("which cannot be read: {error}; mend that, or name another file"),
        };
        ConfigError::new(setting, format!("names {}, {what}", path.display()))
    })
}

/// What stands where a place is to be named may be the secret itself, so no error repeats it.
fn not_here<E: Error>() -> E {
    E::custom(
        "is a secret, which does not stand in this file; write it into a file of its own and name that: \
         { file = \"…\" }, or use { env = \"…\" } or { credential = \"…\" }",
    )
}

/// The place by its one word.
fn place<E: Error>(word: &str, text: String) -> Result<Secret, E> {
    match word {
        "file" => Ok(Secret::File(PathBuf::from(text))),
        "env" => Ok(Secret::Env(text)),
        "credential" if text.contains('/') || text.is_empty() => {
            Err(E::custom("names a credential, which has a plain name without `/`"))
        }
        "credential" => Ok(Secret::Credential(text)),
        _ => Err(not_here()),
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Secret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("{ file = \"…\" }, { env = \"…\" } or { credential = \"…\" }")
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Secret, E> {
                Err(not_here())
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Secret, E> {
                Err(not_here())
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Secret, E> {
                Err(not_here())
            }

            fn visit_i128<E: Error>(self, _: i128) -> Result<Secret, E> {
                Err(not_here())
            }

            fn visit_u128<E: Error>(self, _: u128) -> Result<Secret, E> {
                Err(not_here())
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Secret, E> {
                Err(not_here())
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Secret, E> {
                Err(not_here())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Secret, A::Error> {
                let mut found = None;
                while let Some((word, value)) = map.next_entry::<String, toml::Value>()? {
                    if found.is_some() {
                        return Err(A::Error::custom(
                            "names two places for one secret; keep one of `file`, `env` and `credential`",
                        ));
                    }
                    // A number may be the secret as well, so its type is not left to serde's own error.
                    let toml::Value::String(text) = value else { return Err(not_here()) };
                    found = Some(place(&word, text)?);
                }
                found.ok_or_else(|| {
                    A::Error::custom(
                        "names no place; write { file = \"…\" }, { env = \"…\" } or { credential = \"…\" }",
                    )
                })
            }
        }
        from.deserialize_any(Read)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_is_read_without_its_newline_and_its_absence_names_the_setting() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mail"), "pass word\r\n").unwrap();
        std::fs::write(folder.path().join("empty"), "\n").unwrap();
        let place = folder.path().to_str().unwrap().to_owned();
        let env = |name: &str| match name {
            "CREDENTIALS_DIRECTORY" => Some(place.clone()),
            "PASSWORD" => Some("from env".to_owned()),
            _ => None,
        };
        let read = |secret: &Secret| secret.read_with("mail.password", env, &[]);
        let file = |name: &str| Secret::File(folder.path().join(name));
        assert_eq!(read(&file("mail")).unwrap().expose_secret(), "pass word");
        assert_eq!(read(&Secret::Credential("mail".into())).unwrap().expose_secret(), "pass word");
        assert_eq!(read(&Secret::Env("PASSWORD".into())).unwrap().expose_secret(), "from env");
        for missing in [file("none"), file("empty"), Secret::Env("NONE".into())] {
            let error = read(&missing).unwrap_err().to_string();
            assert!(error.starts_with("`mail.password` "), "{error}");
        }
        let nowhere =
            |places: &[&str]| Secret::Credential("mail".into()).read_with("mail.token", |_| None, places);
        let error = nowhere(&["/nowhere/"]).unwrap_err().to_string();
        assert!(
            error.contains("/etc/credstore/postdesk.mail ") && error.contains("LoadCredential=mail:"),
            "{error}"
        );
        let stored = nowhere(&["/nowhere/", &format!("{place}/")]).unwrap();
        assert_eq!(
            stored.expose_secret(),
            "pass word",
            "a command of root's reads what the service will get"
        );
    }
}
