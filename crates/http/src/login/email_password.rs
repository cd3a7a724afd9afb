//! The login with an e-mail address and a password: provider `local-userpass`.

use axum::extract::Request;
use doorward_core::{AppAccounts, Credentials, EmailAddress, Password, SignedIn};
use doorward_wire::{LogIn, Text};

use super::device;
use crate::body::read_json;
use crate::{Api, ApiError};

pub(super) async fn log_in(api: &Api, accounts: &AppAccounts, request: Request) -> Result<SignedIn, ApiError> {
    let attempt = accounts.begin_login().await?;
    let body: LogIn = read_json(request, api).await?;
    Ok(attempt.log_in(&credentials(&body)?).await?)
}

/// A name or password that is missing or no string is a wrong one: the answer of a login never explains.
fn credentials(body: &LogIn) -> Result<Credentials, ApiError> {
    let text = |value: &Option<Text>| value.as_ref().and_then(Text::as_str).map(str::to_owned);
    let (Some(username), Some(password)) = (text(&body.username), text(&body.password)) else {
        return Err(ApiError::InvalidCredentials);
    };
    Ok(Credentials {
        email: EmailAddress::parse(&username).ok(),
        password: Password::new(password),
        device: device(body.device_id()),
    })
}
