//! Checking access tokens on a backend, without asking Doorward each time.
//!
//! An app hands its [access token](crate::User::access_token) to a backend of its owner, which wants to know who calls. The server publishes
//! the public keys that its access tokens are signed with, so the backend can tell by itself:
//!
//! ```no_run
//! # async fn example(header: &str) -> Result<(), Box<dyn std::error::Error>> {
//! use doorward_client::TokenVerifier;
//!
//! // Once, at the start.
//! let verifier = TokenVerifier::new("https://auth.example.com", "notes-abcde")?;
//!
//! // For each request, with what stands behind `Authorization: Bearer`.
//! let token = verifier.verify(header).await?;
//! println!("user {} of session {}", token.user_id(), token.session_id());
//! # Ok(())
//! # }
//! ```
//!
//! Checked are the signature (ES256, by the key that the token names, whatever else its header says), `aud` (this app), `typ` (an access
//! token) and `exp`. What cannot be known here: whether the session has ended meanwhile. An access token lives on for at most 30 minutes
//! after a log-out, a new password or the deletion of the user; what must not wait for that has to ask the server.
//!
//! Keys rotate. A token that names an unknown key makes the keys be fetched once, for however many calls wait, and at most once in a while
//! ([`refresh_interval`](TokenVerifierBuilder::refresh_interval)), so that forged tokens cannot make a stream of requests. While the server
//! cannot be reached, tokens of known keys are still checked, and it is asked at most once a second for others.
//!
//! A server that was told to sign with HS256 publishes no keys, and nobody but itself can check its tokens.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use doorward_wire::{ACCESS, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::Value;

use crate::Error;
use crate::app::{ROOT, base_url};
use crate::error::Kind;
use crate::transport::{Request, Transport};

/// How long no answer counts as one. A backend that starts before its server is not to wait for an answer to be out of date.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Checks the access tokens of one app. Cheap to clone: clones share the keys.
#[derive(Clone)]
pub struct TokenVerifier(Arc<Verifier>);

struct Verifier {
    app_id: String,
    source: Option<Source>,
    leeway: Duration,
    now: fn() -> SystemTime,
    /// Never held while something is waited for: tokens of known keys do not wait for an answer about others.
    keys: Mutex<Keys>,
    /// Held while keys are fetched.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

/// Where keys come from.
struct Source {
    transport: Transport,
    path: String,
    refresh_interval: Duration,
}

#[derive(Default)]
struct Keys {
    by_id: HashMap<String, DecodingKey>,
    /// When the last answer came, or none.
    asked: Option<Instant>,
    failure: Option<Error>,
}

/// How a verifier is set up: [`TokenVerifier::builder`].
#[derive(Debug, Clone)]
pub struct TokenVerifierBuilder {
    base_url: String,
    app_id: String,
    leeway: Duration,
    refresh_interval: Duration,
    timeout: Duration,
    now: fn() -> SystemTime,
}

/// What a good token says.
#[derive(Clone, PartialEq)]
pub struct VerifiedToken(Claims);

#[derive(Clone, PartialEq, Deserialize)]
struct Claims {
    aud: String,
    sub: String,
    iss: String,
    typ: String,
    iat: u64,
    exp: u64,
    #[serde(default)]
    baas_device_id: String,
    #[serde(default)]
    user_data: Option<Value>,
}

/// Why a token does not let anybody in. It never quotes the token.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct VerifyError(Refused);

#[derive(Debug, Clone, thiserror::Error)]
enum Refused {
    #[error("this is no access token")]
    Malformed,
    #[error("no key of the app has signed the token")]
    UnknownKey,
    #[error("the signature of the token is wrong")]
    Signature,
    #[error("the token is for another app")]
    Audience,
    #[error("the token is not an access token")]
    Type,
    #[error("the token has expired")]
    Expired,
    #[error("the server publishes no keys: it signs with HS256, and only it can check that")]
    NoKeys,
    #[error("the keys cannot be fetched")]
    Keys(#[source] Error),
}

impl VerifyError {
    /// Whether the token was good and is over: its owner should come back with a new one.
    pub const fn is_expired(&self) -> bool {
        matches!(self.0, Refused::Expired)
    }

    /// Whether the same token may be good later: the keys could not be fetched. A backend should answer 503 and not 401.
    pub const fn is_transient(&self) -> bool {
        matches!(self.0, Refused::Keys(_))
    }
}

impl TokenVerifier {
    /// Checks tokens of this app with the keys that its server publishes. Nothing is fetched before the first token.
    pub fn new(base_url: impl Into<String>, app_id: impl Into<String>) -> Result<Self, Error> {
        Self::builder(base_url, app_id).build()
    }

    /// The same with other settings.
    pub fn builder(base_url: impl Into<String>, app_id: impl Into<String>) -> TokenVerifierBuilder {
        TokenVerifierBuilder {
            base_url: base_url.into(),
            app_id: app_id.into(),
            leeway: Duration::ZERO,
            refresh_interval: Duration::from_mins(1),
            timeout: Duration::from_secs(10),
            now: system_time,
        }
    }

    /// Checks tokens with these keys and no others: the text of a JSON Web Key Set (RFC 7517), as the server publishes it. Nothing is ever
    /// fetched, so a key that rotates has to be given anew.
    pub fn from_jwks(app_id: impl Into<String>, jwks: &str) -> Result<Self, Error> {
        let set: JwkSet = serde_json::from_str(jwks).map_err(|error| Kind::Argument {
            what: "this is no JSON Web Key Set",
            source: Some(error),
        })?;
        Ok(Self(Arc::new(Verifier {
            app_id: app_id.into(),
            source: None,
            leeway: Duration::ZERO,
            now: system_time,
            keys: Mutex::new(Keys {
                by_id: decoding_keys(&set),
                ..Keys::default()
            }),
            fetching: Arc::default(),
        })))
    }

    /// What the token says, if it is good.
    pub async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refused::Malformed)?;
        let id = header.kid.ok_or(Refused::UnknownKey)?;
        let key = self.0.key(&id).await?;
        let claims = self.0.check(token, &key)?;
        Ok(VerifiedToken(claims))
    }
}

impl Verifier {
    /// The key of this name, fetched if it is unknown.
    async fn key(self: &Arc<Self>, id: &str) -> Result<DecodingKey, Refused> {
        let seen = {
            let keys = self.keys();
            if let Some(key) = keys.by_id.get(id) {
                return Ok(key.clone());
            }
            keys.asked
        };
        let Some(source) = &self.source else {
            return Err(Refused::UnknownKey);
        };
        let turn = Arc::clone(&self.fetching).lock_owned().await;
        // Somebody else may have asked while this waited, or not long ago.
        if self.may_ask(source, seen) {
            let verifier = Arc::clone(self);
            // A task of its own: whoever asks and hangs up again must not be able to have the keys fetched over and over.
            let fetched = tokio::spawn(async move {
                let _turn = turn;
                verifier.fetch().await;
            });
            // It fails only when the runtime is shut down, and nobody waits any more.
            let _ = fetched.await;
        }
        let keys = self.keys();
        if let Some(key) = keys.by_id.get(id) {
            return Ok(key.clone());
        }
        Err(match &keys.failure {
            Some(error) => Refused::Keys(error.clone()),
            None if keys.by_id.is_empty() => Refused::NoKeys,
            None => Refused::UnknownKey,
        })
    }

    /// Whether nobody has asked since, and the last answer is old enough.
    fn may_ask(&self, source: &Source, seen: Option<Instant>) -> bool {
        let keys = self.keys();
        let believed = match keys.failure {
            Some(_) => source.refresh_interval.min(RETRY_INTERVAL),
            None => source.refresh_interval,
        };
        keys.asked == seen && keys.asked.is_none_or(|asked| asked.elapsed() >= believed)
    }

    async fn fetch(&self) {
        let Some(source) = &self.source else { return };
        let answer = source.fetch().await;
        let mut keys = self.keys();
        keys.asked = Some(Instant::now());
        match answer {
            Ok(set) => {
                keys.by_id = decoding_keys(&set);
                keys.failure = None;
            }
            // The keys that are known stay good.
            Err(error) => keys.failure = Some(error),
        }
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        // Nothing between lock and unlock can leave them half changed.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, token: &str, key: &DecodingKey) -> Result<Claims, Refused> {
        // The algorithm is the key's, not the header's (RFC 8725 §3.1). Times are checked below, with the same clock for all.
        let mut validation = Validation::new(Algorithm::ES256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature | jsonwebtoken::errors::ErrorKind::InvalidAlgorithm => {
                Refused::Signature
            }
            _ => Refused::Malformed,
        })?;
        let claims = claims.claims;
        // A time that this machine cannot count is none.
        if UNIX_EPOCH
            .checked_add(Duration::from_secs(claims.exp.max(claims.iat)))
            .is_none()
        {
            return Err(Refused::Malformed);
        }
        if claims.aud != self.app_id {
            return Err(Refused::Audience);
        }
        if claims.typ != ACCESS {
            return Err(Refused::Type);
        }
        let now = (self.now)().duration_since(UNIX_EPOCH).unwrap_or_default();
        if Duration::from_secs(claims.exp).saturating_add(self.leeway) <= now {
            return Err(Refused::Expired);
        }
        Ok(claims)
    }
}

impl Source {
    async fn fetch(&self) -> Result<JwkSet, Error> {
        self.transport.send(Request::get(self.path.clone())).await?.json()
    }
}

impl TokenVerifierBuilder {
    /// How much longer than its `exp` a token counts, for a backend whose clock is ahead of the server's. None by default; a minute is
    /// plenty.
    #[must_use]
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// How long an answer about keys is believed: in that while a token of an unknown key is refused without asking. A minute by
    /// default. Where no answer came, the server is asked again after a second at most.
    #[must_use]
    pub const fn refresh_interval(mut self, interval: Duration) -> Self {
        self.refresh_interval = interval;
        self
    }

    /// How long the server may take to answer; 10 s by default.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Another clock than the system's, for tests.
    #[must_use]
    pub fn clock(mut self, now: fn() -> SystemTime) -> Self {
        self.now = now;
        self
    }

    /// Sets it up. Fails if the URL cannot be one.
    pub fn build(self) -> Result<TokenVerifier, Error> {
        let base_url = base_url(&self.base_url)
            .ok_or_else(|| Kind::Config(format!("{:?} cannot be the URL of a server", self.base_url)))?;
        Ok(TokenVerifier(Arc::new(Verifier {
            source: Some(Source {
                transport: Transport::new(base_url, self.timeout)?,
                path: format!("{ROOT}/app/{}/.well-known/jwks.json", self.app_id),
                refresh_interval: self.refresh_interval,
            }),
            app_id: self.app_id,
            leeway: self.leeway,
            now: self.now,
            keys: Mutex::default(),
            fetching: Arc::default(),
        })))
    }
}

impl VerifiedToken {
    /// The user: 24 hexadecimal characters.
    pub fn user_id(&self) -> &str {
        &self.0.sub
    }

    /// The session that the token belongs to.
    pub fn session_id(&self) -> &str {
        &self.0.iss
    }

    /// The device that logged in.
    pub fn device_id(&self) -> &str {
        &self.0.baas_device_id
    }

    /// When it was issued.
    pub fn issued_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0.iat)
    }

    /// When it runs out.
    pub fn expires_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0.exp)
    }

    /// The custom data of the user, if the app keeps any.
    pub fn user_data(&self) -> Option<&Value> {
        self.0.user_data.as_ref()
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("user_id", &self.0.sub)
            .field("expires_at", &self.0.exp)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVerifier")
            .field("app_id", &self.0.app_id)
            .finish_non_exhaustive()
    }
}

impl From<Refused> for VerifyError {
    fn from(refused: Refused) -> Self {
        Self(refused)
    }
}

/// Keys of another kind than Doorward's are not for its tokens.
fn decoding_keys(set: &JwkSet) -> HashMap<String, DecodingKey> {
    let ours = set
        .keys
        .iter()
        .filter(|key| key.kty == "EC" && key.crv == "P-256" && key.alg == "ES256");
    ours.filter_map(|key| {
        let decoding = DecodingKey::from_ec_components(&key.x, &key.y).ok()?;
        Some((key.kid.clone(), decoding))
    })
    .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a backend has no clock of Doorward's; tests give one of their own"
)]
fn system_time() -> SystemTime {
    SystemTime::now()
}
