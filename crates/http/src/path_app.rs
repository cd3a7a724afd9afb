//! The app that a path names, as an extractor: a handler that has one knows that the app exists and that the origin may call it.

use std::ops::Deref;
use std::sync::Arc;

use axum::RequestPartsExt as _;
use axum::extract::{FromRequestParts, Path};
use http::HeaderMap;
use http::header::ORIGIN;
use http::request::Parts;
use serde::Deserialize;

use doorward_core::App;

use crate::api::ServedApp;
use crate::{Api, ApiError, RequestError};

/// The app in the path.
pub(crate) struct PathApp(pub(crate) Arc<ServedApp>);

#[derive(Deserialize)]
struct AppPath {
    app_id: String,
}

impl FromRequestParts<Api> for PathApp {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        // A path that does not decode names no app.
        let Path(AppPath { app_id }) = parts.extract().await.map_err(|_| RequestError::PathNotFound)?;
        let served = api.apps.find(&app_id).ok_or(RequestError::UnknownApp { id: app_id })?;
        check_origin(&parts.headers, &served.app)?;
        Ok(Self(Arc::clone(served)))
    }
}

impl Deref for PathApp {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0.app
    }
}

/// The app id in `/api/client/v2.0/app/{app_id}/…`.
pub(crate) fn app_id(path: &str) -> Option<&str> {
    path.strip_prefix("/api/client/v2.0/app/")?.split('/').next()
}

/// Refuses a browser whose origin the app does not list. Clients that are not browsers send no origin.
pub(crate) fn check_origin(headers: &HeaderMap, app: &App) -> Result<(), RequestError> {
    let allowed = headers
        .get(ORIGIN)
        .is_none_or(|origin| origin.to_str().is_ok_and(|origin| app.allows_origin(origin)));
    if allowed {
        Ok(())
    } else {
        Err(RequestError::OriginNotAllowed)
    }
}
