//! `POST …/local-userpass/confirm`, `…/confirm/send` and `…/confirm/call`

use http::StatusCode;

use doorward_wire::{ConfirmUser, EmailOnly};

use crate::ApiError;
use crate::body::JsonBody;
use crate::path_app::PathAccounts;

use super::{email, mailed_token};

pub(crate) async fn confirm(
    accounts: PathAccounts,
    JsonBody(body): JsonBody<ConfirmUser>,
) -> Result<StatusCode, ApiError> {
    accounts
        .confirm_user(&mailed_token(&body.token, &body.token_id)?)
        .await?;
    Ok(StatusCode::OK)
}

pub(crate) async fn send(accounts: PathAccounts, JsonBody(body): JsonBody<EmailOnly>) -> Result<StatusCode, ApiError> {
    accounts.resend_confirmation(&email(&body.email)?).await?;
    Ok(StatusCode::OK)
}

pub(crate) async fn call(accounts: PathAccounts, JsonBody(body): JsonBody<EmailOnly>) -> Result<StatusCode, ApiError> {
    accounts.retry_custom_confirmation(&email(&body.email)?).await?;
    Ok(StatusCode::OK)
}
