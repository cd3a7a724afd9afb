//! `POST …/functions/call`

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use doorward_core::{Ejson, FunctionName};
use doorward_wire::Call;

use crate::bearer::SignedInUser;
use crate::body::read_json;
use crate::caller::RequestCaller;
use crate::path_app::PathApp;
use crate::{Api, ApiError, RequestError};

pub(crate) async fn call(
    State(api): State<Api>,
    app: PathApp,
    signed_in: Result<SignedInUser, ApiError>,
    RequestCaller(caller): RequestCaller,
    request: Request,
) -> Result<Response, ApiError> {
    let signed_in = signed_in.map_err(|error| match error {
        // Kotlin's suite expects this text for a logged-out user, on this endpoint only.
        ApiError::Request(RequestError::NoBearerToken) => RequestError::InvalidAccessToken.into(),
        other => other,
    })?;
    if signed_in.served.app.object_id != app.object_id {
        return Err(RequestError::TokenOfAnotherApp.into());
    }
    let call: Call = read_json(request, &api).await?;
    let arguments = Ejson::from_json(call.arguments.as_json().to_owned());
    let result = api
        .accounts
        .call_function(&app, signed_in.user, FunctionName(call.name), arguments, caller)
        .await?;
    Ok(([(CONTENT_TYPE, "application/json")], result.into_json()).into_response())
}
