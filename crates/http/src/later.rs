//! Routes that later versions fill. They answer plainly until then. API keys, push and sync need no route here: the JSON 404 of
//! the fallback is right for them, because a 401 on `auth/api_keys` would log native users out.

use axum::extract::{Request, State};

use doorward_wire::Call;

use crate::bearer::SignedInUser;
use crate::body::read_json;
use crate::path_app::PathApp;
use crate::{Api, ApiError, RequestError};

/// `POST …/functions/call`: no app has functions yet.
pub(crate) async fn call_function(
    State(api): State<Api>,
    app: PathApp,
    signed_in: Result<SignedInUser, ApiError>,
    request: Request,
) -> Result<(), ApiError> {
    let signed_in = signed_in.map_err(|error| match error {
        // Kotlin's suite expects this text for a logged-out user, on this endpoint only.
        ApiError::Request(RequestError::NoBearerToken) => RequestError::InvalidAccessToken.into(),
        other => other,
    })?;
    if signed_in.served.app.object_id != app.object_id {
        return Err(RequestError::TokenOfAnotherApp.into());
    }
    let call: Call = read_json(request, &api).await?;
    Err(RequestError::FunctionNotFound { name: call.name }.into())
}
