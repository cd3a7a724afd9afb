//! The one table from errors to pages. It has no catch-all arm, so a new error does not compile until somebody has chosen its page.

use std::error::Error;

use axum::response::{IntoResponse, Response};
use doorward_core::{AuthError, StoreError};

use crate::page::Page;
use crate::page_text::{self, PageText};

/// Why a page cannot be what was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    /// A flow refused.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The page was opened without a token.
    #[error("there is no token")]
    NoToken,
    /// The two new passwords are not the same.
    #[error("the two passwords differ")]
    PasswordsDiffer,
    /// The form is larger than any that makes sense.
    #[error("the form is too large")]
    FormTooLarge,
    /// The form is not one of ours.
    #[error("the form cannot be read")]
    FormUnreadable,
    /// The form did not arrive in time.
    #[error("the form did not arrive")]
    FormIncomplete,
    /// No app has this id.
    #[error("there is no such app")]
    UnknownApp,
    /// The page exists, but not with this method.
    #[error("the method is not allowed")]
    MethodNotAllowed,
    /// A handler panicked.
    #[error("a handler panicked")]
    Panicked,
}

/// How an error is told.
pub(crate) struct Refusal {
    pub(crate) page_text: &'static PageText,
    /// Whether the same form can be sent again, so that it is shown again with these words above it.
    pub(crate) again: bool,
    /// Seconds after which that is worth while.
    pub(crate) retry_after: Option<u64>,
}

impl Refusal {
    pub(crate) fn of(error: &PageError) -> Self {
        match error {
            PageError::Auth(error) => of_auth(error),
            PageError::NoToken => stop(&page_text::NO_TOKEN),
            PageError::PasswordsDiffer => again(&page_text::PASSWORDS_DIFFER),
            PageError::FormTooLarge => stop(&page_text::FORM_TOO_LARGE),
            PageError::FormUnreadable => stop(&page_text::FORM_UNREADABLE),
            PageError::FormIncomplete => stop(&page_text::FORM_INCOMPLETE),
            PageError::UnknownApp => stop(&page_text::NOT_FOUND),
            PageError::MethodNotAllowed => stop(&page_text::METHOD_NOT_ALLOWED),
            PageError::Panicked => stop(&page_text::FAILED),
        }
    }

    /// One line per failure of ours; what a visitor or a scanner did is for the debug level.
    pub(crate) fn log(&self, error: &PageError) {
        let status = self.page_text.status.as_u16();
        if self.page_text.status.is_server_error() {
            tracing::error!(status, error = chain(error), "a page failed");
        } else {
            tracing::debug!(status, %error, "a page was refused");
        }
    }
}

fn of_auth(error: &AuthError) -> Refusal {
    match error {
        // A registration that is gone takes its links with it.
        AuthError::TokenMalformed | AuthError::TokenInvalid | AuthError::UserNotFound => stop(&page_text::INVALID),
        AuthError::PasswordLength => again(&page_text::PASSWORD_LENGTH),
        AuthError::AlreadyConfirmed => stop(&page_text::ALREADY_CONFIRMED),
        AuthError::NotMailable => stop(&page_text::NOT_MAILABLE),
        AuthError::ConfirmationByFunction | AuthError::ResetByFunction => stop(&page_text::BY_FUNCTION),
        AuthError::ProviderDisabled | AuthError::LoginProviderDisabled => stop(&page_text::NOT_FOUND),
        AuthError::Busy { retry_after } => {
            // Rounded up: whoever comes back in zero seconds is only refused again.
            Refusal {
                retry_after: Some(retry_after.as_secs() + 1),
                ..again(&page_text::BUSY)
            }
        }
        AuthError::Store(StoreError::Unavailable(_)) | AuthError::FunctionsUnavailable => {
            again(&page_text::UNAVAILABLE)
        }
        AuthError::Store(StoreError::Unexpected(_)) | AuthError::Hashing(_) => again(&page_text::FAILED),
        // No flow behind these pages looks up an address, logs in or asks a function.
        AuthError::EmailInvalid
        | AuthError::EmailTaken
        | AuthError::ConfirmationAutomatic { .. }
        | AuthError::ConfirmationByEmail
        | AuthError::ConfirmationRefused { .. }
        | AuthError::ResetByEmail
        | AuthError::ResetRefused { .. }
        | AuthError::FunctionNotFound { .. }
        | AuthError::FunctionNotAllowed { .. }
        | AuthError::FunctionThrew { .. }
        | AuthError::FunctionTimedOut
        | AuthError::LoginFunctionThrew { .. }
        | AuthError::LoginFunctionFailed
        | AuthError::UserCreationRefused
        | AuthError::InvalidCredentials
        | AuthError::NotConfirmed
        | AuthError::UserDisabled
        | AuthError::SessionNotFound
        | AuthError::UserGone => stop(&page_text::FAILED),
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

/// An error with its causes, on one line.
fn chain(error: &PageError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Where the app is not known, the page comes without its name.
impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        Page::of_error(&self).response(None)
    }
}
