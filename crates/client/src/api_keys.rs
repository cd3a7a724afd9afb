//! The API keys of a user.

use std::fmt;

use doorward_wire::{CreateApiKey, Secret};
use reqwest::Method;

use crate::app::ROOT;
use crate::error::Kind;
use crate::transport::Request;
use crate::{Error, ErrorCode, User};

/// Keys that log in as a user without its password: [`User::api_keys`]. A user has at most 20.
///
/// These calls are made with the refresh token. If the server refuses it (401), the user is logged out, as in the other
/// SDKs.
///
/// **Not served yet**: Doorward's server answers each of these calls with status 404 and without a code.
#[derive(Debug, Clone, Copy)]
pub struct ApiKeys<'a> {
    user: &'a User,
}

/// A key of a user.
#[derive(Clone)]
pub struct ApiKey(doorward_wire::ApiKey);

impl<'a> ApiKeys<'a> {
    pub(crate) fn new(user: &'a User) -> Self {
        Self { user }
    }

    /// Creates a key. Only this answer has the key's [`value`](ApiKey::value).
    ///
    /// The server refuses a name with characters other than ASCII letters, digits, `_` and `-`, with
    /// [`InvalidParameter`](ErrorCode::InvalidParameter); an empty name, without a code; and the name of another key of
    /// the user, with [`APIKeyAlreadyExists`](ErrorCode::APIKeyAlreadyExists).
    pub async fn create(&self, name: &str) -> Result<ApiKey, Error> {
        let body = CreateApiKey { name: name.to_owned() };
        let request = Request::post(path()).json(&body);
        let answer = self.user.send_with_refresh_token(request).await?;
        answer.json().map(ApiKey)
    }

    /// All keys of the user, in the order of their creation.
    pub async fn fetch_all(&self) -> Result<Vec<ApiKey>, Error> {
        let answer = self.user.send_with_refresh_token(Request::get(path())).await?;
        let keys: Vec<_> = answer.json()?;
        Ok(keys.into_iter().map(ApiKey).collect())
    }

    /// The key with this id, or `None` if the user has no such key.
    pub async fn fetch(&self, id: &str) -> Result<Option<ApiKey>, Error> {
        match self.user.send_with_refresh_token(Request::get(path_of(id, "")?)).await {
            Ok(answer) => answer.json().map(|key| Some(ApiKey(key))),
            Err(error) if error.error_code() == Some(&ErrorCode::APIKeyNotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes a key. A key that does not exist is no error.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        let request = Request::new(Method::DELETE, path_of(id, "")?).repeatable();
        match self.user.send_with_refresh_token(request).await {
            Err(error) if error.error_code() != Some(&ErrorCode::APIKeyNotFound) => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes a disabled key usable again.
    ///
    /// If the user has no such key, the server refuses with [`APIKeyNotFound`](ErrorCode::APIKeyNotFound).
    pub async fn enable(&self, id: &str) -> Result<(), Error> {
        self.put(path_of(id, "/enable")?).await
    }

    /// Makes a key unusable until it is [enabled](Self::enable) again.
    ///
    /// If the user has no such key, the server refuses with [`APIKeyNotFound`](ErrorCode::APIKeyNotFound).
    pub async fn disable(&self, id: &str) -> Result<(), Error> {
        self.put(path_of(id, "/disable")?).await
    }

    async fn put(&self, path: String) -> Result<(), Error> {
        let request = Request::new(Method::PUT, path).repeatable();
        self.user.send_with_refresh_token(request).await?;
        Ok(())
    }
}

fn path() -> String {
    format!("{ROOT}/auth/api_keys")
}

/// The path of one key. An id with a `/` or a `?` in it would make another path, so it is refused here.
fn path_of(id: &str, action: &str) -> Result<String, Error> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let what = "the id of an API key is 24 hexadecimal characters";
        return Err(Kind::Argument { what, source: None }.into());
    }
    Ok(format!("{}/{id}{action}", path()))
}

impl ApiKey {
    /// The key's id: 24 hexadecimal characters.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether the key can log in.
    pub fn is_enabled(&self) -> bool {
        !self.0.disabled
    }

    /// The secret that logs in, with [`Credentials::api_key`](crate::Credentials::api_key). Only a key that has just
    /// been [created](ApiKeys::create) has it.
    pub fn value(&self) -> Option<&str> {
        self.0.key.as_ref().map(Secret::expose)
    }
}

impl PartialEq for ApiKey {
    fn eq(&self, other: &Self) -> bool {
        fn parts(key: &ApiKey) -> (&str, &str, bool, Option<&str>) {
            (key.id(), key.name(), key.is_enabled(), key.value())
        }
        parts(self) == parts(other)
    }
}

impl Eq for ApiKey {}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.0.id)
            .field("name", &self.0.name)
            .field("disabled", &self.0.disabled)
            .finish_non_exhaustive()
    }
}
