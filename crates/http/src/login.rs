//! `POST …/auth/providers/{provider}/login`

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use serde::Deserialize;

use doorward_core::{Credentials, DeviceId, Ejson, EmailAddress, ObjectId, Password, Provider, UnknownProvider};
use doorward_wire::{FunctionLogIn, LogIn, LoggedIn, Text};

use crate::body::read_json;
use crate::caller::RequestCaller;
use crate::path_app::PathApp;
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
    RequestCaller(caller): RequestCaller,
    request: Request,
) -> Result<Json<LoggedIn>, ApiError> {
    if query.is_ok_and(|Query(pairs)| pairs.iter().any(|(key, value)| key == "link" && value == "true")) {
        return Err(RequestError::LinkingNotSupported.into());
    }
    let signed_in = match provider.parse() {
        Ok(Provider::EmailPassword) => {
            let body: LogIn = read_json(request, &api).await?;
            api.accounts.log_in(&app, &credentials(&body)?, caller).await?
        }
        Ok(Provider::CustomFunction) if app.login_function.is_some() => {
            let body: FunctionLogIn = read_json(request, &api).await?;
            let payload = Ejson::from_json(body.payload().to_owned());
            let device = device(body.device_id());
            api.accounts.log_in_by_function(&app, payload, device, caller).await?
        }
        Ok(Provider::CustomFunction) | Err(UnknownProvider) => return Err(RequestError::ProviderUnavailable.into()),
    };
    let session = &signed_in.session;
    let keys = &app.0.keys;
    let token_id = ObjectId::generate(api.accounts.clock(), api.accounts.entropy());
    Ok(Json(LoggedIn {
        access_token: keys.issue_access(&app, session, token_id, api.accounts.now()),
        refresh_token: keys.issue_refresh(session, &signed_in.identity),
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
    Ok(Credentials {
        email: EmailAddress::parse(&username).ok(),
        password: Password::new(password),
        device: device(body.device_id()),
    })
}

/// All zeros means "none", and a malformed id is ignored: a device never decides about a login.
fn device(id: Option<&str>) -> Option<DeviceId> {
    id?.parse()
        .ok()
        .filter(|id: &ObjectId| *id != ObjectId::zero())
        .map(DeviceId)
}
