//! Identities: in which table each kind is stored, and the JSON of their profiles.

use doorward_core::{Identity, Profile, VerifiedIdentity};
use serde::{Deserialize, Serialize};

use super::db::query;
use super::{Connection, db, rows};

/// The row of an identity that was verified, and what still has to be true of it.
pub(super) struct Standing {
    /// The table. Each of them has `app_id`, `user_id` and `planned_user_id`.
    pub(super) table: &'static str,
    /// A condition on a row `i`, with the parameters $1 to $3.
    pub(super) condition: &'static str,
    /// The values of $1 to $3.
    pub(super) values: [String; 3],
}

impl Standing {
    pub(super) fn of(identity: &VerifiedIdentity) -> Self {
        match identity {
            VerifiedIdentity::Email(registration) => Self {
                table: "registrations",
                condition: "i.app_id = $1 AND i.id = $2 AND i.password_hash = $3 AND i.confirmed_at IS NOT NULL",
                values: [
                    registration.app.to_string(),
                    registration.id.to_string(),
                    registration.password.as_phc().to_owned(),
                ],
            },
            VerifiedIdentity::External { app, identity } => Self {
                table: "identities",
                condition: "i.app_id = $1 AND i.external_id = $2 AND i.provider = $3",
                values: [
                    app.to_string(),
                    identity.id.as_str().to_owned(),
                    identity.provider.name().to_owned(),
                ],
            },
        }
    }
}

/// A profile as it is stored.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct StoredProfile {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl StoredProfile {
    /// What a row of `identities` holds about a profile.
    pub(super) fn encode(profile: &Profile) -> db::Result<String> {
        serde_json::to_string(&Self::from(profile)).map_err(|error| db::Error::Encode(error.into()))
    }

    /// The profile in a column of a row of `identities`.
    pub(super) fn decode(text: &str, column: &str) -> db::Result<Profile> {
        let stored: Self = serde_json::from_str(text).map_err(|error| rows::malformed(column, error))?;
        Ok(stored.into())
    }
}

impl From<&Profile> for StoredProfile {
    fn from(profile: &Profile) -> Self {
        Self {
            email: profile.email.clone(),
            name: profile.name.clone(),
        }
    }
}

impl From<StoredProfile> for Profile {
    fn from(stored: StoredProfile) -> Self {
        Self {
            email: stored.email,
            name: stored.name,
        }
    }
}

/// Stores what the provider of an external identity said last. Only a profile that differs is written, so that logins
/// do not wait for each other.
pub(super) async fn update_profile(connection: &mut Connection, identity: &VerifiedIdentity) -> db::Result<()> {
    let VerifiedIdentity::External {
        identity: Identity { profile, .. },
        ..
    } = identity
    else {
        return Ok(());
    };
    let [app, id, provider] = Standing::of(identity).values;
    query(
        "UPDATE identities SET profile = $4
         WHERE app_id = $1 AND external_id = $2 AND provider = $3 AND profile <> $4",
    )
    .bind(app)
    .bind(id)
    .bind(provider)
    .bind(StoredProfile::encode(profile)?)
    .execute(connection)
    .await?;
    Ok(())
}
