//! The one table from errors to the wire: status, code and public text. It has no catch-all arm, so a new error does
//! not compile until its form is chosen here.

use std::borrow::Cow;

use http::StatusCode;

use doorward_core::{EmailAddress, Failure, StoreError};
use doorward_wire::ErrorCode;

use crate::ApiError;

/// How an error looks on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WireForm {
    pub(crate) status: StatusCode,
    pub(crate) code: Option<ErrorCode>,
    pub(crate) text: Cow<'static, str>,
    pub(crate) retry_after: Option<u64>,
    /// Whether the connection must be closed.
    pub(crate) close: bool,
}

impl WireForm {
    pub(crate) fn of(error: &ApiError) -> Self {
        form_of(error)
    }
}

fn form(status: StatusCode, code: Option<ErrorCode>, text: impl Into<Cow<'static, str>>) -> WireForm {
    WireForm {
        status,
        code,
        text: text.into(),
        retry_after: None,
        close: false,
    }
}

#[expect(clippy::too_many_lines, reason = "a table, whose rows stand in one place")]
fn form_of(error: &ApiError) -> WireForm {
    use ErrorCode as Code;
    use StatusCode as S;
    match error {
        ApiError::EmailInvalid => form(S::BAD_REQUEST, Some(Code::BadRequest), "email invalid"),
        ApiError::EmailTaken => form(S::CONFLICT, Some(Code::AccountNameInUse), "name already in use"),
        ApiError::PasswordLength => form(
            S::BAD_REQUEST,
            Some(Code::BadRequest),
            "password must be between 6 and 128 characters",
        ),
        ApiError::TokenMalformed => form(S::BAD_REQUEST, Some(Code::BadRequest), "invalid token data"),
        ApiError::TokenInvalid => form(
            S::BAD_REQUEST,
            Some(Code::UserpassTokenInvalid),
            "userpass token is expired or invalid",
        ),
        ApiError::UserNotFound => form(S::NOT_FOUND, Some(Code::UserNotFound), "user not found"),
        ApiError::AlreadyConfirmed => form(S::BAD_REQUEST, Some(Code::UserAlreadyConfirmed), "already confirmed"),
        ApiError::ConfirmationAutomatic { email } => form(
            S::BAD_REQUEST,
            None,
            format!(
                "cannot run confirmation for {}: automatic confirmation is enabled",
                email.as_str()
            ),
        ),
        ApiError::ConfirmationByEmail => form(S::BAD_REQUEST, None, "please use confirm via email"),
        ApiError::ConfirmationByFunction => form(S::BAD_REQUEST, None, "please use confirm via function"),
        ApiError::ConfirmationRefused { email } => form(
            S::BAD_REQUEST,
            Some(Code::BadRequest),
            format!("failed to confirm user \"{}\"", email.as_str()),
        ),
        ApiError::ResetByEmail => form(S::BAD_REQUEST, None, "please use reset password via email"),
        ApiError::ResetByFunction => form(S::BAD_REQUEST, None, "please use reset password via function"),
        ApiError::ResetRefused { email } => form(
            S::BAD_REQUEST,
            None,
            format!("failed to reset password for user \"{}\"", email.as_str()),
        ),
        ApiError::NotMailable => form(S::BAD_REQUEST, None, "error processing request"),
        ApiError::InvalidCredentials => form(S::UNAUTHORIZED, Some(Code::InvalidPassword), "unauthorized"),
        ApiError::NotConfirmed | ApiError::LoginFunctionFailed => {
            form(S::UNAUTHORIZED, Some(Code::AuthError), "unauthorized")
        }
        ApiError::UserDisabled => form(S::UNAUTHORIZED, Some(Code::UserDisabled), "user disabled"),
        // The Web SDK swallows this at log-out only when the text contains "failed to find refresh token".
        ApiError::SessionNotFound => form(
            S::UNAUTHORIZED,
            Some(Code::InvalidSession),
            "invalid session: failed to find refresh token",
        ),
        ApiError::UserGone => form(
            S::UNAUTHORIZED,
            Some(Code::InvalidSession),
            "invalid session: user not found",
        ),
        ApiError::ProviderDisabled => form(
            S::NOT_FOUND,
            Some(Code::AuthProviderNotFound),
            "authentication via 'local-userpass' is unsupported",
        ),
        ApiError::LoginProviderDisabled | ApiError::ProviderUnavailable => {
            form(S::UNAUTHORIZED, Some(Code::InvalidSession), "unauthorized")
        }
        ApiError::Failed(failure) => form_of_failure(failure),
        ApiError::FunctionNotFound { name } => form(
            S::NOT_FOUND,
            Some(Code::FunctionNotFound),
            format!("function not found: '{name}'"),
        ),
        ApiError::FunctionNotAllowed { name } => form(
            S::BAD_REQUEST,
            Some(Code::FunctionExecutionError),
            format!("rule not matched for function \"{name}\""),
        ),
        ApiError::FunctionThrew { text } => form(S::BAD_REQUEST, Some(Code::FunctionExecutionError), text.clone()),
        ApiError::FunctionTimedOut => form(
            S::BAD_REQUEST,
            Some(Code::ExecutionTimeLimitExceeded),
            "execution time limit exceeded",
        ),
        ApiError::LoginFunctionThrew { text } => form(S::UNAUTHORIZED, Some(Code::AuthError), text.clone()),
        ApiError::UserCreationRefused => form(S::UNAUTHORIZED, Some(Code::AuthError), "failed to create user"),
        ApiError::InvalidJson => form(S::BAD_REQUEST, Some(Code::BadRequest), "invalid json"),
        ApiError::BodyTooLarge => WireForm {
            close: true,
            ..form(S::PAYLOAD_TOO_LARGE, None, "request body too large")
        },
        ApiError::BodyIncomplete => WireForm {
            close: true,
            ..form(S::REQUEST_TIMEOUT, None, "request timeout")
        },
        ApiError::UnsupportedContentType => form(S::UNSUPPORTED_MEDIA_TYPE, None, "unsupported content type"),
        ApiError::MethodNotAllowed => form(S::METHOD_NOT_ALLOWED, None, "method not allowed"),
        ApiError::PathNotFound => form(S::NOT_FOUND, None, "404 page not found"),
        ApiError::UnknownApp { id } => form(
            S::NOT_FOUND,
            None,
            format!("cannot find app using Client App ID '{id}'"),
        ),
        ApiError::OriginNotAllowed => form(S::FORBIDDEN, Some(Code::DomainNotAllowed), "origin not allowed"),
        ApiError::NotAuthenticated => form(S::UNAUTHORIZED, None, "must authenticate first"),
        ApiError::NoBearerToken => form(
            S::UNAUTHORIZED,
            None,
            "expected Authorization header with JWT (Bearer schema)",
        ),
        ApiError::InvalidAccessToken => form(S::UNAUTHORIZED, None, "unauthorized"),
        ApiError::AccessTokenExpired => form(
            S::UNAUTHORIZED,
            Some(Code::InvalidSession),
            "invalid session: access token expired",
        ),
        ApiError::TokenOfAnotherApp => form(
            S::UNAUTHORIZED,
            Some(Code::UserAppDomainMismatch),
            "the token belongs to another app",
        ),
        ApiError::InvalidRefreshToken => form(S::UNAUTHORIZED, None, "signature is invalid"),
        ApiError::NotARefreshToken => form(S::UNAUTHORIZED, None, "invalid refresh token: incorrect token type"),
        ApiError::RefreshTokenExpired => form(
            S::UNAUTHORIZED,
            Some(Code::InvalidSession),
            "invalid session: refresh token expired",
        ),
        ApiError::LinkingNotSupported => form(S::BAD_REQUEST, None, "linking is not supported"),
        ApiError::NoKeys | ApiError::Panicked => form(
            S::INTERNAL_SERVER_ERROR,
            Some(Code::InternalServerError),
            "internal server error",
        ),
    }
}

fn form_of_failure(failure: &Failure) -> WireForm {
    use ErrorCode as Code;
    use StatusCode as S;
    let form = match failure {
        Failure::Busy { .. } | Failure::Limited { .. } => form(S::TOO_MANY_REQUESTS, None, "too many requests"),
        Failure::Store(StoreError::Unavailable(_) | StoreError::Conflict(_)) | Failure::FunctionsUnavailable => form(
            S::SERVICE_UNAVAILABLE,
            Some(Code::InternalServerError),
            "service unavailable",
        ),
        Failure::Store(StoreError::Unexpected(_)) | Failure::Hashing(_) => form(
            S::INTERNAL_SERVER_ERROR,
            Some(Code::InternalServerError),
            "internal server error",
        ),
    };
    WireForm {
        // Rounded up: a client that comes back in zero seconds is only refused again.
        retry_after: failure.retry_after().map(|wait| wait.as_secs() + 1),
        ..form
    }
}

/// The whole table as Markdown: the error documentation is made of it, and a test compares the two.
pub fn error_table() -> String {
    use std::fmt::Write as _;
    let mut table = String::from("| status | `error_code` | `error` | when |\n|---|---|---|---|\n");
    for error in examples() {
        let form = WireForm::of(&error);
        let code = form.code.as_ref().map_or("—", ErrorCode::as_str);
        let _ = writeln!(
            table,
            "| {} | {code} | `{}` | {error} |",
            form.status.as_u16(),
            form.text
        );
    }
    table
}

/// One example of every row, in the order of the table.
fn examples() -> Vec<ApiError> {
    vec![
        ApiError::EmailInvalid,
        ApiError::EmailTaken,
        ApiError::PasswordLength,
        ApiError::TokenMalformed,
        ApiError::TokenInvalid,
        ApiError::UserNotFound,
        ApiError::AlreadyConfirmed,
        ApiError::ConfirmationAutomatic {
            email: EmailAddress::parse("<email>").expect("it is one"),
        },
        ApiError::ConfirmationByEmail,
        ApiError::ConfirmationByFunction,
        ApiError::ConfirmationRefused {
            email: EmailAddress::parse("<email>").expect("it is one"),
        },
        ApiError::ResetByEmail,
        ApiError::ResetByFunction,
        ApiError::ResetRefused {
            email: EmailAddress::parse("<email>").expect("it is one"),
        },
        ApiError::NotMailable,
        ApiError::InvalidCredentials,
        ApiError::NotConfirmed,
        ApiError::UserDisabled,
        ApiError::SessionNotFound,
        ApiError::UserGone,
        ApiError::ProviderDisabled,
        ApiError::LoginProviderDisabled,
        ApiError::Failed(Failure::Busy {
            retry_after: std::time::Duration::from_secs(1),
        }),
        ApiError::Failed(Failure::Limited {
            retry_after: std::time::Duration::from_secs(1),
        }),
        ApiError::Failed(StoreError::Unavailable("".into()).into()),
        ApiError::Failed(StoreError::Unexpected("".into()).into()),
        ApiError::FunctionNotFound {
            name: doorward_core::FunctionName("<name>".to_owned()),
        },
        ApiError::FunctionNotAllowed {
            name: doorward_core::FunctionName("<name>".to_owned()),
        },
        ApiError::FunctionThrew {
            text: "<what it threw>".to_owned(),
        },
        ApiError::FunctionTimedOut,
        ApiError::LoginFunctionThrew {
            text: "<what it threw>".to_owned(),
        },
        ApiError::LoginFunctionFailed,
        ApiError::UserCreationRefused,
        ApiError::Failed(Failure::FunctionsUnavailable),
        ApiError::Failed(Failure::Hashing(doorward_core::PoolError::Stopped)),
        ApiError::InvalidJson,
        ApiError::BodyTooLarge,
        ApiError::BodyIncomplete,
        ApiError::UnsupportedContentType,
        ApiError::MethodNotAllowed,
        ApiError::PathNotFound,
        ApiError::UnknownApp { id: "<id>".to_owned() },
        ApiError::OriginNotAllowed,
        ApiError::NotAuthenticated,
        ApiError::NoBearerToken,
        ApiError::InvalidAccessToken,
        ApiError::AccessTokenExpired,
        ApiError::TokenOfAnotherApp,
        ApiError::InvalidRefreshToken,
        ApiError::NotARefreshToken,
        ApiError::RefreshTokenExpired,
        ApiError::LinkingNotSupported,
        ApiError::ProviderUnavailable,
        ApiError::NoKeys,
        ApiError::Panicked,
    ]
}
