//! Checking access tokens on a backend, without a request to Doorward for each.
//!
//! An app sends its [access token](crate::User::access_token) to a backend of its owner, so that the backend knows
//! which user calls. The server publishes the public keys that it signs access tokens with, so the backend can check
//! the token on its own:
//!
//! ```no_run
//! # async fn example(header: &str) -> Result<(), Box<dyn std::error::Error>> {
//! use doorward_client::TokenVerifier;
//!
//! // Once, when the backend starts.
//! let verifier = TokenVerifier::new("https://auth.example.com", "notes-abcde")?;
//!
//! // For each request, with the token of its header `Authorization: Bearer …`.
//! let token = verifier.verify(header).await?;
//! println!("user {} of session {}", token.user_id(), token.session_id());
//! # Ok(())
//! # }
//! ```
//!
//! The verifier checks the signature (always ES256, with the key that the token names), `aud` (the app), `typ` (an
//! access token) and `exp`. It cannot know whether the session has ended since the token was issued: after a log-out, a
//! new password or the deletion of the user, an access token stays valid for at most 30 minutes. A backend that cannot
//! accept this must ask the server.
//!
//! Keys rotate. When a token names an unknown key, the verifier fetches the keys; calls that run at the same time wait
//! for one request. It does so at most once per [`refresh_interval`](TokenVerifierBuilder::refresh_interval), so that
//! forged tokens cannot cause a stream of requests. While the server cannot be reached, the verifier still checks
//! tokens of known keys, and for unknown ones it tries again at most once a second.
//!
//! A server that is configured to sign with HS256 publishes no keys. Then only the server itself can check its tokens.

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

/// How soon the keys are fetched again after a failure. A backend that starts before its server must not refuse tokens
/// for a whole [`refresh_interval`](TokenVerifierBuilder::refresh_interval).
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Checks the access tokens of one app. Clones are cheap and share the keys.
#[derive(Clone)]
pub struct TokenVerifier(Arc<Verifier>);

struct Verifier {
    app_id: String,
    source: Option<Source>,
    leeway: Duration,
    now: fn() -> SystemTime,
    /// Never held across an await, so that tokens of known keys do not wait while others are fetched.
    keys: Mutex<Keys>,
    /// Held while keys are fetched.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

/// The server that publishes the keys.
struct Source {
    transport: Transport,
    path: String,
    refresh_interval: Duration,
}

#[derive(Default)]
struct Keys {
    by_id: HashMap<String, DecodingKey>,
    /// When the last attempt to fetch them ended.
    asked: Option<Instant>,
    /// Why the last attempt failed, if it did.
    failure: Option<Error>,
}

/// The settings of a [`TokenVerifier`]: see [`TokenVerifier::builder`].
#[derive(Debug, Clone)]
pub struct TokenVerifierBuilder {
    base_url: String,
    app_id: String,
    leeway: Duration,
    refresh_interval: Duration,
    timeout: Duration,
    now: fn() -> SystemTime,
}

/// The claims of a token that was checked.
#[derive(Clone, PartialEq)]
pub struct VerifiedToken(Claims);

/// The claims that the verifier needs. A token may lack any other claim of `doorward_wire::AccessClaims`.
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

/// Why a token was refused. The message never quotes the token.
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
    /// Whether the token was valid and has expired. The app should send a new one.
    pub const fn is_expired(&self) -> bool {
        matches!(self.0, Refused::Expired)
    }

    /// Whether the keys could not be fetched, so that the token may turn out to be valid later. A backend should answer
    /// 503, not 401.
    pub const fn is_transient(&self) -> bool {
        matches!(self.0, Refused::Keys(_))
    }
}

impl TokenVerifier {
    /// A verifier that fetches the keys of this app from its server. It fetches them when it checks the first token.
    pub fn new(base_url: impl Into<String>, app_id: impl Into<String>) -> Result<Self, Error> {
        Self::builder(base_url, app_id).build()
    }

    /// Starts with the settings of a verifier that fetches the keys of this app from its server.
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

    /// A verifier with these keys only: the text of a JSON Web Key Set (RFC 7517), as the server publishes it. It
    /// fetches nothing, so build a new verifier when the server changes its keys.
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

    /// Checks a token and returns its claims.
    pub async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refused::Malformed)?;
        let id = header.kid.ok_or(Refused::UnknownKey)?;
        let key = self.0.key(&id).await?;
        let claims = self.0.check(token, &key)?;
        Ok(VerifiedToken(claims))
    }
}

impl Verifier {
    /// The key with this id. An unknown one is fetched.
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
        // Another call may have fetched the keys while this one waited, or shortly before.
        if self.may_ask(source, seen) {
            let verifier = Arc::clone(self);
            // A task of its own finishes even if the caller hangs up, so callers that hang up cannot cause request
            // after request.
            let fetched = tokio::spawn(async move {
                let _turn = turn;
                verifier.fetch().await;
            });
            // The task fails only when the runtime shuts down, and this call with it.
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

    /// Whether no other call has fetched the keys since `seen`, and the last attempt is long enough ago.
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
            // The known keys stay valid.
            Err(error) => keys.failure = Some(error),
        }
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        // No code panics between two changes that belong together, so poisoned keys are still whole.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, token: &str, key: &DecodingKey) -> Result<Claims, Refused> {
        // The key decides the algorithm, not the header of the token (RFC 8725 §3.1). Times are checked below, with our
        // clock.
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
        // `SystemTime` cannot represent every number of seconds.
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
    /// Sets how long after its `exp` a token is still accepted, for a backend whose clock is ahead of the server's. The
    /// default is zero; a minute is plenty.
    #[must_use]
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Sets how long fetched keys count as current. Within this time, a token of an unknown key is refused without
    /// another request. The default is a minute. After a failure the keys are fetched again after at most a second.
    #[must_use]
    pub const fn refresh_interval(mut self, interval: Duration) -> Self {
        self.refresh_interval = interval;
        self
    }

    /// Sets how long the server may take to answer; 10 s by default.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets another clock than that of the system, for tests.
    #[must_use]
    pub fn clock(mut self, now: fn() -> SystemTime) -> Self {
        self.now = now;
        self
    }

    /// Builds the verifier. Fails if the URL cannot be that of a server.
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
    /// The user's id: 24 hexadecimal characters.
    pub fn user_id(&self) -> &str {
        &self.0.sub
    }

    /// The id of the session that the token belongs to.
    pub fn session_id(&self) -> &str {
        &self.0.iss
    }

    /// The id of the device that the user logged in on.
    pub fn device_id(&self) -> &str {
        &self.0.baas_device_id
    }

    /// When the token was issued.
    pub fn issued_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0.iat)
    }

    /// When the token expires.
    pub fn expires_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0.exp)
    }

    /// The custom data of the user. It is `None` with the present server, which does not serve custom data yet.
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

/// The keys that can have signed a token. Doorward signs with no other kind.
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
    reason = "a backend uses the clock of its system; tests set another"
)]
fn system_time() -> SystemTime {
    SystemTime::now()
}
