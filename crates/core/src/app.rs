//! An app as the flows see it: what its owner chose, without where that was written.

use crate::{AppId, AppObjectId, AuthError, EmailAddress, FunctionName, GroupId, Purpose, Trigger};

/// One app that this server runs.
#[derive(Debug, Clone)]
pub struct App {
    /// The client app id in the paths.
    pub id: AppId,
    /// The id in tokens and in the database.
    pub object_id: AppObjectId,
    /// The former project; it only appears in the `link` of errors.
    pub group_id: GroupId,
    /// The name shown in mails and on pages.
    pub name: String,
    /// `GLOBAL` or `LOCAL`; told to clients, which ignore it.
    pub deployment_model: String,
    /// Such as `US-VA`; told to clients, which ignore it.
    pub location: String,
    /// Origins that browsers may call from; empty means any.
    pub allowed_origins: Vec<String>,
    /// E-mail and password accounts, unless the owner switched them off.
    pub email_password: Option<EmailPassword>,
    /// The function that says who somebody is who logs in with something else, unless the owner has none.
    pub login_function: Option<FunctionName>,
    /// The function that is told of every user before it is made, and can forbid it.
    pub user_creation: Option<FunctionName>,
    /// The functions that are told of users afterwards.
    pub triggers: Vec<Trigger>,
}

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
    /// What the owner's function says.
    Function(FunctionName),
}

/// What sets the password of a user who forgot it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reset {
    /// A mailed link.
    Email(MailedLink),
    /// What the owner's function says.
    Function(FunctionName),
}

/// A mail with a link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailedLink {
    /// Where the link leads; nothing means our own hosted page.
    pub url: Option<String>,
    /// The subject; nothing means the built-in one.
    pub subject: Option<String>,
}

impl App {
    /// E-mail and password accounts, or the refusal when they are switched off.
    pub fn email_password(&self) -> Result<&EmailPassword, AuthError> {
        self.email_password.as_ref().ok_or(AuthError::ProviderDisabled)
    }

    /// Whether a browser at this origin may call.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.allowed_origins.is_empty() || self.allowed_origins.iter().any(|allowed| allowed == origin)
    }
}

impl EmailPassword {
    /// Names the pair of methods. It is stored with each mailed token, so that changing a method voids what the old one sent.
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

    /// What the owner chose for the mail of a purpose; nothing when no mail of it is sent.
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

    /// Refuses an address that this app could not confirm.
    pub(crate) fn check_address(&self, email: &EmailAddress) -> Result<(), AuthError> {
        match self.confirmation {
            Confirmation::Automatic => Ok(()),
            Confirmation::Email(_) | Confirmation::Function(_) if email.is_mailbox() => Ok(()),
            Confirmation::Email(_) | Confirmation::Function(_) => Err(AuthError::EmailInvalid),
        }
    }
}
