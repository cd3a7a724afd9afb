//! `POST …/functions/call`

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use doorward_core::{Ejson, FunctionName};
use doorward_wire::Call;

use crate::bearer::AccessToken;
use crate::body::{LargeJsonBody, read_large_json};
use crate::path_app::PathAccounts;
use crate::{Api, ApiError};

pub(crate) async fn call(
    State(api): State<Api>,
    accounts: PathAccounts,
    token: Result<AccessToken, ApiError>,
    request: Request,
) -> Result<Response, ApiError> {
    let token = token.map_err(|error| match error {
        // Kotlin's suite expects this text for a logged-out user, on this endpoint only.
        ApiError::NoBearerToken => ApiError::InvalidAccessToken,
        other => other,
    })?;
    if token.accounts.app().object_id != accounts.app().object_id {
        return Err(ApiError::TokenOfAnotherApp);
    }
    let read = read_large_json(request, &api, api.function_call_memory()).await?;
    let LargeJsonBody::<Call> { body: call, memory } = read;
    let arguments = Ejson::from_json(call.arguments.as_json().to_owned());
    let result = accounts
        .call_function(token.caller, FunctionName(call.name), arguments)
        .await?;
    drop(memory);
    Ok(([(CONTENT_TYPE, "application/json")], result.into_string()).into_response())
}
