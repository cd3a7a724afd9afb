//! Identifiers. None of them is ever a bare string, so that no call can take them in the wrong order.

use std::fmt;
use std::str::FromStr;

use crate::{Clock, Entropy};

/// Twelve bytes written as 24 lower-case hexadecimal characters, as App Services writes them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId([u8; 12]);

impl ObjectId {
    /// Makes an id that sorts by its time of creation (four bytes of seconds) and cannot
    /// be guessed (eight random bytes).
    pub fn generate(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 12];
        entropy.fill(&mut bytes[4..]);
        let seconds = u32::try_from(clock.now().as_seconds()).unwrap_or(u32::MAX);
        bytes[..4].copy_from_slice(&seconds.to_be_bytes());
        Self(bytes)
    }

    /// Makes an id of twelve random bytes.
    pub fn random(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 12];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// The id of 24 zeros: "none", where the wire wants an id.
    pub const fn zero() -> Self {
        Self([0; 12])
    }

    /// The twelve bytes.
    pub const fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A string that is not 24 lower-case hexadecimal characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 24 lower-case hexadecimal characters")]
pub struct InvalidId;

impl FromStr for ObjectId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        // One spelling for one id: `hex` would also take upper case.
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(InvalidId);
        }
        let mut bytes = [0; 12];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidId)?;
        Ok(Self(bytes))
    }
}

macro_rules! object_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub ObjectId);

        impl $name {
            /// Makes a new id.
            pub fn generate(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                Self(ObjectId::generate(clock, entropy))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.parse().map(Self)
            }
        }
    )* };
}

object_ids! {
    /// An app in our database; `baas_domain_id` in the tokens. Clients never choose by it.
    AppObjectId,
    /// The project that the app belonged to; it appears only in the `link` of errors.
    GroupId,
    /// A registration, and at the same time the e-mail identity's id in a profile.
    RegistrationId,
    /// A user: what the owner's data refers to.
    UserId,
    /// One login.
    SessionId,
    /// A device, minted at login unless the client sends one back.
    DeviceId,
    /// The public part of a mailed token.
    TokenId,
    /// A message in the outbox; its `Message-ID` is made of it.
    MailId,
    /// One request: `co_id` in the `link` of errors, `x-appservices-request-id` on every response.
    RequestId,
}

/// The client app id that the SDKs have compiled in, such as `notes-abcde`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId(String);

impl AppId {
    /// Takes 1 to 64 ASCII letters, digits, `_` and `-`: what can stand in a path and in a file name.
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        ((1..=64).contains(&text.len()) && text.bytes().all(allowed)).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id: ObjectId = "0123456789abcdef01234567".parse().unwrap();
        assert_eq!(id.to_string(), "0123456789abcdef01234567");
        for other in [
            "0123456789ABCDEF01234567",
            "0123456789abcdef0123456",
            "0123456789abcdef012345678",
            "",
            "zz",
        ] {
            assert_eq!(other.parse::<ObjectId>(), Err(InvalidId), "{other}");
        }
    }

    #[test]
    fn an_id_is_parsed_or_refused_without_panic() {
        bolero::check!()
            .with_type::<String>()
            .with_iterations(20_000)
            .for_each(|text| {
                if let Ok(id) = text.parse::<ObjectId>() {
                    assert_eq!(id.to_string(), *text);
                }
                if let Some(id) = AppId::parse(text) {
                    assert_eq!(id.as_str(), text);
                }
            });
    }

    #[test]
    fn an_app_id_can_stand_in_a_path() {
        assert!(AppId::parse("notes-abcde").is_some());
        for bad in ["", "a/b", "..", "a b", "é", &"a".repeat(65)] {
            assert_eq!(AppId::parse(bad), None, "{bad}");
        }
    }
}
