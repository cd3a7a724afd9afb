//! `POST …/local-userpass/register`

use axum::extract::State;
use http::StatusCode;

use doorward_wire::Register;

use crate::body::JsonBody;
use crate::caller::RequestCaller;
use crate::path_app::PathApp;
use crate::{Api, ApiError};

use super::{email, password};

pub(crate) async fn register(
    State(api): State<Api>,
    app: PathApp,
    RequestCaller(caller): RequestCaller,
    JsonBody(body): JsonBody<Register>,
) -> Result<StatusCode, ApiError> {
    api.accounts
        .register(&app, email(&body.email)?, &password(&body.password), caller)
        .await?;
    Ok(StatusCode::CREATED)
}
