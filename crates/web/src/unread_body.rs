//! What a handler has not read of a request's body. A client that is still writing when its refusal comes,
//! and then finds the connection closed, sees a broken connection instead of the refusal; so a bounded
//! remainder is read and thrown away first.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

/// Gets back what is left of a body when its reader drops it.
#[derive(Default)]
pub(crate) struct UnreadBody(Arc<Mutex<Option<Rest>>>);

struct Rest {
    body: Body,
    seen: usize,
}

impl UnreadBody {
    /// Lends the body of a request.
    pub(crate) fn lend(request: Request) -> (Self, Request) {
        let unread = Self::default();
        let slot = Arc::clone(&unread.0);
        let lent = request.map(|body| {
            Body::new(Lent {
                rest: Some(Rest { body, seen: 0 }),
                slot,
            })
        });
        (unread, lent)
    }

    /// Reads the remainder until the whole body, read and thrown away, has reached `limit` bytes or the time is over.
    pub(crate) async fn discard(self, limit: usize, time: Duration) {
        let rest = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Rest { mut body, mut seen }) = rest else {
            return;
        };
        // However it ends, the answer follows: this was a courtesy.
        let _ = timeout(time, async {
            while seen <= limit {
                match body.frame().await {
                    Some(Ok(frame)) => seen += frame.data_ref().map_or(0, Bytes::len),
                    Some(Err(_)) | None => break,
                }
            }
        })
        .await;
    }
}

/// A body that finds its way back.
struct Lent {
    /// Only taken by drop.
    rest: Option<Rest>,
    slot: Arc<Mutex<Option<Rest>>>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(&mut rest.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            rest.seen += frame.data_ref().map_or(0, Bytes::len);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.rest.as_ref().is_none_or(|rest| rest.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.rest
            .as_ref()
            .map_or_else(SizeHint::default, |rest| rest.body.size_hint())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(rest) = self.rest.take().filter(|rest| !rest.body.is_end_stream()) {
            *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(rest);
        }
    }
}
