//! `POST …/auth/providers/{provider}/login`. Each provider has a file with its own login.

mod custom_function;
mod email_password;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use serde::Deserialize;

use doorward_core::{DeviceId, ObjectId, Provider, SignedIn, UnknownProvider};
use doorward_wire::LoggedIn;

use crate::path_app::PathAccounts;
use crate::session::issue_access;
use crate::{Api, ApiError};

#[derive(Deserialize)]
pub(crate) struct LoginPath {
    provider: String,
}

pub(crate) async fn log_in(
    State(api): State<Api>,
    accounts: PathAccounts,
    Path(LoginPath { provider }): Path<LoginPath>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
    request: Request,
) -> Result<Json<LoggedIn>, ApiError> {
    if query.is_ok_and(|Query(pairs)| pairs.iter().any(|(key, value)| key == "link" && value == "true")) {
        return Err(ApiError::LinkingNotSupported);
    }
    let SignedIn { session, identity } = match provider.parse() {
        Ok(Provider::EmailPassword) => email_password::log_in(&api, &accounts, request).await?,
        Ok(Provider::CustomFunction) => custom_function::log_in(&api, &accounts, request).await?,
        Err(UnknownProvider) => return Err(ApiError::ProviderUnavailable),
    };
    Ok(Json(LoggedIn {
        access_token: issue_access(&api, accounts.app(), &session)?,
        refresh_token: api.keys_of(accounts.app())?.issue_refresh(&session, &identity),
        user_id: session.user.to_string(),
        device_id: session.device.to_string(),
    }))
}

/// All zeros means "none", and a malformed id is ignored: a device never decides about a login.
fn device(id: Option<&str>) -> Option<DeviceId> {
    id?.parse()
        .ok()
        .filter(|id: &ObjectId| *id != ObjectId::zero())
        .map(DeviceId)
}
