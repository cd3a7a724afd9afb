//! `GET …/auth/profile` and `DELETE …/auth/delete`: what signed-in users do with their own accounts.

use axum::Json;
use http::StatusCode;

use doorward_core::Identity;
use doorward_wire::{Profile, ProfileData, ProfileIdentity};

use crate::ApiError;
use crate::bearer::AccessToken;

pub(crate) async fn profile(token: AccessToken) -> Result<Json<Profile>, ApiError> {
    let user = token.accounts.profile(token.caller).await?;
    let identity = |identity: &Identity| ProfileIdentity {
        id: identity.id.as_str().to_owned(),
        provider_type: identity.provider.name().to_owned(),
        provider_id: user.app.to_string(),
        provider_data: data(identity.profile.email.as_deref(), identity.profile.name.as_deref()),
    };
    Ok(Json(Profile {
        user_id: user.id.to_string(),
        domain_id: user.app.to_string(),
        identities: user.identities.iter().map(identity).collect(),
        data: data(user.email(), user.name()),
        kind: "normal".to_owned(),
    }))
}

fn data(email: Option<&str>, name: Option<&str>) -> ProfileData {
    ProfileData {
        email: email.map(str::to_owned),
        name: name.map(str::to_owned),
        ..ProfileData::default()
    }
}

pub(crate) async fn delete(token: AccessToken) -> Result<StatusCode, ApiError> {
    token.accounts.delete_own_account(token.caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
