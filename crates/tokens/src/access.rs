//! Access tokens: they name a user for half an hour, and any backend can verify them when they are signed with ES256.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

use doorward_core::{App, KeyId, ObjectId, Session, SignedInUser, Timestamp};
use doorward_wire::{ACCESS, AccessClaims, Jwk};

use crate::jws::{InvalidKey, SigningKey, base64url};
use crate::{AppKeys, UnverifiedToken, jwks};

/// How long an access token works, in seconds. It is part of the protocol: clients and backends count on 30 minutes.
const ACCESS_TOKEN_SECONDS: i64 = 1_800;

/// A key for access tokens.
pub struct AccessKey {
    key: SigningKey,
    pub(crate) public: Option<Jwk>,
}

/// Why an access token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessTokenError {
    /// It is not an access token of this app, or no key of the app signed it.
    #[error("the access token is not valid")]
    Invalid,
    /// It was valid until it expired.
    #[error("the access token has expired")]
    Expired,
}

impl AppKeys {
    /// An access token for a session. The id makes it differ from another one of the same second.
    pub fn issue_access(&self, app: &App, session: &Session, id: ObjectId, now: Timestamp) -> String {
        let (device, domain) = (session.device.to_string(), session.app.to_string());
        let claims = AccessClaims {
            aud: app.id.as_str().to_owned(),
            baas_device_id: device.clone(),
            baas_domain_id: domain.clone(),
            exp: now.as_seconds() + ACCESS_TOKEN_SECONDS,
            iat: now.as_seconds(),
            iss: session.id.to_string(),
            jti: id.to_string(),
            stitch_dev_id: device,
            stitch_domain_id: domain,
            sub: session.user.to_string(),
            typ: ACCESS.to_owned(),
        };
        let (id, active) = self.access.active();
        active.key.sign(id, &claims)
    }

    /// The user and the session that an access token of this app names.
    pub fn verify_access(
        &self,
        token: &UnverifiedToken<'_>,
        app: &App,
        now: Timestamp,
    ) -> Result<SignedInUser, AccessTokenError> {
        let signed_by = self.access.of(token).ok_or(AccessTokenError::Invalid)?;
        let claims: AccessClaims = signed_by.key.verify(token.text()).ok_or(AccessTokenError::Invalid)?;
        let of_app = claims.aud == app.id.as_str() && claims.baas_domain_id == app.object_id.to_string();
        if claims.typ != ACCESS || !of_app {
            return Err(AccessTokenError::Invalid);
        }
        if claims.exp <= now.as_seconds() {
            return Err(AccessTokenError::Expired);
        }
        let (Ok(user), Ok(session)) = (claims.sub.parse(), claims.iss.parse()) else {
            return Err(AccessTokenError::Invalid);
        };
        Ok(SignedInUser { user, session })
    }
}

impl AccessKey {
    /// A key for ES256 from PKCS#8.
    pub fn es256(id: &KeyId, pkcs8: &[u8]) -> Result<Self, InvalidKey> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(|_| InvalidKey)?;
        // An uncompressed point: 0x04, then 32 bytes of x and 32 bytes of y (SEC 1 §2.3.3).
        let point: &[u8; 65] = pair.public_key().as_ref().try_into().map_err(|_| InvalidKey)?;
        let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
        Ok(Self {
            key: SigningKey::es256(pair, &x, &y)?,
            public: Some(jwks::es256(id, x, y)),
        })
    }

    /// A key for HS256. It has no public key.
    pub fn hs256(secret: &[u8]) -> Result<Self, InvalidKey> {
        Ok(Self {
            key: SigningKey::hs256(secret)?,
            public: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{app, keys, later, session, start};

    #[test]
    fn an_access_token_names_its_user_for_half_an_hour() {
        for keys in [keys::es256(), keys::hs256()] {
            let (app, session) = (app("notes-abcde", 1), session(1));
            let text = keys.issue_access(&app, &session, ObjectId::zero(), start());
            let token = UnverifiedToken::parse(&text).unwrap();
            assert_eq!(token.app(), Some(app.object_id));
            let signed_in = SignedInUser {
                user: session.user,
                session: session.id,
            };
            assert_eq!(keys.verify_access(&token, &app, later(1_799)), Ok(signed_in));
            assert_eq!(
                keys.verify_access(&token, &app, later(1_800)),
                Err(AccessTokenError::Expired)
            );
        }
    }

    #[test]
    fn an_access_token_of_another_app_is_refused_even_where_the_keys_are_the_same() {
        let keys = keys::es256();
        let text = keys.issue_access(&app("notes-abcde", 1), &session(1), ObjectId::zero(), start());
        let token = UnverifiedToken::parse(&text).unwrap();
        for other in [app("other-klmno", 1), app("notes-abcde", 2)] {
            assert_eq!(
                keys.verify_access(&token, &other, start()),
                Err(AccessTokenError::Invalid)
            );
        }
    }

    #[test]
    fn an_access_token_of_another_key_is_refused_although_the_name_of_the_key_is_the_same() {
        let app = app("notes-abcde", 1);
        let text = keys::es256().issue_access(&app, &session(1), ObjectId::zero(), start());
        let token = UnverifiedToken::parse(&text).unwrap();
        for others in [keys::es256(), keys::hs256()] {
            assert_eq!(
                others.verify_access(&token, &app, start()),
                Err(AccessTokenError::Invalid)
            );
        }
    }

    #[test]
    fn a_refresh_token_is_no_access_token() {
        let (keys, app, session) = (keys::es256(), app("notes-abcde", 1), session(1));
        let text = keys.issue_refresh(&session, &crate::fixture::identity());
        let token = UnverifiedToken::parse(&text).unwrap();
        assert_eq!(
            keys.verify_access(&token, &app, start()),
            Err(AccessTokenError::Invalid)
        );
    }

    #[test]
    fn a_symmetric_key_has_at_least_256_bits() {
        assert!(AccessKey::hs256(&[1; 31]).is_err());
        assert!(AccessKey::hs256(&[1; 32]).is_ok());
    }
}
