//! `POST …/local-userpass/reset`, `…/reset/send` and `…/reset/call`

use http::StatusCode;

use doorward_core::Ejson;
use doorward_wire::{CallReset, EmailOnly, ResetPassword};

use crate::ApiError;
use crate::body::JsonBody;
use crate::path_app::PathAccounts;

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

pub(crate) async fn call(accounts: PathAccounts, JsonBody(body): JsonBody<CallReset>) -> Result<StatusCode, ApiError> {
    let arguments = Ejson::from_json(body.arguments.as_json().to_owned());
    accounts
        .call_reset_password_function(&email(&body.email)?, password(&body.password), arguments)
        .await?;
    Ok(StatusCode::OK)
}
