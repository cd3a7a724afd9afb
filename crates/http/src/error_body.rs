//! What surrounds the API: says how large a body may be, finds out which app the request is for, and writes the JSON
//! body of every error, whose `link` names the request and the app.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use doorward_core::Causes;
use doorward_web::RequestContext;
use doorward_wire::ErrorBody;
use http::HeaderValue;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};

use crate::error::ErrorAnswer;
use crate::error_table::WireForm;
use crate::{Api, ApiError, path_app};

/// The outermost middleware of the API.
pub(crate) async fn write(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let context = request.extensions().get::<RequestContext>().cloned();
    if let Some(context) = &context {
        context.limit_body(api.limits.usual());
        path_app::remember(&mut request, context, api.apps()).await;
    }
    let mut response = next.run(request).await;
    let Some(ErrorAnswer(error)) = response.extensions_mut().remove() else {
        return response;
    };
    let form = WireForm::of(&error);
    log(&error, &form);
    let app = context.as_ref().and_then(RequestContext::app);
    let link = context
        .as_ref()
        .map(|context| api.links.error(app.map(|app| &**app), context.id()));
    let headers = std::mem::take(response.headers_mut());
    let mut response = error_response(&form, link.unwrap_or_default());
    // What inner layers set, such as CORS, stays on the error: without it a browser hides the body.
    for (name, value) in &headers {
        if name != CONTENT_LENGTH && name != CONTENT_TYPE {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

fn error_response(form: &WireForm, link: String) -> Response {
    let body = ErrorBody {
        error: form.text.to_string(),
        error_code: form.code.clone(),
        link,
    };
    let mut response = (form.status, axum::Json(body)).into_response();
    if let Some(seconds) = form.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if form.close {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// One line per failure of ours; what a client did wrong is for the metrics and the debug level. The span
/// has the request's id and route.
fn log(error: &ApiError, form: &WireForm) {
    let status = form.status.as_u16();
    if form.status.is_server_error() {
        tracing::error!(status, error = %Causes(error), "a request failed");
    } else {
        tracing::debug!(status, error = %Causes(error), "a request was refused");
    }
}
