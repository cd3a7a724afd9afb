//! The API keys of a user.

use std::fmt;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use crate::app::ROOT;
use crate::error::Kind;
use crate::transport::Request;
use crate::{Error, ErrorCode, User};

/// Keys that log in as a user without its password: [`User::api_keys`]. A user has at most 20.
///
/// A refused session (401) logs the user out here, as in the other SDKs: these calls are made with the refresh token.
#[derive(Debug, Clone, Copy)]
pub struct ApiKeys<'a> {
    user: &'a User,
}

/// A key of a user.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct ApiKey {
    #[serde(rename = "_id")]
    id: String,
    name: String,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    key: Option<Zeroizing<String>>,
}

impl<'a> ApiKeys<'a> {
    pub(crate) fn new(user: &'a User) -> Self {
        Self { user }
    }

    /// Makes a key. Its [`value`](ApiKey::value) is told now and never again.
    ///
    /// Refused with [`InvalidParameter`](ErrorCode::InvalidParameter) if the name has other characters than ASCII letters, digits, `_`
    /// and `-`; without a code if it is empty; [`APIKeyAlreadyExists`](ErrorCode::APIKeyAlreadyExists) if the user has a key of this
    /// name.
    pub async fn create(&self, name: &str) -> Result<ApiKey, Error> {
        let request = Request::post(path()).json(&json!({ "name": name }));
        self.user.send_with_refresh_token(request).await?.json()
    }

    /// Every key, in the order in which they were made.
    pub async fn fetch_all(&self) -> Result<Vec<ApiKey>, Error> {
        self.user.send_with_refresh_token(Request::get(path())).await?.json()
    }

    /// One key, if the user has it.
    pub async fn fetch(&self, id: &str) -> Result<Option<ApiKey>, Error> {
        match self.user.send_with_refresh_token(Request::get(path_of(id, "")?)).await {
            Ok(answer) => answer.json().map(Some),
            Err(error) if error.error_code() == Some(&ErrorCode::APIKeyNotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes a key. One that is not there is none to delete.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        let request = Request::new(Method::DELETE, path_of(id, "")?).repeatable();
        match self.user.send_with_refresh_token(request).await {
            Err(error) if error.error_code() != Some(&ErrorCode::APIKeyNotFound) => Err(error),
            _ => Ok(()),
        }
    }

    /// Lets a key log in again. Refused with [`APIKeyNotFound`](ErrorCode::APIKeyNotFound) if the user has no such key.
    pub async fn enable(&self, id: &str) -> Result<(), Error> {
        self.put(path_of(id, "/enable")?).await
    }

    /// Lets a key log in no more, until it is enabled. Refused with [`APIKeyNotFound`](ErrorCode::APIKeyNotFound) if the user has no
    /// such key.
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

/// An id that is none must not become another path.
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
        &self.id
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it can log in.
    pub fn is_enabled(&self) -> bool {
        !self.disabled
    }

    /// What logs in, with [`Credentials::api_key`](crate::Credentials::api_key). It is told when the key is made, and never again.
    pub fn value(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.as_str())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}
