//! Request bodies: bounded in size, time and memory, JSON only, and refused with the answers that this wire has for it.

use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use doorward_web::RequestContext;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body::Body as _;
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::body_memory::{BodyMemory, ReservedMemory};
use crate::{Api, ApiError};

/// What every body may take without a reservation of memory.
const FREE: usize = 16 * 1024;

/// What has to arrive of a larger body before memory is reserved for it: to announce one costs nothing.
const PROOF: usize = 4 * 1024;

/// A JSON object as a request body.
pub(crate) struct JsonBody<T>(pub(crate) T);

/// A JSON object that may be large, with the memory that is reserved for it: whoever works on the body holds both.
pub(crate) struct LargeJsonBody<T> {
    pub(crate) body: T,
    pub(crate) memory: Option<ReservedMemory>,
}

impl<T: DeserializeOwned> FromRequest<Api> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        Ok(Self(read_json(request, api).await?))
    }
}

/// Reads a JSON object of at most the size that its route allows.
pub(crate) async fn read_json<T: DeserializeOwned>(request: Request, api: &Api) -> Result<T, ApiError> {
    read(request, api, None).await.map(|read| read.body)
}

/// Reads a JSON object that may be large. Beyond what every body may take, it waits for memory.
pub(crate) async fn read_large_json<T: DeserializeOwned>(
    request: Request,
    api: &Api,
    memory: &BodyMemory,
) -> Result<LargeJsonBody<T>, ApiError> {
    read(request, api, Some(memory)).await
}

async fn read<T: DeserializeOwned>(
    request: Request,
    api: &Api,
    memory: Option<&BodyMemory>,
) -> Result<LargeJsonBody<T>, ApiError> {
    let is_json = is_json_or_absent(request.headers());
    let context = request.extensions().get::<RequestContext>();
    let limit = context
        .and_then(RequestContext::body_limit)
        .unwrap_or(api.limits.usual());
    let (body, memory) = read_bounded(request, limit.bytes, Instant::now() + limit.time, memory).await?;
    if !is_json && !body.is_empty() {
        return Err(ApiError::UnsupportedContentType);
    }
    let body = doorward_wire::parse_object(&body).map_err(|_| ApiError::InvalidJson)?;
    Ok(LargeJsonBody { body, memory })
}

/// Reads the body up to the limit. What is left of a larger one is thrown away around the whole request.
async fn read_bounded(
    request: Request,
    limit: usize,
    deadline: Instant,
    memory: Option<&BodyMemory>,
) -> Result<(Bytes, Option<ReservedMemory>), ApiError> {
    let mut body = request.into_body();
    let announced = body
        .size_hint()
        .exact()
        .map(|size| usize::try_from(size).unwrap_or(usize::MAX));
    // A body in chunks announces no size.
    let size = announced.unwrap_or(limit);
    if size > limit {
        return Err(ApiError::BodyTooLarge);
    }
    let mut reserved = None;
    let mut kept = BytesMut::new();
    loop {
        if let Some(memory) = memory
            && reserved.is_none()
            && size > FREE
            && kept.len() >= PROOF
        {
            // All of it at once: bodies that wait for each other's memory with a part of their own would wait in vain.
            reserved = Some(memory.reserve(size, deadline).await?);
            kept.reserve(size - kept.len());
        }
        let frame = timeout_at(deadline, body.frame()).await;
        let Some(frame) = frame.map_err(|_| ApiError::BodyIncomplete)? else {
            return Ok((kept.freeze(), reserved));
        };
        let frame = frame.map_err(|_| ApiError::BodyIncomplete)?;
        let Ok(data) = frame.into_data() else { continue };
        if kept.len() + data.len() > limit {
            return Err(ApiError::BodyTooLarge);
        }
        kept.extend_from_slice(&data);
    }
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
