//! The settings of e-mail/password accounts.

use serde::{Deserialize, Deserializer, Serialize};

/// E-mail/password accounts, as the provider `local-userpass` configures them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserpassConfig {
    /// Every key as it was written, those of inactive methods included.
    pub keys: UserpassKeys,
    pub(crate) confirmation: ConfirmationMethod,
    pub(crate) reset: ResetMethod,
}

impl UserpassConfig {
    /// How a new address is confirmed.
    pub fn confirmation(&self) -> ConfirmationMethod {
        self.confirmation.clone()
    }

    /// How a forgotten password is reset.
    pub fn reset(&self) -> ResetMethod {
        self.reset.clone()
    }
}

/// How a new address is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "method", content = "with", rename_all = "snake_case")]
pub enum ConfirmationMethod {
    /// At registration, without a question.
    Automatic,
    /// The function of this name decides.
    Function(String),
    /// By a link in a mail.
    Email {
        /// Where the link leads; `None` is the page that Doorward hosts.
        url: Option<String>,
        /// The subject of the mail; `None` is the built-in one.
        subject: Option<String>,
    },
}

/// How a forgotten password is reset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "method", content = "with", rename_all = "snake_case")]
pub enum ResetMethod {
    /// The function of this name decides; no mail is sent.
    Function(String),
    /// By a link in a mail.
    Email {
        /// Where the link leads; `None` is the page that Doorward hosts.
        url: Option<String>,
        /// The subject of the mail; `None` is the built-in one.
        subject: Option<String>,
    },
}

/// The keys of `local-userpass.config`. An empty string and null count as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct UserpassKeys {
    /// Confirm at registration; it wins over the other confirmation keys.
    #[serde(deserialize_with = "or_default")]
    pub auto_confirm: bool,
    /// Confirm by function rather than by mail.
    #[serde(deserialize_with = "or_default")]
    pub run_confirmation_function: bool,
    /// The function that confirms.
    #[serde(deserialize_with = "filled")]
    pub confirmation_function_name: Option<String>,
    /// The same function by id, where the name is absent.
    #[serde(deserialize_with = "filled")]
    pub confirmation_function_id: Option<String>,
    /// Where the link of the confirmation mail leads.
    #[serde(deserialize_with = "filled")]
    pub email_confirmation_url: Option<String>,
    /// The subject of the confirmation mail.
    #[serde(deserialize_with = "filled")]
    pub confirm_email_subject: Option<String>,
    /// Reset by function rather than by mail.
    #[serde(deserialize_with = "or_default")]
    pub run_reset_function: bool,
    /// The function that resets.
    #[serde(deserialize_with = "filled")]
    pub reset_function_name: Option<String>,
    /// The same function by id, where the name is absent.
    #[serde(deserialize_with = "filled")]
    pub reset_function_id: Option<String>,
    /// Where the link of the reset mail leads.
    #[serde(deserialize_with = "filled")]
    pub reset_password_url: Option<String>,
    /// The subject of the reset mail.
    #[serde(deserialize_with = "filled")]
    pub reset_password_subject: Option<String>,
}

fn or_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}
