//! Mailed tokens. The secret part is not stored: it is derived again from its row and a key that lives outside the
//! database, so a copy of the database, its logs and its backups holds no usable link.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use aws_lc_rs::hmac;

use crate::{AppObjectId, RegistrationId, Timestamp, TokenId};

/// What a mailed token is for. A token of one purpose is worthless for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Confirms a registration.
    Confirm,
    /// Sets a new password.
    Reset,
}

impl Purpose {
    /// Both purposes.
    pub const ALL: [Self; 2] = [Self::Confirm, Self::Reset];

    /// Its name in storage, logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Reset => "reset",
        }
    }
}

impl FromStr for Purpose {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text).ok_or(())
    }
}

/// The row of a mailed token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailToken {
    /// The public part.
    pub id: TokenId,
    /// The app it belongs to.
    pub app: AppObjectId,
    /// What it is for.
    pub purpose: Purpose,
    /// The registration it was issued for.
    pub registration: RegistrationId,
    /// The app's methods when it was issued ([`crate::EmailPassword::methods`]).
    pub methods: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When it was spent.
    pub used_at: Option<Timestamp>,
    /// When the use of another token, a change of password or the like made it void.
    pub voided_at: Option<Timestamp>,
    /// The key that the secret part is derived with.
    pub key: KeyId,
}

impl MailToken {
    /// Whether it has used less than a third of its lifetime. As long as it has, its mail is sent again rather than
    /// another token issued.
    pub fn is_young(&self, now: Timestamp) -> bool {
        now.since(self.issued_at) < self.expires_at.since(self.issued_at) / 3
    }
}

/// The name of a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub String);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The secret part of a mailed token: 64 bytes, 128 lower-case hexadecimal characters on the wire.
///
/// It has no `Display` and no serialization, so it cannot slip into a log line.
#[derive(Clone)]
pub struct SecretToken([u8; 64]);

impl SecretToken {
    /// The characters, for the one place that needs them: the mailed link.
    pub fn expose(&self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretToken(..)")
    }
}

/// A text that does not have the form of a mailed token or of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is malformed")]
pub struct MalformedToken;

/// A mailed token with its id, as a client sends them.
#[derive(Debug, Clone)]
pub struct TokenPair {
    /// The public part.
    pub id: TokenId,
    /// The secret part.
    pub secret: SecretToken,
}

impl TokenPair {
    /// Takes 128 and 24 lower-case hexadecimal characters and nothing else.
    pub fn parse(token: &str, token_id: &str) -> Result<Self, MalformedToken> {
        let id = token_id.parse().map_err(|_| MalformedToken)?;
        if token.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(MalformedToken);
        }
        let mut secret = [0; 64];
        hex::decode_to_slice(token, &mut secret).map_err(|_| MalformedToken)?;
        Ok(Self {
            id,
            secret: SecretToken(secret),
        })
    }
}

/// The keys that mailed tokens are derived with: one active, older ones kept until their last token has expired.
pub struct TokenKeys {
    active: KeyId,
    keys: BTreeMap<KeyId, hmac::Key>,
}

impl TokenKeys {
    /// Takes the keys by id. `None`: the active one is not among them, or a key is shorter than 256 bits.
    pub fn new<'a>(active: KeyId, keys: impl IntoIterator<Item = (KeyId, &'a [u8])>) -> Option<Self> {
        let keys = keys
            .into_iter()
            .map(|(id, bytes)| (bytes.len() >= 32).then(|| (id, hmac::Key::new(hmac::HMAC_SHA512, bytes))))
            .collect::<Option<BTreeMap<_, _>>>()?;
        keys.contains_key(&active).then_some(Self { active, keys })
    }

    /// The key for new tokens.
    pub fn active(&self) -> &KeyId {
        &self.active
    }

    /// Derives the token pair of a row. `None`: its key has been removed.
    pub fn derive(&self, row: &MailToken) -> Option<TokenPair> {
        let tag = hmac::sign(self.keys.get(&row.key)?, &message(row));
        let secret = SecretToken(tag.as_ref().try_into().ok()?);
        Some(TokenPair { id: row.id, secret })
    }

    /// 32 bytes for another use of a key, so that no two uses share key material. `None`:
    /// the key has been removed.
    pub(crate) fn derive_key(&self, id: &KeyId, purpose: &[u8]) -> Option<[u8; 32]> {
        // No message of a token begins like this: those begin with the name of a purpose and a zero byte.
        let tag = hmac::sign(self.keys.get(id)?, &[b"key for ", purpose].concat());
        tag.as_ref()[..32].try_into().ok()
    }

    /// Whether the presented secret is the row's, compared in constant time.
    pub fn verify(&self, row: &MailToken, presented: &SecretToken) -> bool {
        self.keys
            .get(&row.key)
            .is_some_and(|key| hmac::verify(key, &message(row), &presented.0).is_ok())
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeys")
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

/// What is authenticated: every part but the first has a fixed length, and the first ends in a zero byte,
/// so no two rows share a message.
fn message(row: &MailToken) -> Vec<u8> {
    [
        row.purpose.as_str().as_bytes(),
        b"\0",
        row.app.0.as_bytes(),
        row.id.0.as_bytes(),
        row.registration.0.as_bytes(),
        &row.issued_at.as_millis().to_be_bytes(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ObjectId;

    fn row() -> MailToken {
        MailToken {
            id: TokenId("000000000000000000000001".parse().unwrap()),
            app: AppObjectId("000000000000000000000002".parse().unwrap()),
            purpose: Purpose::Confirm,
            registration: RegistrationId("000000000000000000000003".parse().unwrap()),
            methods: "email/email".to_owned(),
            issued_at: Timestamp::from_millis(1),
            expires_at: Timestamp::from_millis(2),
            used_at: None,
            voided_at: None,
            key: KeyId("a".to_owned()),
        }
    }

    fn keys() -> TokenKeys {
        TokenKeys::new(KeyId("a".to_owned()), [(KeyId("a".to_owned()), [7_u8; 32].as_slice())]).unwrap()
    }

    #[test]
    fn s27_a_token_belongs_to_one_row() {
        let token = keys().derive(&row()).unwrap();
        assert_eq!(token.secret.expose().len(), 128);
        assert!(keys().verify(&row(), &token.secret));
        let other = ObjectId::zero();
        let changed = [
            MailToken {
                id: TokenId(other),
                ..row()
            },
            MailToken {
                app: AppObjectId(other),
                ..row()
            },
            MailToken {
                registration: RegistrationId(other),
                ..row()
            },
            MailToken {
                issued_at: Timestamp::from_millis(9),
                ..row()
            },
            MailToken {
                key: KeyId("gone".to_owned()),
                ..row()
            },
        ];
        for row in changed {
            assert!(!keys().verify(&row, &token.secret), "{row:?}");
        }
    }

    #[test]
    fn s32_a_token_of_one_purpose_is_not_a_token_of_the_other() {
        let token = keys().derive(&row()).unwrap();
        assert!(!keys().verify(
            &MailToken {
                purpose: Purpose::Reset,
                ..row()
            },
            &token.secret
        ));
    }

    #[test]
    fn s73_only_the_one_spelling_is_a_token() {
        let good = "ab".repeat(64);
        let id = "cd".repeat(12);
        assert!(TokenPair::parse(&good, &id).is_ok());
        for (token, token_id) in [
            (good.to_uppercase(), id.clone()),
            (good.clone(), id.to_uppercase()),
            (good[1..].to_owned(), id.clone()),
            (format!("{good}a"), id.clone()),
            (format!(" {good}"), id.clone()),
            (good.clone(), id[1..].to_owned()),
            (String::new(), String::new()),
        ] {
            assert!(matches!(TokenPair::parse(&token, &token_id), Err(MalformedToken)));
        }
    }

    #[test]
    fn a_mailed_token_is_parsed_or_refused_without_panic() {
        bolero::check!()
            .with_type::<(String, String)>()
            .with_iterations(20_000)
            .for_each(|(token, id)| {
                if let Ok(parsed) = TokenPair::parse(token, id) {
                    assert_eq!(
                        (parsed.secret.expose(), parsed.id.to_string()),
                        (token.clone(), id.clone())
                    );
                }
            });
    }

    #[test]
    fn s27_a_short_key_is_refused() {
        assert!(TokenKeys::new(KeyId("a".to_owned()), [(KeyId("a".to_owned()), [7_u8; 31].as_slice())]).is_none());
    }
}
