//! Identities, by which a user is known: an e-mail address with a password, or an id of another provider.

use std::fmt;

use crate::{AppObjectId, ConfirmedRegistration, EmailAddress, Provider, RegistrationId};

/// One way into an account.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider that knows the user by it.
    pub provider: Provider,
    /// The id that the provider knows the user by. It is not the user's id here.
    pub id: ExternalId,
    /// What the provider says about the user.
    pub profile: Profile,
}

/// What a provider calls a user: 1 to 1,024 bytes without control characters, compared byte for byte.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ExternalId(String);

/// What a provider says about a user. Every part may be missing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// An e-mail address. Only that of a registration is known to be the user's.
    pub email: Option<String>,
    /// A display name.
    pub name: Option<String>,
}

/// An identity that a login has just verified.
#[derive(Debug, Clone)]
pub enum VerifiedIdentity {
    /// The registration whose password was verified, as it was then.
    Email(ConfirmedRegistration),
    /// An identity from another provider.
    External {
        /// The app.
        app: AppObjectId,
        /// The identity.
        identity: Identity,
    },
}

impl Identity {
    /// The identity of a registration: its id, and its address as the profile.
    pub fn of_registration(id: RegistrationId, email: &EmailAddress) -> Self {
        Self {
            provider: Provider::EmailPassword,
            id: ExternalId(id.to_string()),
            profile: Profile {
                email: Some(email.as_str().to_owned()),
                name: None,
            },
        }
    }
}

impl ExternalId {
    /// The longest id, in bytes.
    pub const MAX_BYTES: usize = 1 << 10;

    /// Checks the length and refuses control characters.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl VerifiedIdentity {
    /// The identity alone, whichever provider verified it.
    pub fn identity(&self) -> Identity {
        match self {
            Self::Email(registration) => Identity::of_registration(registration.id, &registration.email),
            Self::External { identity, .. } => identity.clone(),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.provider).finish()
    }
}

/// It may well be an address or a name: it is shown on purpose, never by accident.
impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExternalId(..)")
    }
}

/// Personal data: it is shown on purpose, never by accident.
impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_id_is_1_to_1024_bytes_without_control_characters() {
        for good in ["x", "github:99", "ada@example.com", " ", &"a".repeat(1024)] {
            assert_eq!(ExternalId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", &"a".repeat(1025), "a\0b", "a\nb"] {
            assert_eq!(ExternalId::parse(bad), None, "{bad:?}");
        }
    }
}
