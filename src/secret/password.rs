//! Passwords: argon2id (RFC 9106), off the async threads and few at a time.

use std::sync::{Arc, OnceLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error;
use tokio::sync::Semaphore;

use super::Random;

/// The fewest characters of a password.
pub const MIN_PASSWORD: usize = 10;

/// The most octets of a password: hashing reads all of it.
const MAX_PASSWORD: usize = 1024;

/// How many are worked on at once: each takes 19 MiB and most of a core.
const AT_ONCE: usize = 2;

/// Why a password is not taken. The sentences are shown to the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordError {
    #[error("A password has at least {MIN_PASSWORD} characters.")]
    Short,
    #[error("A password has at most {MAX_PASSWORD} octets.")]
    Long,
    #[error("A password of one and the same character is guessed first.")]
    Monotonous,
    #[error("The password could not be hashed. Try again.")]
    Hash,
}

/// Hashes and checks passwords. Cheap to clone; all clones share the bound.
#[derive(Clone)]
pub struct Passwords {
    random: Random,
    slots: Arc<Semaphore>,
    cost: Params,
    /// What the password of nobody is compared with, so that an unknown address takes as long.
    nobody: Arc<OnceLock<String>>,
}

impl Passwords {
    #[must_use]
    pub fn new(random: Random) -> Self {
        // The second choice of RFC 9106 §4 as OWASP words it: 19 MiB, two passes, one lane.
        Self::with_cost(random, Params::default())
    }

    /// Cheap hashes, for tests that sign in often.
    #[cfg(test)]
    #[must_use]
    pub fn cheap(random: Random) -> Self {
        Self::with_cost(random, Params::new(8, 1, 1, None).unwrap_or_default())
    }

    fn with_cost(random: Random, cost: Params) -> Self {
        Self { random, slots: Arc::new(Semaphore::new(AT_ONCE)), cost, nobody: Arc::default() }
    }

    /// Hashes a new password, in PHC form.
    ///
    /// # Errors
    /// A password that breaks a rule.
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        accept(password)?;
        let (password, cost, salt) = (password.to_owned(), self.cost.clone(), self.random.octets());
        self.work(move || hash(&cost, password.as_bytes(), salt)).await.flatten().ok_or(PasswordError::Hash)
    }

    /// Whether this is the password that was hashed. Takes as long where there is no hash.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> bool {
        if password.len() > MAX_PASSWORD {
            return false;
        }
        let known = hash.is_some();
        let (password, given) = (password.to_owned(), hash.map(str::to_owned));
        let (cost, salt, nobody) = (self.cost.clone(), self.random.octets(), self.nobody.clone());
        let same = self.work(move || {
            // Made with the first password of all, whoever's it is, so that its cost tells nothing.
            let nobody =
                nobody.get_or_init(|| self::hash(&cost, b"nobody's password", salt).unwrap_or_default());
            let hash = given.as_deref().unwrap_or(nobody);
            PasswordHash::new(hash)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        });
        same.await.unwrap_or(false) && known
    }

    async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let _slot = self.slots.acquire().await.ok()?;
        tokio::task::spawn_blocking(job).await.ok()
    }
}

/// The rules for a new password. Length is what counts; no composition is asked for (NIST SP 800-63B §3.1.1).
fn accept(password: &str) -> Result<(), PasswordError> {
    let mut characters = password.chars();
    let first = characters.next();
    if password.chars().count() < MIN_PASSWORD {
        return Err(PasswordError::Short);
    }
    if password.len() > MAX_PASSWORD {
        return Err(PasswordError::Long);
    }
    if characters.all(|c| Some(c) == first) {
        return Err(PasswordError::Monotonous);
    }
    Ok(())
}

fn hash(cost: &Params, password: &[u8], salt: [u8; 16]) -> Option<String> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.clone());
    argon2.hash_password_with_salt(password, &salt).ok().map(|hash: argon2::PasswordHash| hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_another_is_not() {
        let passwords = Passwords::cheap(Random::seeded(1));
        let hash = passwords.hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
        assert!(passwords.verify("correct horse", Some(&hash)).await);
        assert!(!passwords.verify("correct horsf", Some(&hash)).await);
        assert!(!passwords.verify("nobody's password", None).await);
        assert!(!passwords.verify("correct horse", Some("not a hash")).await);
    }

    #[tokio::test]
    async fn two_hashes_of_one_password_differ() {
        let passwords = Passwords::cheap(Random::seeded(1));
        assert_ne!(passwords.hash("correct horse").await, passwords.hash("correct horse").await);
    }

    #[tokio::test]
    async fn the_default_cost_is_argon2id_with_19_mebibytes() {
        let hash = Passwords::new(Random::seeded(1)).hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    }

    #[test]
    fn short_long_and_monotonous_passwords_are_refused() {
        assert_eq!(accept("123456789"), Err(PasswordError::Short));
        assert_eq!(accept("aaaaaaaaaaaa"), Err(PasswordError::Monotonous));
        assert_eq!(accept(&"ab".repeat(600)), Err(PasswordError::Long));
        assert_eq!(accept("äöüßäöüßäö"), Ok(()));
    }
}
