//! Forms, bounded in size and time; a form that is refused leads to an error page.

use std::time::Duration;

use axum::Form;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::page_error::PageError;

/// How long a form may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// A submitted form.
pub(crate) struct PageForm<T>(pub(crate) T);

impl<S, T> FromRequest<S> for PageForm<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = PageError;

    async fn from_request(request: Request, state: &S) -> Result<Self, PageError> {
        match timeout(ARRIVAL, Form::<T>::from_request(request, state)).await {
            Ok(Ok(Form(form))) => Ok(Self(form)),
            Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(PageError::FormTooLarge),
            Ok(Err(_)) => Err(PageError::FormUnreadable),
            Err(_) => Err(PageError::FormIncomplete),
        }
    }
}
