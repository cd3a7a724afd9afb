//! What can go wrong, as one type with questions.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{ErrorCode, SessionStoreError};

/// Why a call failed.
///
/// The kinds of failure are private; what a program decides by are the questions. Printing it gives a sentence for people, its
/// [`source`](StdError::source) what lies behind it, and neither ever holds a password or a token.
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
    /// No answer came.
    NoAnswer(reqwest::Error),
    /// The server refused.
    Refused(Refusal),
    /// The server answered something that is not of this protocol.
    Unexpected {
        status: u16,
        what: String,
        source: Option<serde_json::Error>,
    },
    /// The user is logged out or removed.
    LoggedOut,
    /// The server has ended the user's session.
    SessionEnded(Refusal),
    /// The server answered for another user than the one that was meant.
    OtherUser,
    /// Something given to a call cannot be sent.
    Argument {
        what: &'static str,
        source: Option<serde_json::Error>,
    },
    /// The app cannot be set up like this.
    Config(String),
    /// Sessions cannot be kept.
    Store(SessionStoreError),
}

/// What a server says when it refuses.
#[derive(Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: Option<ErrorCode>,
    pub(crate) text: Option<String>,
    pub(crate) link: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

impl Error {
    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        match &*self.0 {
            Kind::Unexpected { status, .. } => Some(*status),
            _ => self.refusal().map(|refusal| refusal.status),
        }
    }

    /// The code of a refusal. Some refusals have none: a reset function that said no, for instance.
    pub fn error_code(&self) -> Option<&ErrorCode> {
        self.refusal()?.code.as_ref()
    }

    /// The server's own words for a refusal.
    pub fn server_message(&self) -> Option<&str> {
        self.refusal()?.text.as_deref()
    }

    /// Where the owner of the app finds the log of the request. It holds the request's id, and is good for a report to the operator.
    pub fn link(&self) -> Option<&str> {
        self.refusal()?.link.as_deref()
    }

    /// When the server would like to be asked again, if it refused because it had too much to do.
    pub fn retry_after(&self) -> Option<Duration> {
        self.refusal()?.retry_after
    }

    /// Whether the answer took longer than [`AppBuilder::timeout`](crate::AppBuilder::timeout) allows. The server may have done what
    /// it was asked.
    pub fn is_timeout(&self) -> bool {
        matches!(&*self.0, Kind::NoAnswer(error) if error.is_timeout())
    }

    /// Whether the server could not be reached, or hung up before it answered.
    pub fn is_connect(&self) -> bool {
        matches!(&*self.0, Kind::NoAnswer(error) if !error.is_timeout())
    }

    /// Whether the user that the call was for has no session: it was logged out here, or the server has ended its session.
    /// Only logging in again helps.
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

/// Browsers do not tell.
fn never_connected(error: &reqwest::Error) -> bool {
    #[cfg(target_family = "wasm")]
    return error.is_request();
    #[cfg(not(target_family = "wasm"))]
    error.is_connect()
}
