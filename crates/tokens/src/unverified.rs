//! A token before its signature is checked.

use std::fmt;

use doorward_core::{AppObjectId, KeyId};
use doorward_wire::{ACCESS, TypeClaim};

/// A token whose signature has not been checked. What it says of itself chooses the app whose keys then check it, and
/// is good for nothing else.
pub struct UnverifiedToken<'a> {
    text: &'a str,
    claims: TypeClaim,
}

impl<'a> UnverifiedToken<'a> {
    /// Reads what the token says of itself. `None`: it is no token at all.
    pub fn parse(text: &'a str) -> Option<Self> {
        let claims = jsonwebtoken::dangerous::insecure_decode_claims(text).ok()?;
        Some(Self { text, claims })
    }

    /// The app that the token claims to be of.
    pub fn app(&self) -> Option<AppObjectId> {
        self.claims.baas_domain_id.parse().ok()
    }

    /// Whether it says that it is an access token.
    pub(crate) fn claims_access(&self) -> bool {
        self.claims.typ == ACCESS
    }

    /// The key that it says it was signed with.
    pub(crate) fn key(&self) -> Option<KeyId> {
        jsonwebtoken::decode_header(self.text).ok()?.kid.map(KeyId)
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }
}

/// The text may well be a good token.
impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedToken(..)")
    }
}
