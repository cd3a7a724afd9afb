//! The two kinds of bearer token as extractors: a handler that has one may act for that user, a handler without cannot.
//! Only the endpoints that need a token look at the header at all: the Web SDK sends stale ones everywhere else.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use doorward_core::{SessionId, UserId};
use doorward_wire::{ACCESS, TypeClaim};

use crate::api::ServedApp;
use crate::path_app::check_origin;
use crate::request_scope::RequestScope;
use crate::tokens::peek;
use crate::{Api, ApiError, RequestError};

/// The user of a valid access token.
pub(crate) struct SignedInUser {
    pub(crate) served: Arc<ServedApp>,
    pub(crate) user: UserId,
}

/// The session of a valid refresh token. Whether it still goes on is for the flow to find out.
pub(crate) struct RefreshableSession {
    pub(crate) served: Arc<ServedApp>,
    pub(crate) session: SessionId,
}

impl FromRequestParts<Api> for SignedInUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let token = bearer_token(&parts.headers)?;
        let unchecked = peek(token).ok_or(RequestError::InvalidAccessToken)?;
        let served = app_of_token(parts, api, &unchecked).ok_or(RequestError::InvalidAccessToken)?;
        check_origin(&parts.headers, &served.app)?;
        let claims = served.keys.verify_access(token, &served.app, api.accounts.now())?;
        let user = claims.sub.parse().map_err(|_| RequestError::InvalidAccessToken)?;
        Ok(Self { served, user })
    }
}

impl FromRequestParts<Api> for RefreshableSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let token = bearer_token(&parts.headers)?;
        let unchecked = peek(token).ok_or(RequestError::InvalidRefreshToken)?;
        let served = app_of_token(parts, api, &unchecked).ok_or(RequestError::InvalidRefreshToken)?;
        check_origin(&parts.headers, &served.app)?;
        // Refused either way; the text is for whoever mixed them up.
        if unchecked.typ == ACCESS {
            return Err(RequestError::NotARefreshToken.into());
        }
        let claims = served.keys.verify_refresh(token, &served.app, api.accounts.now())?;
        let session = claims.baas_id.parse().map_err(|_| RequestError::InvalidRefreshToken)?;
        Ok(Self { served, session })
    }
}

/// The token in `Authorization: Bearer …`. The scheme is case-insensitive (RFC 9110 §11.1).
fn bearer_token(headers: &HeaderMap) -> Result<&str, RequestError> {
    let header = headers.get(AUTHORIZATION).ok_or(RequestError::NotAuthenticated)?;
    let (scheme, token) = header
        .to_str()
        .ok()
        .and_then(|header| header.trim().split_once(' '))
        .ok_or(RequestError::NoBearerToken)?;
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
        Ok(token)
    } else {
        Err(RequestError::NoBearerToken)
    }
}

/// The app that a token claims to be of: these paths carry no app id. The claim only chooses the key that then checks it.
fn app_of_token(parts: &Parts, api: &Api, unchecked: &TypeClaim) -> Option<Arc<ServedApp>> {
    let served = api.apps.find_by_object_id(unchecked.baas_domain_id.parse().ok()?)?;
    RequestScope::of(parts).is_for(served);
    Some(Arc::clone(served))
}
