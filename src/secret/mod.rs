//! Secrets: random values, hashes of tokens, passwords.

mod password;
mod random;
mod token;

pub use password::{MIN_PASSWORD, PasswordError, Passwords};
pub use random::Random;
pub use token::{Token, TokenHash};
