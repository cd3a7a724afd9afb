//! How tokens are signed, and how long they work.

use clap::{Args, ValueEnum};

use super::arg_ext::{ArgExt as _, Limits};
use super::values::Span;

#[derive(Debug, Args)]
pub(crate) struct Tokens {
    /// How long a mailed link works.
    #[arg(
        long,
        value_name = "DURATION",
        env = "DOORWARD_EMAIL_TOKEN_LIFETIME",
        default_value = "30m",
        limits = Limits::between("10s", "24h")
    )]
    pub(crate) email_token_lifetime: Span,

    /// How long a session can be refreshed.
    #[arg(
        long,
        value_name = "DURATION",
        env = "DOORWARD_REFRESH_TOKEN_LIFETIME",
        default_value = "60d",
        limits = Limits::between("30m", "5y")
    )]
    pub(crate) refresh_token_lifetime: Span,

    /// How access tokens are signed.
    ///
    /// Any backend can verify `ES256` with the published keys. `HS256` needs the secret key.
    #[arg(
        long,
        value_name = "ALGORITHM",
        env = "DOORWARD_ACCESS_TOKEN_ALGORITHM",
        default_value = "ES256"
    )]
    pub(crate) access_token_algorithm: AccessTokenAlgorithm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum AccessTokenAlgorithm {
    /// Any backend can verify a token with the published keys.
    Es256,
    /// A backend needs the secret key to verify a token.
    Hs256,
}

#[cfg(test)]
mod tests {
    use crate::config::config_of;

    #[test]
    fn lifetimes_have_limits() {
        for (option, shortest, longest) in [
            ("--email-token-lifetime", ["10s", "9s"], ["24h", "86401s"]),
            ("--refresh-token-lifetime", ["30m", "1799s"], ["5y", "5y 1s"]),
        ] {
            for [accepted, refused] in [shortest, longest] {
                assert!(config_of(&[option, accepted]).is_ok(), "{option} {accepted}");
                assert!(config_of(&[option, refused]).is_err(), "{option} {refused}");
            }
        }
    }
}
