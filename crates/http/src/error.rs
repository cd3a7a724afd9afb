//! Errors on their way out of a handler. They become JSON in [`crate::request_scope`], where the request's id and app are known.

use std::any::Any;

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use doorward_core::AuthError;

/// Anything that a handler or an extractor can refuse with.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// A flow refused.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The request itself is not acceptable.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// What can be wrong with a request before any flow sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The body is not the JSON object that the endpoint takes.
    #[error("the body is not the expected JSON object")]
    InvalidJson,
    /// The body is larger than the limit.
    #[error("the body is too large")]
    BodyTooLarge,
    /// The body did not arrive in time, or broke off.
    #[error("the body did not arrive")]
    BodyIncomplete,
    /// The body has another content type than JSON.
    #[error("the content type is not JSON")]
    UnsupportedContentType,
    /// The path exists, but not with this method.
    #[error("the method is not allowed")]
    MethodNotAllowed,
    /// There is no such path.
    #[error("there is no such path")]
    PathNotFound,
    /// No app has this id.
    #[error("there is no such app")]
    UnknownApp {
        /// The id in the path.
        id: String,
    },
    /// The app does not allow this origin.
    #[error("the origin is not allowed")]
    OriginNotAllowed,
    /// There is no `Authorization` header.
    #[error("there is no authorization header")]
    NotAuthenticated,
    /// The `Authorization` header has no bearer token.
    #[error("the authorization header has no bearer token")]
    NoBearerToken,
    /// The access token is not one of ours.
    #[error("the access token is not valid")]
    InvalidAccessToken,
    /// The access token has expired.
    #[error("the access token has expired")]
    AccessTokenExpired,
    /// The token belongs to another app than the path names.
    #[error("the token belongs to another app")]
    TokenOfAnotherApp,
    /// The refresh token is not one of ours.
    #[error("the refresh token is not valid")]
    InvalidRefreshToken,
    /// An access token came where a refresh token belongs.
    #[error("an access token was sent as a refresh token")]
    NotARefreshToken,
    /// The refresh token has expired.
    #[error("the refresh token has expired")]
    RefreshTokenExpired,
    /// Linking comes in a later version.
    #[error("linking is not supported")]
    LinkingNotSupported,
    /// The provider is not one that this app can log in with.
    #[error("the provider is not available")]
    ProviderUnavailable,
    /// A handler panicked.
    #[error("a handler panicked")]
    Panicked,
}

/// Rides in the extensions of a response until the middleware writes the body.
#[derive(Clone)]
pub(crate) struct ErrorAnswer(pub(crate) std::sync::Arc<ApiError>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(ErrorAnswer(std::sync::Arc::new(self)));
        response
    }
}

impl IntoResponse for RequestError {
    fn into_response(self) -> Response {
        ApiError::from(self).into_response()
    }
}

/// The answer on a path that nobody serves.
pub(crate) async fn path_not_found() -> RequestError {
    RequestError::PathNotFound
}

/// The answer on a known path with another method.
pub(crate) async fn method_not_allowed() -> RequestError {
    RequestError::MethodNotAllowed
}

/// The answer when a handler panicked: the process and the connection go on.
pub(crate) fn panicked(_: Box<dyn Any + Send>) -> Response {
    RequestError::Panicked.into_response()
}
