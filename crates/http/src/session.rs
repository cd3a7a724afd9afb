//! `POST` and `DELETE …/auth/session`. The paths carry no app id: the app stands in the token.

use axum::Json;
use axum::extract::State;
use http::StatusCode;

use doorward_core::{App, ObjectId, Session};
use doorward_wire::AccessToken;

use crate::bearer::RefreshableSession;
use crate::{Api, ApiError};

/// A new access token. The refresh token stays the same: clients could not store another.
pub(crate) async fn refresh(
    State(api): State<Api>,
    bearer: RefreshableSession,
) -> Result<(StatusCode, Json<AccessToken>), ApiError> {
    let session = bearer.accounts.refresh(bearer.session).await?;
    let access_token = issue_access(&api, bearer.accounts.app(), &session)?;
    Ok((StatusCode::CREATED, Json(AccessToken { access_token })))
}

pub(crate) async fn log_out(bearer: RefreshableSession) -> Result<StatusCode, ApiError> {
    bearer.accounts.log_out(bearer.session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A new access token for a session.
pub(crate) fn issue_access(api: &Api, app: &App, session: &Session) -> Result<String, ApiError> {
    let accounts = &api.accounts;
    let token_id = ObjectId::generate(accounts.clock(), accounts.entropy());
    Ok(api.keys_of(app)?.issue_access(app, session, token_id, accounts.now()))
}
