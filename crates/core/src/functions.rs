//! What the flows ask of the owner's functions. `doorward-functions` runs them.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;

use crate::{
    App, AuthError, ClaimedDelivery, EmailAddress, ExternalId, FunctionMail, Password, TokenPair, UserProfile,
};

/// The name of a function of an app.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionName(pub String);

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs the owner's functions. None of them sees a database, and no transaction is open while one runs.
#[async_trait]
pub trait Functions: Send + Sync {
    /// Asks the confirmation function. Whatever it does wrong is [`Verdict::Fail`].
    async fn confirm(
        &self,
        app: &App,
        function: &FunctionName,
        question: ConfirmQuestion,
    ) -> Result<FunctionResult<Verdict>, NotRun>;

    /// Asks the reset function. Whatever it does wrong is [`Verdict::Fail`].
    async fn reset(
        &self,
        app: &App,
        function: &FunctionName,
        question: ResetQuestion,
    ) -> Result<FunctionResult<Verdict>, NotRun>;

    /// Asks the login function who somebody is. `None`: it did not say.
    async fn identify(
        &self,
        app: &App,
        function: &FunctionName,
        question: LoginQuestion,
    ) -> Result<FunctionResult<Option<ExternalIdentity>>, CallFailure>;

    /// Tells the user-creation function of a user that is about to be made. Any failure forbids it.
    async fn create_user(
        &self,
        app: &App,
        function: &FunctionName,
        new: NewUser,
    ) -> Result<FunctionResult<()>, CallFailure>;

    /// Tells a trigger's function what has happened. Whatever a script does wrong is logged, and no reason to tell it again.
    async fn trigger(
        &self,
        app: &App,
        function: &FunctionName,
        delivery: &ClaimedDelivery,
    ) -> Result<FunctionResult<()>, DeliveryError>;

    /// Runs a function that a signed-in user calls by its name, if that user may.
    async fn call(&self, app: &App, call: FunctionCall) -> Result<FunctionResult<Ejson>, CallFailure>;
}

/// What a confirmation function is asked.
#[derive(Debug, Clone)]
pub struct ConfirmQuestion {
    /// The address, as registered.
    pub email: EmailAddress,
    /// A pair that confirms it, should the answer be [`Verdict::Pending`].
    pub token: TokenPair,
    /// Who caused it.
    pub caller: Caller,
}

/// What a reset function is asked.
#[derive(Debug, Clone)]
pub struct ResetQuestion {
    /// The address, as registered.
    pub email: EmailAddress,
    /// The new password.
    pub password: Password,
    /// Whether that is the password already.
    pub current_password_valid: bool,
    /// A pair that sets a password, should the answer be [`Verdict::Pending`].
    pub token: TokenPair,
    /// What the client sent along.
    pub arguments: Ejson,
    /// Who caused it.
    pub caller: Caller,
}

/// What a login function is asked.
#[derive(Debug, Clone)]
pub struct LoginQuestion {
    /// What the client sent: an object, which is the business of the owner's two programs.
    pub payload: Ejson,
    /// Who caused it.
    pub caller: Caller,
}

/// Who somebody is, by the word of the owner's function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalIdentity {
    /// The owner's id of the user.
    pub id: ExternalId,
    /// A name for people.
    pub name: Option<String>,
}

/// What a user-creation function is told.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The user as it will be.
    pub user: UserProfile,
    /// Who caused it.
    pub caller: Caller,
}

/// A call by a signed-in user.
#[derive(Debug, Clone)]
pub struct FunctionCall {
    /// The function, as the client spells it.
    pub function: FunctionName,
    /// An array.
    pub arguments: Ejson,
    /// Who calls.
    pub user: UserProfile,
    /// From where.
    pub caller: Caller,
}

/// Why a call by a user has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallFailure {
    /// There is no such function, or it is private.
    NotFound,
    /// The function's rule does not admit this user.
    NotAllowed,
    /// It threw. The text is what the owner's code says, and is told to the client.
    Threw {
        /// `<Name>: <message>`
        text: String,
    },
    /// It is a web service that gave no answer, or asks to come again.
    Unanswered {
        /// As for one that threw.
        text: String,
    },
    /// It took too long.
    TimedOut,
    /// It did not run.
    NotRun(NotRun),
}

impl CallFailure {
    /// Why it was not run at all; `None`: it ran.
    pub const fn not_run(&self) -> Option<NotRun> {
        match self {
            Self::NotRun(not_run) => Some(*not_run),
            Self::NotFound | Self::NotAllowed | Self::Threw { .. } | Self::Unanswered { .. } | Self::TimedOut => None,
        }
    }
}

/// What a function that ran came to, and the mails that it sent on the way. They belong to the transaction of its effect: a mail goes out
/// if, and only if, what it speaks of has been stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionResult<T> {
    /// What it came to.
    pub value: T,
    /// In the order in which it sent them.
    pub mails: Vec<FunctionMail>,
}

/// What a hook decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It takes effect at once.
    Success,
    /// It takes effect when the token is used.
    Pending,
    /// It does not happen.
    Fail,
}

/// Why a function was not run at all. One that ran and failed is an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRun {
    /// More calls are waiting than can run in time.
    #[error("too many function calls are waiting")]
    Busy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// No worker can be had.
    #[error("functions cannot be run")]
    Unavailable,
}

/// Why a trigger was not told, and is to be told later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryError {
    /// Its function was not run.
    NotRun(NotRun),
    /// Its web service gave no answer, or asks to come again. It may have heard all the same.
    Unanswered,
}

impl From<NotRun> for AuthError {
    fn from(error: NotRun) -> Self {
        match error {
            NotRun::Busy { retry_after } => Self::Busy { retry_after },
            NotRun::Unavailable => Self::FunctionsUnavailable,
        }
    }
}

/// The text of a value in Extended JSON: what clients and functions say to each other. The flows hand it on and look at nothing in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Ejson(String);

impl Ejson {
    /// Wraps a text; whoever read it has checked that it is JSON.
    pub fn from_json(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// The text.
    pub fn into_json(self) -> String {
        self.0
    }
}

impl fmt::Debug for Ejson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ejson(..)")
    }
}

/// What a function may know about the request that caused its call.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// Where it came from.
    pub address: Option<IpAddr>,
    /// Its method.
    pub method: String,
    /// Its query, without the `?`.
    pub query: String,
    /// Its headers, in order. Credentials are not among them.
    pub headers: Vec<(String, String)>,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Caller(..)")
    }
}
