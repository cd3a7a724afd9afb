//! The login by a function of the app's owner: provider `custom-function`.

use axum::extract::Request;
use doorward_core::{AppAccounts, Ejson, SignedIn};
use doorward_wire::FunctionLogIn;

use super::device;
use crate::body::read_json;
use crate::{Api, ApiError};

pub(super) async fn log_in(api: &Api, accounts: &AppAccounts, request: Request) -> Result<SignedIn, ApiError> {
    // Before the body is read: an app without a login function has no such provider.
    if accounts.app().providers.custom_function.is_none() {
        return Err(ApiError::ProviderUnavailable);
    }
    let attempt = accounts.begin_login().await?;
    let body: FunctionLogIn = read_json(request, api).await?;
    let payload = Ejson::from_json(body.payload().to_owned());
    let device = device(body.device_id());
    Ok(attempt.log_in_by_function(payload, device).await?)
}
