//! `POST …/local-userpass/register`

use http::StatusCode;

use doorward_wire::Register;

use crate::ApiError;
use crate::body::JsonBody;
use crate::path_app::PathAccounts;

use super::{email, password};

pub(crate) async fn register(
    accounts: PathAccounts,
    JsonBody(body): JsonBody<Register>,
) -> Result<StatusCode, ApiError> {
    accounts
        .register(email(&body.email)?, &password(&body.password))
        .await?;
    Ok(StatusCode::CREATED)
}
