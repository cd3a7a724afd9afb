//! `POST …/local-userpass/confirm`, `…/confirm/send` and `…/confirm/call`

use axum::extract::State;
use http::StatusCode;

use doorward_wire::{ConfirmUser, EmailOnly};

use crate::body::JsonBody;
use crate::caller::RequestCaller;
use crate::path_app::PathApp;
use crate::{Api, ApiError};

use super::{email, mailed_token};

pub(crate) async fn confirm(
    State(api): State<Api>,
    app: PathApp,
    JsonBody(body): JsonBody<ConfirmUser>,
) -> Result<StatusCode, ApiError> {
    api.accounts
        .confirm_user(&app, &mailed_token(&body.token, &body.token_id)?)
        .await?;
    Ok(StatusCode::OK)
}

pub(crate) async fn send(
    State(api): State<Api>,
    app: PathApp,
    JsonBody(body): JsonBody<EmailOnly>,
) -> Result<StatusCode, ApiError> {
    api.accounts.resend_confirmation(&app, &email(&body.email)?).await?;
    Ok(StatusCode::OK)
}

pub(crate) async fn call(
    State(api): State<Api>,
    app: PathApp,
    RequestCaller(caller): RequestCaller,
    JsonBody(body): JsonBody<EmailOnly>,
) -> Result<StatusCode, ApiError> {
    api.accounts
        .retry_custom_confirmation(&app, &email(&body.email)?, caller)
        .await?;
    Ok(StatusCode::OK)
}
