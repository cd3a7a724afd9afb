//! The ways to log in. `CONTRIBUTING.md` says how to add one.

use std::str::FromStr;

use crate::FunctionName;
use crate::email_password::EmailPassword;

/// Who identifies a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// A password that goes with an e-mail address.
    EmailPassword,
    /// A function of the app's owner.
    CustomFunction,
}

/// The providers of an app; those that its owner did not switch on are missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Providers {
    /// E-mail and password accounts.
    pub email_password: Option<EmailPassword>,
    /// The function that identifies users.
    pub custom_function: Option<FunctionName>,
}

/// A name that is no provider of this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such provider")]
pub struct UnknownProvider;

impl Provider {
    /// Every provider that this server has.
    pub const ALL: [Self; 2] = [Self::EmailPassword, Self::CustomFunction];

    /// The name that App Services gave it, in paths, profiles, rows and configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EmailPassword => "local-userpass",
            Self::CustomFunction => "custom-function",
        }
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, UnknownProvider> {
        let mut all = Self::ALL.into_iter();
        all.find(|provider| provider.name() == name).ok_or(UnknownProvider)
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
}
