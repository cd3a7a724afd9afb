//! The one table from errors to the wire: status, code and public text. It has no catch-all arm, so a new error does not compile
//! until somebody has chosen its form here.

use std::borrow::Cow;

use http::StatusCode;

use doorward_core::{AuthError, EmailAddress, StoreError};
use doorward_wire::ErrorCode;

use crate::{ApiError, RequestError};

/// How an error looks on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WireForm {
    pub(crate) status: StatusCode,
    pub(crate) code: Option<ErrorCode>,
    pub(crate) text: Cow<'static, str>,
    pub(crate) retry_after: Option<u64>,
    /// Whether the connection is of no more use.
    pub(crate) close: bool,
}

impl WireForm {
    pub(crate) fn of(error: &ApiError) -> Self {
        match error {
            ApiError::Auth(error) => of_auth(error),
            ApiError::Request(error) => of_request(error),
        }
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

fn of_auth(error: &AuthError) -> WireForm {
    use ErrorCode as Code;
    use StatusCode as S;
    match error {
        AuthError::EmailInvalid => form(S::BAD_REQUEST, Some(Code::BadRequest), "email invalid"),
        AuthError::EmailTaken => form(S::CONFLICT, Some(Code::AccountNameInUse), "name already in use"),
        AuthError::PasswordLength => form(
            S::BAD_REQUEST,
            Some(Code::BadRequest),
            "password must be between 6 and 128 characters",
        ),
        AuthError::TokenMalformed => form(S::BAD_REQUEST, Some(Code::BadRequest), "invalid token data"),
        AuthError::TokenInvalid => form(
            S::BAD_REQUEST,
            Some(Code::UserpassTokenInvalid),
            "userpass token is expired or invalid",
        ),
        AuthError::UserNotFound => form(S::NOT_FOUND, Some(Code::UserNotFound), "user not found"),
        AuthError::AlreadyConfirmed => form(S::BAD_REQUEST, Some(Code::UserAlreadyConfirmed), "already confirmed"),
        AuthError::ConfirmationAutomatic { email } => form(
            S::BAD_REQUEST,
            None,
            format!(
                "cannot run confirmation for {}: automatic confirmation is enabled",
                email.as_str()
            ),
        ),
        AuthError::ConfirmationByEmail => form(S::BAD_REQUEST, None, "please use confirm via email"),
        AuthError::ConfirmationByFunction => form(S::BAD_REQUEST, None, "please use confirm via function"),
        AuthError::ConfirmationRefused { email } => form(
            S::BAD_REQUEST,
            Some(Code::BadRequest),
            format!("failed to confirm user \"{}\"", email.as_str()),
        ),
        AuthError::ResetByEmail => form(S::BAD_REQUEST, None, "please use reset password via email"),
        AuthError::ResetByFunction => form(S::BAD_REQUEST, None, "please use reset password via function"),
        AuthError::ResetRefused { email } => form(
            S::BAD_REQUEST,
            None,
            format!("failed to reset password for user \"{}\"", email.as_str()),
        ),
        AuthError::NotMailable => form(S::BAD_REQUEST, None, "error processing request"),
        AuthError::InvalidCredentials => form(S::UNAUTHORIZED, Some(Code::InvalidPassword), "unauthorized"),
        AuthError::NotConfirmed | AuthError::LoginFunctionFailed => {
            form(S::UNAUTHORIZED, Some(Code::AuthError), "unauthorized")
        }
        AuthError::UserDisabled => form(S::UNAUTHORIZED, Some(Code::UserDisabled), "user disabled"),
        // The Web SDK swallows this at log-out only when the text contains "failed to find refresh token".
        AuthError::SessionNotFound => form(
            S::UNAUTHORIZED,
            Some(Code::InvalidSession),
            "invalid session: failed to find refresh token",
        ),
        AuthError::UserGone => form(
            S::UNAUTHORIZED,
            Some(Code::InvalidSession),
            "invalid session: user not found",
        ),
        AuthError::ProviderDisabled => form(
            S::NOT_FOUND,
            Some(Code::AuthProviderNotFound),
            "authentication via 'local-userpass' is unsupported",
        ),
        AuthError::LoginProviderDisabled => form(S::UNAUTHORIZED, Some(Code::InvalidSession), "unauthorized"),
        AuthError::Busy { retry_after } => WireForm {
            // Rounded up: a client that comes back in zero seconds is only refused again.
            retry_after: Some(retry_after.as_secs() + 1),
            ..form(S::TOO_MANY_REQUESTS, None, "too many requests")
        },
        AuthError::FunctionNotFound { name } => form(
            S::NOT_FOUND,
            Some(Code::FunctionNotFound),
            format!("function not found: '{name}'"),
        ),
        AuthError::FunctionNotAllowed { name } => form(
            S::BAD_REQUEST,
            Some(Code::FunctionExecutionError),
            format!("rule not matched for function \"{name}\""),
        ),
        AuthError::FunctionThrew { text } => form(S::BAD_REQUEST, Some(Code::FunctionExecutionError), text.clone()),
        AuthError::FunctionTimedOut => form(
            S::BAD_REQUEST,
            Some(Code::ExecutionTimeLimitExceeded),
            "execution time limit exceeded",
        ),
        AuthError::LoginFunctionThrew { text } => form(S::UNAUTHORIZED, Some(Code::AuthError), text.clone()),
        AuthError::UserCreationRefused => form(S::UNAUTHORIZED, Some(Code::AuthError), "failed to create user"),
        AuthError::Store(StoreError::Unavailable(_)) | AuthError::FunctionsUnavailable => form(
            S::SERVICE_UNAVAILABLE,
            Some(Code::InternalServerError),
            "service unavailable",
        ),
        AuthError::Store(StoreError::Unexpected(_)) | AuthError::Hashing(_) => form(
            S::INTERNAL_SERVER_ERROR,
            Some(Code::InternalServerError),
            "internal server error",
        ),
    }
}

fn of_request(error: &RequestError) -> WireForm {
    use ErrorCode as Code;
    use StatusCode as S;
    match error {
        RequestError::InvalidJson => form(S::BAD_REQUEST, Some(Code::BadRequest), "invalid json"),
        RequestError::BodyTooLarge => WireForm {
            close: true,
            ..form(S::PAYLOAD_TOO_LARGE, None, "request body too large")
        },
        RequestError::BodyIncomplete => WireForm {
            close: true,
            ..form(S::REQUEST_TIMEOUT, None, "request timeout")
        },
        RequestError::UnsupportedContentType => form(S::UNSUPPORTED_MEDIA_TYPE, None, "unsupported content type"),
        RequestError::MethodNotAllowed => form(S::METHOD_NOT_ALLOWED, None, "method not allowed"),
        RequestError::PathNotFound => form(S::NOT_FOUND, None, "404 page not found"),
        RequestError::UnknownApp { id } => form(
            S::NOT_FOUND,
            None,
            format!("cannot find app using Client App ID '{id}'"),
        ),
        RequestError::OriginNotAllowed => form(S::FORBIDDEN, Some(Code::DomainNotAllowed), "origin not allowed"),
        RequestError::NotAuthenticated => form(S::UNAUTHORIZED, None, "must authenticate first"),
        RequestError::NoBearerToken => form(
            S::UNAUTHORIZED,
            None,
            "expected Authorization header with JWT (Bearer schema)",
        ),
        RequestError::InvalidAccessToken => form(S::UNAUTHORIZED, None, "unauthorized"),
        RequestError::AccessTokenExpired => form(
            S::UNAUTHORIZED,
            Some(Code::InvalidSession),
            "invalid session: access token expired",
        ),
        RequestError::TokenOfAnotherApp => form(
            S::UNAUTHORIZED,
            Some(Code::UserAppDomainMismatch),
            "the token belongs to another app",
        ),
        RequestError::InvalidRefreshToken => form(S::UNAUTHORIZED, None, "signature is invalid"),
        RequestError::NotARefreshToken => form(S::UNAUTHORIZED, None, "invalid refresh token: incorrect token type"),
        RequestError::RefreshTokenExpired => form(
            S::UNAUTHORIZED,
            Some(Code::InvalidSession),
            "invalid session: refresh token expired",
        ),
        RequestError::LinkingNotSupported => form(S::BAD_REQUEST, None, "linking is not supported"),
        RequestError::ProviderUnavailable => form(S::UNAUTHORIZED, Some(Code::InvalidSession), "unauthorized"),
        RequestError::Panicked => form(
            S::INTERNAL_SERVER_ERROR,
            Some(Code::InternalServerError),
            "internal server error",
        ),
    }
}

/// The whole table as Markdown: the error documentation is made of it, and a test compares the two.
pub fn error_table() -> String {
    use std::fmt::Write as _;
    let mut table = String::from("| status | `error_code` | `error` | when |\n|---|---|---|---|\n");
    for error in examples() {
        let form = WireForm::of(&error);
        let code = form.code.map_or("—", ErrorCode::as_str);
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
    let auth = [
        AuthError::EmailInvalid,
        AuthError::EmailTaken,
        AuthError::PasswordLength,
        AuthError::TokenMalformed,
        AuthError::TokenInvalid,
        AuthError::UserNotFound,
        AuthError::AlreadyConfirmed,
        AuthError::ConfirmationAutomatic {
            email: EmailAddress::parse("<email>").expect("it is one"),
        },
        AuthError::ConfirmationByEmail,
        AuthError::ConfirmationByFunction,
        AuthError::ConfirmationRefused {
            email: EmailAddress::parse("<email>").expect("it is one"),
        },
        AuthError::ResetByEmail,
        AuthError::ResetByFunction,
        AuthError::ResetRefused {
            email: EmailAddress::parse("<email>").expect("it is one"),
        },
        AuthError::NotMailable,
        AuthError::InvalidCredentials,
        AuthError::NotConfirmed,
        AuthError::UserDisabled,
        AuthError::SessionNotFound,
        AuthError::UserGone,
        AuthError::ProviderDisabled,
        AuthError::LoginProviderDisabled,
        AuthError::Busy {
            retry_after: std::time::Duration::from_secs(1),
        },
        AuthError::Store(StoreError::Unavailable("".into())),
        AuthError::Store(StoreError::Unexpected("".into())),
        AuthError::FunctionNotFound {
            name: doorward_core::FunctionName("<name>".to_owned()),
        },
        AuthError::FunctionNotAllowed {
            name: doorward_core::FunctionName("<name>".to_owned()),
        },
        AuthError::FunctionThrew {
            text: "<what it threw>".to_owned(),
        },
        AuthError::FunctionTimedOut,
        AuthError::LoginFunctionThrew {
            text: "<what it threw>".to_owned(),
        },
        AuthError::LoginFunctionFailed,
        AuthError::UserCreationRefused,
        AuthError::FunctionsUnavailable,
        AuthError::Hashing(doorward_core::PoolError::Stopped),
    ];
    let request = [
        RequestError::InvalidJson,
        RequestError::BodyTooLarge,
        RequestError::BodyIncomplete,
        RequestError::UnsupportedContentType,
        RequestError::MethodNotAllowed,
        RequestError::PathNotFound,
        RequestError::UnknownApp { id: "<id>".to_owned() },
        RequestError::OriginNotAllowed,
        RequestError::NotAuthenticated,
        RequestError::NoBearerToken,
        RequestError::InvalidAccessToken,
        RequestError::AccessTokenExpired,
        RequestError::TokenOfAnotherApp,
        RequestError::InvalidRefreshToken,
        RequestError::NotARefreshToken,
        RequestError::RefreshTokenExpired,
        RequestError::LinkingNotSupported,
        RequestError::ProviderUnavailable,
        RequestError::Panicked,
    ];
    auth.into_iter()
        .map(ApiError::from)
        .chain(request.into_iter().map(ApiError::from))
        .collect()
}
