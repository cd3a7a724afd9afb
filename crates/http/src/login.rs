//! `POST …/auth/providers/{provider}/login`

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest as _, Path, Query, Request, State};
use serde::Deserialize;

use doorward_core::{Credentials, EmailAddress, ObjectId, Password};
use doorward_wire::{LogIn, LoggedIn, Text};

use crate::body::JsonBody;
use crate::path_app::PathApp;
use crate::tokens::PROVIDER;
use crate::{Api, ApiError, RequestError};

#[derive(Deserialize)]
pub(crate) struct LoginPath {
    provider: String,
}

pub(crate) async fn log_in(
    State(api): State<Api>,
    app: PathApp,
    Path(LoginPath { provider }): Path<LoginPath>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
    request: Request,
) -> Result<Json<LoggedIn>, ApiError> {
    if query.is_ok_and(|Query(pairs)| pairs.iter().any(|(key, value)| key == "link" && value == "true")) {
        return Err(RequestError::LinkingNotSupported.into());
    }
    if provider != PROVIDER {
        return Err(RequestError::ProviderUnavailable.into());
    }
    let JsonBody(body) = JsonBody::<LogIn>::from_request(request, &api).await?;
    let signed_in = api.accounts.log_in(&app, &credentials(&body)?).await?;
    let session = &signed_in.session;
    let keys = &app.0.keys;
    let token_id = ObjectId::generate(api.accounts.clock(), api.accounts.entropy());
    Ok(Json(LoggedIn {
        access_token: keys.issue_access(&app, session, token_id, api.accounts.now()),
        refresh_token: keys.issue_refresh(session, signed_in.identity),
        user_id: session.user.to_string(),
        device_id: session.device.to_string(),
    }))
}

/// A name or password that is missing or no string is a wrong one: the answer of a login never explains.
fn credentials(body: &LogIn) -> Result<Credentials, ApiError> {
    let text = |value: &Option<Text>| value.as_ref().and_then(Text::as_str).map(str::to_owned);
    let (Some(username), Some(password)) = (text(&body.username), text(&body.password)) else {
        return Err(doorward_core::AuthError::InvalidCredentials.into());
    };
    // All zeros means "none", and a malformed id is ignored: a device never decides about a login.
    let device = body
        .device_id()
        .and_then(|id| id.parse::<ObjectId>().ok())
        .filter(|id| *id != ObjectId::zero());
    Ok(Credentials {
        email: EmailAddress::parse(&username).ok(),
        password: Password::new(password),
        device: device.map(doorward_core::DeviceId),
    })
}
