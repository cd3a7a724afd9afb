//! The accounts of the app that a path names, as an extractor: a handler that has them knows that the app exists
//! and that the origin may call it.

use std::ops::Deref;

use axum::extract::{FromRequestParts, Path, Request};
use axum::{RequestExt as _, RequestPartsExt as _};
use doorward_core::{Actor, App, AppAccounts, Apps};
use doorward_web::{RequestContext, client_request};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ORIGIN, TRANSFER_ENCODING};
use http::request::Parts;
use serde::Deserialize;

use crate::{Api, ApiError};

/// The accounts of the app in the path, for the client that sent the request.
pub(crate) struct PathAccounts(AppAccounts);

#[derive(Deserialize)]
pub(crate) struct AppPath {
    app_id: String,
}

/// Remembers the app in the path for the request, even if it fails later: the `link` of an error names
/// the app, and CORS needs it.
pub(crate) async fn remember(request: &mut Request, context: &RequestContext, apps: &Apps) {
    // A path that does not decode names no app.
    if let Ok(Path(AppPath { app_id })) = request.extract_parts().await
        && let Some(app) = apps.find(&app_id)
    {
        context.is_for(&app);
    }
}

impl FromRequestParts<Api> for PathAccounts {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        // A path that does not decode names no app.
        let Path(AppPath { app_id }) = parts.extract().await.map_err(|_| ApiError::PathNotFound)?;
        // The app that `remember` found, so that a request sees one revision of its app.
        let remembered = RequestContext::of(parts).and_then(|context| context.app().cloned());
        let app = remembered.or_else(|| api.apps().find(&app_id));
        let app = app.ok_or(ApiError::UnknownApp { id: app_id })?;
        check_origin(&parts.headers, &app)?;
        Ok(Self(api.accounts.of(app, client(parts))))
    }
}

impl Deref for PathAccounts {
    type Target = AppAccounts;

    fn deref(&self) -> &AppAccounts {
        &self.0
    }
}

/// The client that sent the request of these parts.
pub(crate) fn client(parts: &Parts) -> Actor {
    match RequestContext::of(parts) {
        Some(context) => Actor::client(client_request(parts, context)),
        None => Actor::System,
    }
}

/// Refuses a browser whose origin the app does not list, and one that sends a body without its type: a page of any
/// origin can make a browser send such a request without a preflight. Clients that are not browsers send no origin.
pub(crate) fn check_origin(headers: &HeaderMap, app: &App) -> Result<(), ApiError> {
    if headers.contains_key(ORIGIN) && !headers.contains_key(CONTENT_TYPE) && announces_body(headers) {
        return Err(ApiError::UnsupportedContentType);
    }
    let allowed = headers
        .get(ORIGIN)
        .is_none_or(|origin| origin.to_str().is_ok_and(|origin| app.allows_origin(origin)));
    if allowed {
        Ok(())
    } else {
        Err(ApiError::OriginNotAllowed)
    }
}

fn announces_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0")
}
