//! How Postdesk signs in at the mail server.

use secrecy::SecretString;

/// What goes into the Authorization header. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub enum Login {
    /// RFC 7617.
    Basic { user: String, password: SecretString },
    /// RFC 6750.
    Bearer(SecretString),
}
