//! `POST` and `DELETE …/auth/session`. The paths carry no app id: the app stands in the token.

use axum::Json;
use axum::extract::State;
use http::StatusCode;

use doorward_core::ObjectId;
use doorward_wire::AccessToken;

use crate::bearer::RefreshableSession;
use crate::{Api, ApiError};

/// A new access token. The refresh token stays the same: clients could not store another.
pub(crate) async fn refresh(
    State(api): State<Api>,
    bearer: RefreshableSession,
) -> Result<(StatusCode, Json<AccessToken>), ApiError> {
    let app = &bearer.served.app;
    let session = api.accounts.refresh(app, bearer.session).await?;
    let token_id = ObjectId::generate(api.accounts.clock(), api.accounts.entropy());
    let access_token = bearer
        .served
        .keys
        .issue_access(app, &session, token_id, api.accounts.now());
    Ok((StatusCode::CREATED, Json(AccessToken { access_token })))
}

pub(crate) async fn log_out(State(api): State<Api>, bearer: RefreshableSession) -> Result<StatusCode, ApiError> {
    api.accounts.log_out(&bearer.served.app, bearer.session).await?;
    Ok(StatusCode::NO_CONTENT)
}
