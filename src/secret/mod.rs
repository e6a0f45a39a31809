//! Secrets: random values, hashes of tokens, passwords.

mod random;
mod token;

pub use random::Random;
pub use token::{Token, TokenHash};
