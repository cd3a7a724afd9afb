//! `POST …/local-userpass/reset`, `…/reset/send` and `…/reset/call`

use axum::extract::{Request, State};
use http::StatusCode;

use doorward_core::Ejson;
use doorward_wire::{CallReset, EmailOnly, ResetPassword};

use crate::body::{JsonBody, LargeJsonBody, read_large_json};
use crate::path_app::PathAccounts;
use crate::{Api, ApiError};

use super::{email, mailed_token, password};

pub(crate) async fn reset(
    accounts: PathAccounts,
    JsonBody(body): JsonBody<ResetPassword>,
) -> Result<StatusCode, ApiError> {
    let token = mailed_token(&body.token, &body.token_id)?;
    accounts.reset_password(&token, &password(&body.password)).await?;
    Ok(StatusCode::OK)
}

pub(crate) async fn send(accounts: PathAccounts, JsonBody(body): JsonBody<EmailOnly>) -> Result<StatusCode, ApiError> {
    accounts.send_reset_password_email(&email(&body.email)?).await?;
    Ok(StatusCode::OK)
}

pub(crate) async fn call(
    State(api): State<Api>,
    accounts: PathAccounts,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let read = read_large_json(request, &api, api.function_memory()).await?;
    let LargeJsonBody::<CallReset> { body, memory } = read;
    let arguments = Ejson::from_json(body.arguments.as_json().to_owned());
    accounts
        .call_reset_password_function(&email(&body.email)?, password(&body.password), arguments)
        .await?;
    drop(memory);
    Ok(StatusCode::OK)
}
