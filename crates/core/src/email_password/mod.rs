//! E-mail and password accounts: registration, confirmation, reset, and the mailed tokens of the last two.

mod address;
mod confirmation;
mod links;
mod mail_token;
mod password;
mod registration;
mod reset;

pub use address::{EmailAddress, InvalidEmail};
pub use confirmation::{ConfirmationMailRefusal, RenewRefusal, ResendRefusal, RetryRefusal};
pub use links::{LinkRefusal, LinkState};
pub use mail_token::{KeyId, MailToken, MalformedToken, Purpose, SecretToken, TokenKeys, TokenPair};
pub use password::{Password, PasswordHash, PasswordRefusal};
pub use registration::{ConfirmedRegistration, PendingRegistration, RegisterRefusal, Registration};
pub use reset::{CallResetRefusal, ResetRefusal, SendResetRefusal};

use crate::FunctionName;

/// How e-mail and password accounts are confirmed and reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailPassword {
    /// What makes a registration confirmed.
    pub confirmation: Confirmation,
    /// What a user who forgot the password does.
    pub reset: Reset,
}

/// What makes a registration confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// Registering is enough.
    Automatic,
    /// A mailed link.
    Email(MailedLink),
    /// The owner's function decides.
    Function(FunctionName),
}

/// What sets the password of a user who forgot it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reset {
    /// A mailed link.
    Email(MailedLink),
    /// The owner's function decides.
    Function(FunctionName),
}

/// A mail with a link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailedLink {
    /// Where the link leads; `None` means our own hosted page.
    pub url: Option<String>,
    /// The subject; `None` means the built-in one.
    pub subject: Option<String>,
}

impl EmailPassword {
    /// Names the pair of methods. It is stored with each mailed token, so that changing a
    /// method voids the tokens that the old one sent.
    pub fn methods(&self) -> &'static str {
        match (&self.confirmation, &self.reset) {
            (Confirmation::Automatic, Reset::Email(_)) => "auto/email",
            (Confirmation::Automatic, Reset::Function(_)) => "auto/function",
            (Confirmation::Email(_), Reset::Email(_)) => "email/email",
            (Confirmation::Email(_), Reset::Function(_)) => "email/function",
            (Confirmation::Function(_), Reset::Email(_)) => "function/email",
            (Confirmation::Function(_), Reset::Function(_)) => "function/function",
        }
    }

    /// What the owner chose for the mail of a purpose; `None` when no mail of it is sent.
    pub fn mailed_link(&self, purpose: Purpose) -> Option<&MailedLink> {
        match purpose {
            Purpose::Confirm => match &self.confirmation {
                Confirmation::Email(link) => Some(link),
                Confirmation::Automatic | Confirmation::Function(_) => None,
            },
            Purpose::Reset => match &self.reset {
                Reset::Email(link) => Some(link),
                Reset::Function(_) => None,
            },
        }
    }

    /// Whether this app could confirm an address. Where no mail is sent, a name need not be an address at all.
    fn can_confirm(&self, email: &EmailAddress) -> bool {
        match self.confirmation {
            Confirmation::Automatic => true,
            Confirmation::Email(_) | Confirmation::Function(_) => email.is_mailbox(),
        }
    }
}
