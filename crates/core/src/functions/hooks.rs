//! How the flows call the owner's functions. `doorward-functions` runs them.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::{
    Actor, ClaimedDelivery, Ejson, EmailAddress, ExternalId, Failure, FunctionMail, Password, TokenPair, UserProfile,
};

/// The name of a function of an app.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionName(pub String);

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs the functions of one revision of an app. None of them sees a database, and no
/// transaction is open while one runs.
#[async_trait]
pub trait Functions: Send + Sync {
    /// Calls the confirmation function.
    async fn confirm(
        &self,
        function: &FunctionName,
        call: ConfirmCall,
    ) -> Result<FunctionResult<Verdict>, FunctionError>;

    /// Calls the reset function.
    async fn reset(&self, function: &FunctionName, call: ResetCall) -> Result<FunctionResult<Verdict>, FunctionError>;

    /// Calls the login function, which identifies a user. `None`: it returned nothing that could be an id.
    async fn identify(
        &self,
        function: &FunctionName,
        call: LoginCall,
    ) -> Result<FunctionResult<Option<ExternalIdentity>>, FunctionError>;

    /// Calls the user-creation function before a user is created. Any failure forbids it.
    async fn create_user(
        &self,
        function: &FunctionName,
        call: CreateUserCall,
    ) -> Result<FunctionResult<()>, FunctionError>;

    /// Delivers an event to a trigger's function.
    async fn deliver(
        &self,
        function: &FunctionName,
        delivery: &ClaimedDelivery,
    ) -> Result<FunctionResult<()>, FunctionError>;

    /// Runs a function that a signed-in user calls by its name, if that user may.
    async fn call(&self, call: FunctionCall) -> Result<FunctionResult<Ejson>, FunctionError>;
}

/// A call of a confirmation function.
#[derive(Debug, Clone)]
pub struct ConfirmCall {
    /// The address, as registered.
    pub email: EmailAddress,
    /// A token pair that confirms it, should the function return [`Verdict::Pending`].
    pub token: TokenPair,
    /// The actor that caused the call.
    pub actor: Actor,
}

/// A call of a reset function.
#[derive(Debug, Clone)]
pub struct ResetCall {
    /// The address, as registered.
    pub email: EmailAddress,
    /// The new password.
    pub password: Password,
    /// Whether the new password is the current one.
    pub current_password_valid: bool,
    /// A token pair that sets a password, should the function return [`Verdict::Pending`].
    pub token: TokenPair,
    /// What the client sent along.
    pub arguments: Ejson,
    /// The actor that caused the call.
    pub actor: Actor,
}

/// A call of a login function.
#[derive(Debug, Clone)]
pub struct LoginCall {
    /// What the client sent: an object that only the owner's client and function understand.
    pub payload: Ejson,
    /// The actor that caused the call.
    pub actor: Actor,
}

/// A user as the owner's login function knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalIdentity {
    /// The owner's id of the user.
    pub id: ExternalId,
    /// A display name.
    pub name: Option<String>,
}

/// A call of a user-creation function.
#[derive(Debug, Clone)]
pub struct CreateUserCall {
    /// The user as it will be.
    pub user: UserProfile,
    /// The actor that caused the call.
    pub actor: Actor,
}

/// A call by a signed-in user.
#[derive(Debug, Clone)]
pub struct FunctionCall {
    /// The function, as the client spells it.
    pub function: FunctionName,
    /// The arguments: an array.
    pub arguments: Ejson,
    /// The user that calls.
    pub user: UserProfile,
    /// The request.
    pub actor: Actor,
}

/// What a function returned, and the mails that it sent on the way. They belong to the transaction of its effect: a
/// mail goes out if, and only if, what it is about has been stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionResult<T> {
    /// What it returned.
    pub value: T,
    /// In the order in which it sent them.
    pub mails: Vec<FunctionMail>,
}

/// What a confirmation or reset function decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It takes effect now.
    Success,
    /// It takes effect when the token is used.
    Pending,
    /// It is refused.
    Fail,
}

/// Why a call of a function has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// There is no such function, or it is private.
    #[error("there is no such function")]
    NotFound,
    /// The function's rule does not admit this user.
    #[error("the rule of the function does not admit the user")]
    NotAllowed,
    /// It threw. The text is what the owner's code says, and clients see it.
    #[error("the function threw")]
    Threw {
        /// `<Name>: <message>`
        text: String,
    },
    /// It is a web service that gave no answer, or asked to be called again later.
    #[error("the web service gave no answer")]
    Unanswered {
        /// `<Name>: <message>`, as of a function that threw.
        text: String,
    },
    /// It took too long.
    #[error("the function took too long")]
    TimedOut,
    /// It did not run: more calls are waiting than can run in time.
    #[error("too many function calls are waiting")]
    Busy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// It did not run: there is no worker.
    #[error("functions cannot be run")]
    Unavailable,
}

impl FunctionError {
    /// Why it did not run at all; `None`: it ran and failed, or cannot be called.
    pub fn not_run(&self) -> Option<Failure> {
        match self {
            Self::Busy { retry_after } => Some(Failure::Busy {
                retry_after: *retry_after,
            }),
            Self::Unavailable => Some(Failure::FunctionsUnavailable),
            Self::NotFound | Self::NotAllowed | Self::Threw { .. } | Self::Unanswered { .. } | Self::TimedOut => None,
        }
    }
}

/// Any error of a confirmation or reset function is a refusal; a function that did not run has decided nothing.
pub(crate) fn or_fail(
    result: Result<FunctionResult<Verdict>, FunctionError>,
) -> Result<FunctionResult<Verdict>, Failure> {
    result.or_else(|error| match error.not_run() {
        Some(failure) => Err(failure),
        None => Ok(FunctionResult {
            value: Verdict::Fail,
            mails: Vec::new(),
        }),
    })
}
