//! The login by a function of the app's owner: provider `custom-function`.

use axum::extract::Request;
use doorward_core::{AppAccounts, Ejson, SignedIn};
use doorward_web::RequestContext;
use doorward_wire::FunctionLogIn;

use super::device;
use crate::body::{LargeJsonBody, read_large_json};
use crate::{Api, ApiError};

pub(super) async fn log_in(api: &Api, accounts: &AppAccounts, request: Request) -> Result<SignedIn, ApiError> {
    // Before the body is read: an app without a login function has no such provider.
    if accounts.app().providers.custom_function.is_none() {
        return Err(ApiError::ProviderUnavailable);
    }
    let attempt = accounts.begin_login().await?;
    if let Some(context) = request.extensions().get::<RequestContext>() {
        context.limit_body(api.limits.function());
    }
    let read = read_large_json(request, api, api.function_memory()).await?;
    let LargeJsonBody::<FunctionLogIn> { body, memory } = read;
    let payload = Ejson::from_json(body.payload().to_owned());
    let device = device(body.device_id());
    let signed_in = attempt.log_in_by_function(payload, device).await?;
    drop(memory);
    Ok(signed_in)
}
