//! Refresh tokens: they name a session for as long as it can be refreshed.

use doorward_core::{App, Identity, Session, SessionId, Timestamp};
use doorward_wire::{REFRESH, RefreshClaims};

use crate::jws::{InvalidKey, SigningKey};
use crate::{AppKeys, UnverifiedToken};

/// A key for refresh tokens. Only the server reads those, so it is symmetric and never published.
pub struct RefreshKey(SigningKey);

/// Why a refresh token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefreshTokenError {
    /// It is not a refresh token of this app, or no key of the app signed it.
    #[error("the refresh token is not valid")]
    Invalid,
    /// It says that it is an access token.
    #[error("an access token was sent as a refresh token")]
    AccessToken,
    /// It was valid until it expired.
    #[error("the refresh token has expired")]
    Expired,
}

impl AppKeys {
    /// The refresh token of a new session, with the identity that logged in.
    pub fn issue_refresh(&self, session: &Session, identity: &Identity) -> String {
        let (device, domain, id) = (
            session.device.to_string(),
            session.app.to_string(),
            session.id.to_string(),
        );
        let identity = doorward_wire::Identity {
            id: identity.id.as_str().to_owned(),
            provider_type: identity.provider.name().to_owned(),
            provider_id: domain.clone(),
        };
        let claims = RefreshClaims {
            baas_data: None,
            baas_device_id: device.clone(),
            baas_domain_id: domain.clone(),
            baas_id: id.clone(),
            baas_identity: identity.clone(),
            exp: session.expires_at.as_seconds(),
            iat: session.created_at.as_seconds(),
            stitch_data: None,
            stitch_dev_id: device,
            stitch_domain_id: domain,
            stitch_id: id,
            stitch_ident: identity,
            sub: session.user.to_string(),
            typ: REFRESH.to_owned(),
        };
        let (id, active) = self.refresh.active();
        active.0.sign(id, &claims)
    }

    /// The session that a refresh token of this app names. Only storage knows whether it has ended.
    pub fn verify_refresh(
        &self,
        token: &UnverifiedToken<'_>,
        app: &App,
        now: Timestamp,
    ) -> Result<SessionId, RefreshTokenError> {
        // Refused either way; this error helps a developer who mixed the two up.
        if token.claims_access() {
            return Err(RefreshTokenError::AccessToken);
        }
        let signed_by = self.refresh.of(token).ok_or(RefreshTokenError::Invalid)?;
        let claims: RefreshClaims = signed_by.0.verify(token.text()).ok_or(RefreshTokenError::Invalid)?;
        if claims.typ != REFRESH || claims.baas_domain_id != app.object_id.to_string() {
            return Err(RefreshTokenError::Invalid);
        }
        if claims.exp <= now.as_seconds() {
            return Err(RefreshTokenError::Expired);
        }
        claims.baas_id.parse().map_err(|_| RefreshTokenError::Invalid)
    }
}

impl RefreshKey {
    /// A key of at least 32 bytes.
    pub fn new(secret: &[u8]) -> Result<Self, InvalidKey> {
        SigningKey::hs256(secret).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use doorward_core::ObjectId;

    use super::*;
    use crate::fixture::{SESSION_SECONDS, app, identity, keys, later, session, start};

    #[test]
    fn a_refresh_token_names_its_session_until_that_expires() {
        let (keys, app, session) = (keys::es256(), app("notes-abcde", 1), session(1));
        let text = keys.issue_refresh(&session, &identity());
        let token = UnverifiedToken::parse(&text).unwrap();
        assert_eq!(token.app(), Some(app.object_id));
        assert_eq!(
            keys.verify_refresh(&token, &app, later(SESSION_SECONDS - 1)),
            Ok(session.id)
        );
        assert_eq!(
            keys.verify_refresh(&token, &app, later(SESSION_SECONDS)),
            Err(RefreshTokenError::Expired)
        );
    }

    #[test]
    fn a_refresh_token_of_another_app_is_refused_even_where_the_keys_are_the_same() {
        let keys = keys::es256();
        let text = keys.issue_refresh(&session(1), &identity());
        let token = UnverifiedToken::parse(&text).unwrap();
        assert_eq!(
            keys.verify_refresh(&token, &app("notes-abcde", 2), start()),
            Err(RefreshTokenError::Invalid)
        );
    }

    #[test]
    fn an_access_token_is_refused_by_its_name() {
        let (keys, app, session) = (keys::es256(), app("notes-abcde", 1), session(1));
        let text = keys.issue_access(&app, &session, ObjectId::zero(), start());
        let token = UnverifiedToken::parse(&text).unwrap();
        assert_eq!(
            keys.verify_refresh(&token, &app, start()),
            Err(RefreshTokenError::AccessToken)
        );
        assert!(!format!("{token:?}").contains(&text));
    }

    #[test]
    fn what_is_no_token_is_not_even_unverified() {
        for text in ["", "a.b.c", "..", "e30"] {
            assert!(UnverifiedToken::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_refresh_key_has_at_least_256_bits() {
        assert!(RefreshKey::new(&[1; 31]).is_err());
        assert!(RefreshKey::new(&[1; 32]).is_ok());
    }
}
