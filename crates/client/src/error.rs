//! The one error of all calls.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{ErrorCode, SessionStoreError};

/// Why a call failed.
///
/// A program decides what to do by the methods, such as [`error_code`](Self::error_code) and
/// [`is_timeout`](Self::is_timeout). Its `Display` is a sentence for people, and [`source`](StdError::source) is the
/// cause, if there is one. Neither ever contains a password or a token.
///
/// ```
/// # fn example(error: doorward_client::Error) {
/// use doorward_client::ErrorCode;
///
/// match error.error_code() {
///     Some(ErrorCode::InvalidPassword) => println!("unknown address or wrong password"),
///     Some(ErrorCode::AuthError) => println!("please follow the link in the mail first"),
///     _ if error.is_timeout() || error.is_connect() => println!("the server cannot be reached"),
///     _ => eprintln!("{error}"),
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Kind>);

pub(crate) enum Kind {
    /// The request failed, or no complete answer came.
    NoAnswer(reqwest::Error),
    /// The server refused the request.
    Refused(Refusal),
    /// The answer does not follow the protocol.
    Unexpected {
        status: u16,
        what: String,
        source: Option<serde_json::Error>,
    },
    /// The user is logged out or removed.
    LoggedOut,
    /// The server has ended the user's session.
    SessionEnded(Refusal),
    /// The answer is about another user than the one who made the call.
    OtherUser,
    /// An argument of the call cannot be used.
    Argument {
        what: &'static str,
        source: Option<serde_json::Error>,
    },
    /// The settings of the app are not valid.
    Config(String),
    /// The session store failed.
    Store(SessionStoreError),
}

/// What the server says when it refuses a request.
#[derive(Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: Option<ErrorCode>,
    pub(crate) text: Option<String>,
    pub(crate) link: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

impl Error {
    /// The HTTP status of the answer, if an answer came.
    pub fn status(&self) -> Option<u16> {
        match &*self.0 {
            Kind::Unexpected { status, .. } => Some(*status),
            _ => self.refusal().map(|refusal| refusal.status),
        }
    }

    /// The code of a refusal. Some refusals have none, such as that of a reset function that decided `fail`.
    pub fn error_code(&self) -> Option<&ErrorCode> {
        self.refusal()?.code.as_ref()
    }

    /// The text of a refusal, as the server wrote it.
    pub fn server_message(&self) -> Option<&str> {
        self.refusal()?.text.as_deref()
    }

    /// The URL of the request's log, for the owner of the app. It contains the id of the request, so quote it when you
    /// report a problem.
    pub fn link(&self) -> Option<&str> {
        self.refusal()?.link.as_deref()
    }

    /// How long to wait before the call is made again, if the server refused because it is overloaded.
    pub fn retry_after(&self) -> Option<Duration> {
        self.refusal()?.retry_after
    }

    /// Whether the server took longer than [`AppBuilder::timeout`](crate::AppBuilder::timeout) allows. It may have
    /// carried the call out all the same.
    pub fn is_timeout(&self) -> bool {
        matches!(&*self.0, Kind::NoAnswer(error) if error.is_timeout())
    }

    /// Whether the server could not be reached, or closed the connection before it answered.
    pub fn is_connect(&self) -> bool {
        matches!(&*self.0, Kind::NoAnswer(error) if !error.is_timeout())
    }

    /// Whether the user has no session: it was logged out on this device, or the server has ended the session. The user
    /// has to log in again.
    pub fn is_logged_out(&self) -> bool {
        matches!(&*self.0, Kind::LoggedOut | Kind::SessionEnded(_))
    }

    pub(crate) fn is_unauthorized(&self) -> bool {
        self.status() == Some(401)
    }

    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        match &*self.0 {
            Kind::Refused(refusal) | Kind::SessionEnded(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self(Arc::new(kind))
    }
}

impl From<SessionStoreError> for Error {
    fn from(error: SessionStoreError) -> Self {
        Kind::Store(error).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::NoAnswer(error) if error.is_timeout() => f.write_str("the server did not answer in time"),
            Kind::NoAnswer(error) if never_connected(error) => f.write_str("the server cannot be reached"),
            Kind::NoAnswer(_) => f.write_str("the answer of the server did not arrive"),
            Kind::Refused(refusal) => refusal.fmt(f),
            Kind::Unexpected { status, what, .. } => {
                write!(f, "the server answered with status {status} and {what}")
            }
            Kind::LoggedOut => f.write_str("the user is logged out"),
            Kind::SessionEnded(refusal) => write!(f, "the session is over: {refusal}"),
            Kind::OtherUser => f.write_str("the server answered for another user"),
            Kind::Argument { what, .. } => f.write_str(what),
            Kind::Config(what) => f.write_str(what),
            Kind::Store(_) => f.write_str("the session cannot be kept"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text.as_deref().unwrap_or("no reason given");
        match &self.code {
            Some(code) => write!(f, "the server refused: {text} ({code}, status {})", self.status),
            None => write!(f, "the server refused: {text} (status {})", self.status),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("message", &self.to_string());
        if let Some(source) = self.source() {
            debug.field("source", &source.to_string());
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &*self.0 {
            Kind::NoAnswer(error) => Some(error),
            Kind::Unexpected { source, .. } | Kind::Argument { source, .. } => source.as_ref().map(|it| it as _),
            Kind::Store(error) => Some(error),
            Kind::Refused(_) | Kind::LoggedOut | Kind::SessionEnded(_) | Kind::OtherUser | Kind::Config(_) => None,
        }
    }
}

/// Whether no connection was made. Browsers do not say, so there it is any failure of the request.
fn never_connected(error: &reqwest::Error) -> bool {
    #[cfg(target_family = "wasm")]
    return error.is_request();
    #[cfg(not(target_family = "wasm"))]
    error.is_connect()
}
