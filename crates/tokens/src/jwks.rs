//! The published keys: backends verify access tokens with them, without calling the server.

use doorward_core::KeyId;
use doorward_wire::{Jwk, JwkSet};

use crate::AppKeys;

impl AppKeys {
    /// The public keys of the access keys, for backends that verify offline. HS256 keys have none.
    pub fn jwks(&self) -> JwkSet {
        JwkSet {
            keys: self.access.iter().filter_map(|key| key.public.clone()).collect(),
        }
    }
}

/// A public key for ES256 (RFC 7518 §6.2.1); the coordinates are in base64url.
pub(crate) fn es256(id: &KeyId, x: String, y: String) -> Jwk {
    let text = str::to_owned;
    Jwk {
        kty: text("EC"),
        crv: text("P-256"),
        alg: text("ES256"),
        usage: text("sig"),
        kid: id.0.clone(),
        x,
        y,
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::keys;

    #[test]
    fn only_asymmetric_keys_are_published() {
        let published = keys::es256().jwks().keys;
        assert_eq!(
            published.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(),
            ["access"]
        );
        assert!(keys::hs256().jwks().keys.is_empty());
    }
}
