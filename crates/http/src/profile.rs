//! `GET …/auth/profile` and `DELETE …/auth/delete`: what a signed-in user does with itself.

use axum::Json;
use axum::extract::State;
use http::StatusCode;

use doorward_core::{EmailAddress, Identity};
use doorward_wire::{Profile, ProfileData, ProfileIdentity};

use crate::bearer::SignedInUser;
use crate::{Api, ApiError};

pub(crate) async fn profile(State(api): State<Api>, signed_in: SignedInUser) -> Result<Json<Profile>, ApiError> {
    let user = api.accounts.profile(&signed_in.served.app, signed_in.user).await?;
    let identity = |identity: &Identity| ProfileIdentity {
        id: identity.id(),
        provider_type: identity.provider().name().to_owned(),
        provider_id: user.app.to_string(),
        provider_data: data(identity.email(), identity.name()),
    };
    Ok(Json(Profile {
        user_id: user.id.to_string(),
        domain_id: user.app.to_string(),
        identities: user.identities.iter().map(identity).collect(),
        data: data(user.email(), user.name()),
        kind: "normal".to_owned(),
    }))
}

fn data(email: Option<&EmailAddress>, name: Option<&str>) -> ProfileData {
    ProfileData {
        email: email.map(|email| email.as_str().to_owned()),
        name: name.map(str::to_owned),
    }
}

pub(crate) async fn delete(State(api): State<Api>, signed_in: SignedInUser) -> Result<StatusCode, ApiError> {
    api.accounts.delete_user(&signed_in.served.app, signed_in.user).await?;
    Ok(StatusCode::NO_CONTENT)
}
