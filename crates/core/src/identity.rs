//! By what somebody is known: an e-mail address with a password, or an id that the owner's function vouches for.

use std::fmt;
use std::str::FromStr;

use crate::{AppObjectId, ConfirmedRegistration, EmailAddress, RegistrationId};

/// Who vouches for an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// A password that goes with an e-mail address.
    EmailPassword,
    /// A function of the app's owner.
    CustomFunction,
}

impl Provider {
    /// Every provider that this server has.
    pub const ALL: [Self; 2] = [Self::EmailPassword, Self::CustomFunction];

    /// The name that App Services gave it, in paths, profiles and configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EmailPassword => "local-userpass",
            Self::CustomFunction => "custom-function",
        }
    }
}

/// A name that is no provider of this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such provider")]
pub struct UnknownProvider;

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, UnknownProvider> {
        let mut all = Self::ALL.into_iter();
        all.find(|provider| provider.name() == name).ok_or(UnknownProvider)
    }
}

/// What the owner calls a user: 1 to 1,024 bytes without control characters, compared byte for byte.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ExternalId(String);

impl ExternalId {
    /// The longest, in bytes.
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

/// It may well be an address or a name: it is shown on purpose, never by accident.
impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExternalId(..)")
    }
}

/// One way into an account.
#[derive(Clone, PartialEq, Eq)]
pub enum Identity {
    /// An e-mail address with a password.
    Email {
        /// The registration.
        id: RegistrationId,
        /// The address as registered.
        email: EmailAddress,
    },
    /// An id that the owner's login function returned.
    Function {
        /// The id.
        id: ExternalId,
        /// A name for people.
        name: Option<String>,
    },
}

impl Identity {
    /// Who vouches for it.
    pub const fn provider(&self) -> Provider {
        match self {
            Self::Email { .. } => Provider::EmailPassword,
            Self::Function { .. } => Provider::CustomFunction,
        }
    }

    /// Its id as profiles and tokens show it. It is not the user's.
    pub fn id(&self) -> String {
        match self {
            Self::Email { id, .. } => id.to_string(),
            Self::Function { id, .. } => id.as_str().to_owned(),
        }
    }

    /// Its e-mail address.
    pub const fn email(&self) -> Option<&EmailAddress> {
        match self {
            Self::Email { email, .. } => Some(email),
            Self::Function { .. } => None,
        }
    }

    /// Its name for people.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Email { .. } => None,
            Self::Function { name, .. } => name.as_deref(),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.provider()).finish()
    }
}

/// An identity that somebody has just been found to have.
#[derive(Debug, Clone)]
pub enum VerifiedIdentity {
    /// The registration whose password was verified, as it was when it was verified.
    Email(ConfirmedRegistration),
    /// What the owner's login function answered.
    Function {
        /// The app.
        app: AppObjectId,
        /// The id.
        id: ExternalId,
        /// A name for people.
        name: Option<String>,
    },
}

impl VerifiedIdentity {
    /// The identity, without what verified it.
    pub fn identity(&self) -> Identity {
        match self {
            Self::Email(registration) => Identity::Email {
                id: registration.id,
                email: registration.email.clone(),
            },
            Self::Function { id, name, .. } => Identity::Function {
                id: id.clone(),
                name: name.clone(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_known_by_the_name_that_app_services_gave_it() {
        for provider in Provider::ALL {
            assert_eq!(provider.name().parse(), Ok(provider));
        }
        assert_eq!("anon-user".parse::<Provider>(), Err(UnknownProvider));
    }

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
