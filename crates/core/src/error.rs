//! What can go wrong for a caller of a flow. `doorward-http` maps each of these to the wire in one table.

use std::time::Duration;

use doorward_passwords::PoolError;

use crate::{EmailAddress, FunctionName, StoreError};

/// Why a flow did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The address is empty, too long, has control characters, or cannot be mailed to in a mode that mails.
    #[error("the e-mail address is invalid")]
    EmailInvalid,
    /// The address is registered, pending or confirmed.
    #[error("the e-mail address is already registered")]
    EmailTaken,
    /// A new password is shorter than 6 or longer than 128 characters.
    #[error("the password must have 6 to 128 characters")]
    PasswordLength,
    /// The token or its id does not have the form of one.
    #[error("the token is malformed")]
    TokenMalformed,
    /// The token is unknown, expired, used, replaced, or for something else.
    #[error("the token is expired or invalid")]
    TokenInvalid,
    /// No registration has this address.
    #[error("there is no such user")]
    UserNotFound,
    /// The registration needs no confirmation any more.
    #[error("the user is already confirmed")]
    AlreadyConfirmed,
    /// A confirmation function was asked for, but registering confirms at once.
    #[error("confirmation is automatic")]
    ConfirmationAutomatic {
        /// The address in the request: the public text repeats it.
        email: EmailAddress,
    },
    /// A confirmation function was asked for, but a mail confirms.
    #[error("confirmation is by e-mail")]
    ConfirmationByEmail,
    /// A confirmation mail was asked for, but a function confirms.
    #[error("confirmation is by a function")]
    ConfirmationByFunction,
    /// The confirmation function said no, or failed.
    #[error("the confirmation function refused")]
    ConfirmationRefused {
        /// The address in the request: the public text repeats it.
        email: EmailAddress,
    },
    /// A reset function was asked for, but a mail resets.
    #[error("password reset is by e-mail")]
    ResetByEmail,
    /// A reset mail was asked for, but a function resets.
    #[error("password reset is by a function")]
    ResetByFunction,
    /// The reset function said no, or failed.
    #[error("the reset function refused")]
    ResetRefused {
        /// The address in the request: the public text repeats it.
        email: EmailAddress,
    },
    /// No mail can be addressed to this account.
    #[error("no mail can be sent to this account")]
    NotMailable,
    /// Unknown address or wrong password.
    #[error("the credentials are wrong")]
    InvalidCredentials,
    /// The password is right, but the registration is pending.
    #[error("the registration is not confirmed")]
    NotConfirmed,
    /// The password is right, but the user is disabled.
    #[error("the user is disabled")]
    UserDisabled,
    /// The session has ended or never was.
    #[error("there is no such session")]
    SessionNotFound,
    /// The user of a live access token is gone.
    #[error("the user of the session is gone")]
    UserGone,
    /// E-mail and password accounts are switched off in this app.
    #[error("the provider is disabled")]
    ProviderDisabled,
    /// The same, at a login, which answers otherwise.
    #[error("the provider is disabled")]
    LoginProviderDisabled,
    /// More passwords wait to be hashed, or functions to be run, than can be in time.
    #[error("too much is waiting for the processor")]
    Busy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// Storage failed.
    #[error("storage failed")]
    Store(#[from] StoreError),
    /// The app has no function of that name that a client may call.
    #[error("there is no such function")]
    FunctionNotFound {
        /// The name.
        name: FunctionName,
    },
    /// The function's rule does not admit the user.
    #[error("the rule of the function does not admit the user")]
    FunctionNotAllowed {
        /// The name.
        name: FunctionName,
    },
    /// The function threw. Its text is public: that is how the owner's code talks to the owner's client.
    #[error("the function threw")]
    FunctionThrew {
        /// `<Name>: <message>`
        text: String,
    },
    /// The function took too long.
    #[error("the function took too long")]
    FunctionTimedOut,
    /// The login function threw. Its text is public, as that of a called function.
    #[error("the login function threw")]
    LoginFunctionThrew {
        /// `<Name>: <message>`
        text: String,
    },
    /// The login function took too long, or returned nothing that could be an id.
    #[error("the login function named nobody")]
    LoginFunctionFailed,
    /// The user-creation function threw or took too long.
    #[error("the user-creation function refused")]
    UserCreationRefused,
    /// No worker can run a function.
    #[error("functions cannot be run")]
    FunctionsUnavailable,
    /// Hashing failed.
    #[error("hashing failed")]
    Hashing(#[source] PoolError),
}

impl From<PoolError> for AuthError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Busy { retry_after } => Self::Busy { retry_after },
            other => Self::Hashing(other),
        }
    }
}
