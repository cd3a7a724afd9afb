//! The one table from errors to pages. It has no catch-all arm, so a new error does not
//! compile until its page is chosen.

use doorward_core::{
    Causes, ConfirmationMailRefusal, Failure, FlowError, LinkRefusal, PasswordRefusal, RenewRefusal, ResetRefusal,
    StoreError,
};

use crate::page_text::{self, PageText};

/// Why the requested page cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    /// The link was opened or used with a token that is not valid: it is malformed, unknown, expired, used or void,
    /// or its registration was deleted together with its links.
    #[error("the link is invalid")]
    LinkInvalid,
    /// The page was opened without a token.
    #[error("there is no token")]
    NoToken,
    /// The new password is shorter than 6 or longer than 128 characters.
    #[error("the password must have 6 to 128 characters")]
    PasswordLength,
    /// The two new passwords are not the same.
    #[error("the two passwords differ")]
    PasswordsDiffer,
    /// A new confirmation link was requested for an account that is confirmed.
    #[error("the user is already confirmed")]
    AlreadyConfirmed,
    /// A new confirmation link was requested, but a function confirms.
    #[error("confirmation is by a function")]
    ByFunction,
    /// A new confirmation link was requested, but no mail reaches the account.
    #[error("no mail can be sent to this account")]
    NotMailable,
    /// The form is larger than any valid one.
    #[error("the form is too large")]
    FormTooLarge,
    /// The form does not come from one of these pages.
    #[error("the form cannot be read")]
    FormUnreadable,
    /// The form did not arrive in time.
    #[error("the form did not arrive")]
    FormIncomplete,
    /// No app has this id.
    #[error("there is no such app")]
    UnknownApp,
    /// The app has no e-mail and password accounts.
    #[error("the provider is disabled")]
    ProviderDisabled,
    /// The page exists, but not with this method.
    #[error("the method is not allowed")]
    MethodNotAllowed,
    /// The server cannot answer now.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// A handler panicked.
    #[error("a handler panicked")]
    Panicked,
}

/// The page of an error.
pub(crate) struct Refusal {
    pub(crate) page_text: &'static PageText,
    /// Whether the same form can be sent again, so that it is shown again with this text above it.
    pub(crate) again: bool,
    /// Seconds until the form should be sent again.
    pub(crate) retry_after: Option<u64>,
}

impl Refusal {
    pub(crate) fn of(error: &PageError) -> Self {
        match error {
            PageError::LinkInvalid => stop(&page_text::INVALID),
            PageError::NoToken => stop(&page_text::NO_TOKEN),
            PageError::PasswordLength => again(&page_text::PASSWORD_LENGTH),
            PageError::PasswordsDiffer => again(&page_text::PASSWORDS_DIFFER),
            PageError::AlreadyConfirmed => stop(&page_text::ALREADY_CONFIRMED),
            PageError::ByFunction => stop(&page_text::BY_FUNCTION),
            PageError::NotMailable => stop(&page_text::NOT_MAILABLE),
            PageError::FormTooLarge => stop(&page_text::FORM_TOO_LARGE),
            PageError::FormUnreadable => stop(&page_text::FORM_UNREADABLE),
            PageError::FormIncomplete => stop(&page_text::FORM_INCOMPLETE),
            PageError::UnknownApp | PageError::ProviderDisabled => stop(&page_text::NOT_FOUND),
            PageError::MethodNotAllowed => stop(&page_text::METHOD_NOT_ALLOWED),
            PageError::Failed(failure) => of_failure(failure),
            PageError::Panicked => stop(&page_text::FAILED),
        }
    }

    /// Logs one line per failure of the server; mistakes of visitors and scanners are logged at the debug level.
    pub(crate) fn log(&self, error: &PageError) {
        let status = self.page_text.status.as_u16();
        if self.page_text.status.is_server_error() {
            tracing::error!(status, error = %Causes(error), "a page failed");
        } else {
            tracing::debug!(status, error = %Causes(error), "a page was refused");
        }
    }
}

impl<R: Into<PageError>> From<FlowError<R>> for PageError {
    fn from(error: FlowError<R>) -> Self {
        match error {
            FlowError::Refused(refusal) => refusal.into(),
            FlowError::Failed(failure) => failure.into(),
        }
    }
}

impl From<LinkRefusal> for PageError {
    fn from(refusal: LinkRefusal) -> Self {
        match refusal {
            LinkRefusal::ProviderDisabled => Self::ProviderDisabled,
            LinkRefusal::TokenInvalid => Self::LinkInvalid,
        }
    }
}

impl From<RenewRefusal> for PageError {
    fn from(refusal: RenewRefusal) -> Self {
        match refusal {
            RenewRefusal::Link(refusal) => refusal.into(),
            RenewRefusal::UserNotFound => Self::LinkInvalid,
            RenewRefusal::Mail(ConfirmationMailRefusal::AlreadyConfirmed) => Self::AlreadyConfirmed,
            RenewRefusal::Mail(ConfirmationMailRefusal::ByFunction) => Self::ByFunction,
            RenewRefusal::Mail(ConfirmationMailRefusal::NotMailable) => Self::NotMailable,
        }
    }
}

impl From<ResetRefusal> for PageError {
    fn from(refusal: ResetRefusal) -> Self {
        match refusal {
            ResetRefusal::ProviderDisabled => Self::ProviderDisabled,
            ResetRefusal::Password(PasswordRefusal::Length) => Self::PasswordLength,
            ResetRefusal::TokenInvalid | ResetRefusal::UserNotFound => Self::LinkInvalid,
        }
    }
}

fn of_failure(failure: &Failure) -> Refusal {
    let page_text = match failure {
        Failure::Busy { .. } => &page_text::BUSY,
        Failure::Limited { .. } => &page_text::LIMITED,
        Failure::Store(StoreError::Unavailable(_) | StoreError::Conflict(_)) | Failure::FunctionsUnavailable => {
            &page_text::UNAVAILABLE
        }
        Failure::Store(StoreError::Unexpected(_)) | Failure::Hashing(_) => &page_text::FAILED,
    };
    Refusal {
        // Rounded up: a browser that retries after zero seconds is only refused again.
        retry_after: failure.retry_after().map(|wait| wait.as_secs() + 1),
        ..again(page_text)
    }
}

fn stop(page_text: &'static PageText) -> Refusal {
    Refusal {
        page_text,
        again: false,
        retry_after: None,
    }
}

fn again(page_text: &'static PageText) -> Refusal {
    Refusal {
        again: true,
        ..stop(page_text)
    }
}
