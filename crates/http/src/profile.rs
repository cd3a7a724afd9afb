//! `GET …/auth/profile` and `DELETE …/auth/delete`: what a signed-in user does with itself.

use axum::Json;
use axum::extract::State;
use http::StatusCode;

use doorward_wire::{Profile, ProfileData, ProfileIdentity};

use crate::bearer::SignedInUser;
use crate::tokens::PROVIDER;
use crate::{Api, ApiError};

pub(crate) async fn profile(State(api): State<Api>, signed_in: SignedInUser) -> Result<Json<Profile>, ApiError> {
    let user = api.accounts.profile(&signed_in.served.app, signed_in.user).await?;
    let data = ProfileData {
        email: user.email.as_str().to_owned(),
    };
    let identity = ProfileIdentity {
        id: user.identity.to_string(),
        provider_type: PROVIDER.to_owned(),
        provider_id: user.app.to_string(),
        provider_data: data.clone(),
    };
    Ok(Json(Profile {
        user_id: user.id.to_string(),
        domain_id: user.app.to_string(),
        identities: vec![identity],
        data,
        kind: "normal".to_owned(),
    }))
}

pub(crate) async fn delete(State(api): State<Api>, signed_in: SignedInUser) -> Result<StatusCode, ApiError> {
    api.accounts.delete_user(&signed_in.served.app, signed_in.user).await?;
    Ok(StatusCode::NO_CONTENT)
}
