//! Request bodies: bounded in size and time, JSON only, and refused with the answers that this wire has for it.

use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use doorward_web::RequestContext;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::{Api, ApiError};

/// A JSON object as a request body.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Api> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        Ok(Self(read_json(request, api).await?))
    }
}

/// Reads a JSON object of at most the size that its route allows.
pub(crate) async fn read_json<T: DeserializeOwned>(request: Request, api: &Api) -> Result<T, ApiError> {
    let is_json = is_json_or_absent(request.headers());
    let context = request.extensions().get::<RequestContext>();
    let limit = context
        .and_then(RequestContext::body_limit)
        .unwrap_or(api.limits.usual());
    let body = timeout(limit.time, read_bounded(request, limit.bytes))
        .await
        .map_err(|_| ApiError::BodyIncomplete)??;
    if !is_json && !body.is_empty() {
        return Err(ApiError::UnsupportedContentType);
    }
    doorward_wire::parse_object(&body).map_err(|_| ApiError::InvalidJson)
}

/// Reads the body up to the limit. What is left of a larger one is thrown away around the whole request.
async fn read_bounded(request: Request, limit: usize) -> Result<Bytes, ApiError> {
    let mut body = request.into_body();
    let mut kept = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::BodyIncomplete)?;
        let Ok(data) = frame.into_data() else { continue };
        if kept.len() + data.len() > limit {
            return Err(ApiError::BodyTooLarge);
        }
        kept.extend_from_slice(&data);
    }
    Ok(kept.freeze())
}

/// Whether the content type is JSON, with or without parameters, or is not given: native SDKs send it even without a
/// body, and the Web SDK only with one.
fn is_json_or_absent(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return true;
    };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
