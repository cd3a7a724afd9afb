//! The two kinds of bearer token as extractors: a handler that has one may act for that user, a handler without cannot.
//! Only the endpoints that need a token read the header at all: the Web SDK sends stale ones everywhere else.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use doorward_core::{App, AppAccounts, SessionId, SignedInUser};
use doorward_tokens::UnverifiedToken;
use doorward_web::RequestContext;

use crate::path_app::{check_origin, client};
use crate::{Api, ApiError};

/// The user and the session of a valid access token. The flow checks whether the session has ended.
pub(crate) struct AccessToken {
    pub(crate) accounts: AppAccounts,
    pub(crate) caller: SignedInUser,
}

/// The session of a valid refresh token. The flow checks whether it has ended.
pub(crate) struct RefreshableSession {
    pub(crate) accounts: AppAccounts,
    pub(crate) session: SessionId,
}

impl FromRequestParts<Api> for AccessToken {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let token = bearer_token(&parts.headers)?;
        let token = UnverifiedToken::parse(token).ok_or(ApiError::InvalidAccessToken)?;
        let app = app_of_token(parts, api, &token).ok_or(ApiError::InvalidAccessToken)?;
        check_origin(&parts.headers, &app)?;
        let caller = api.keys_of(&app)?.verify_access(&token, &app, api.accounts.now())?;
        let accounts = api.accounts.of(app, client(parts));
        Ok(Self { accounts, caller })
    }
}

impl FromRequestParts<Api> for RefreshableSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let token = bearer_token(&parts.headers)?;
        let token = UnverifiedToken::parse(token).ok_or(ApiError::InvalidRefreshToken)?;
        let app = app_of_token(parts, api, &token).ok_or(ApiError::InvalidRefreshToken)?;
        check_origin(&parts.headers, &app)?;
        let session = api.keys_of(&app)?.verify_refresh(&token, &app, api.accounts.now())?;
        let accounts = api.accounts.of(app, client(parts));
        Ok(Self { accounts, session })
    }
}

/// The token in `Authorization: Bearer …`. The scheme is case-insensitive (RFC 9110 §11.1).
fn bearer_token(headers: &HeaderMap) -> Result<&str, ApiError> {
    let header = headers.get(AUTHORIZATION).ok_or(ApiError::NotAuthenticated)?;
    let (scheme, token) = header
        .to_str()
        .ok()
        .and_then(|header| header.trim().split_once(' '))
        .ok_or(ApiError::NoBearerToken)?;
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
        Ok(token)
    } else {
        Err(ApiError::NoBearerToken)
    }
}

/// The app that a token claims to be of: these paths carry no app id. The claim only
/// chooses the key that then checks it.
fn app_of_token(parts: &Parts, api: &Api, token: &UnverifiedToken<'_>) -> Option<Arc<App>> {
    let app = api.apps().find_by_object_id(token.app()?)?;
    if let Some(context) = RequestContext::of(parts) {
        context.is_for(&app);
    }
    Some(app)
}
