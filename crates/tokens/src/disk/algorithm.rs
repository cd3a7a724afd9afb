//! What a key is used with, and how its material is made.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use doorward_core::{Entropy as _, OsEntropy};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::RingError;

/// What a key on disk is used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256: access tokens that any backend can verify.
    #[serde(rename = "ES256")]
    Es256,
    /// HMAC with SHA-256: refresh tokens, and access tokens that only a holder of the key can verify.
    #[serde(rename = "HS256")]
    Hs256,
    /// HMAC with SHA-512: the secrets of mailed links.
    #[serde(rename = "HMAC-SHA-512")]
    HmacSha512,
}

/// What access tokens can be signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessAlgorithm {
    /// Any backend can verify a token with the published keys.
    Es256,
    /// Only a holder of the key can verify a token.
    Hs256,
}

impl Algorithm {
    /// The name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Hs256 => "HS256",
            Self::HmacSha512 => "HMAC-SHA-512",
        }
    }

    /// A new key: PKCS#8 for ES256, 64 random bytes for the others.
    pub(super) fn generate(self) -> Result<Zeroizing<Vec<u8>>, RingError> {
        Ok(Zeroizing::new(match self {
            Self::Es256 => {
                let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
                document.map_err(|_| RingError::Generator)?.as_ref().to_vec()
            }
            Self::Hs256 | Self::HmacSha512 => {
                let mut bytes = vec![0; 64];
                OsEntropy.fill(&mut bytes);
                bytes
            }
        }))
    }
}

impl From<AccessAlgorithm> for Algorithm {
    fn from(algorithm: AccessAlgorithm) -> Self {
        match algorithm {
            AccessAlgorithm::Es256 => Self::Es256,
            AccessAlgorithm::Hs256 => Self::Hs256,
        }
    }
}
