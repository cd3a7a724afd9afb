//! `POST …/local-userpass/reset`, `…/reset/send` and `…/reset/call`

use axum::extract::State;
use http::StatusCode;

use doorward_core::Ejson;
use doorward_wire::{CallReset, EmailOnly, ResetPassword};

use crate::body::JsonBody;
use crate::caller::RequestCaller;
use crate::path_app::PathApp;
use crate::{Api, ApiError};

use super::{email, mailed_token, password};

pub(crate) async fn reset(
    State(api): State<Api>,
    app: PathApp,
    JsonBody(body): JsonBody<ResetPassword>,
) -> Result<StatusCode, ApiError> {
    let token = mailed_token(&body.token, &body.token_id)?;
    api.accounts
        .reset_password(&app, &token, &password(&body.password))
        .await?;
    Ok(StatusCode::OK)
}

pub(crate) async fn send(
    State(api): State<Api>,
    app: PathApp,
    JsonBody(body): JsonBody<EmailOnly>,
) -> Result<StatusCode, ApiError> {
    api.accounts
        .send_reset_password_email(&app, &email(&body.email)?)
        .await?;
    Ok(StatusCode::OK)
}

pub(crate) async fn call(
    State(api): State<Api>,
    app: PathApp,
    RequestCaller(caller): RequestCaller,
    JsonBody(body): JsonBody<CallReset>,
) -> Result<StatusCode, ApiError> {
    let arguments = Ejson::from_json(body.arguments.as_json().to_owned());
    api.accounts
        .call_reset_password_function(&app, &email(&body.email)?, password(&body.password), arguments, caller)
        .await?;
    Ok(StatusCode::OK)
}
