//! What every handler can reach.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::{Accounts, App, Apps, Links};
use doorward_tokens::{AppKeys, Keyrings};
use doorward_web::{BodyLimit, Readiness};

use crate::ApiError;

/// The state of the client API. Cheap to clone, because each layer of a route clones it for each request.
#[derive(Clone)]
pub struct Api(Arc<ApiParts>);

/// What the client API is made of.
#[derive(Clone)]
pub struct ApiParts {
    /// The flows, and the apps.
    pub accounts: Accounts,
    /// The keys that tokens are signed with.
    pub keys: Keyrings,
    /// Where links lead.
    pub links: Arc<Links>,
    /// What one request may take.
    pub limits: HttpLimits,
    /// Whether this server is ready for requests.
    pub readiness: Readiness,
}

/// What one request may take.
#[derive(Debug, Clone, Copy)]
pub struct HttpLimits {
    /// Bytes of a request body.
    pub body: usize,
    /// Bytes of the body of a function call.
    pub function_call_body: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            function_call_body: 4 << 20,
            body_timeout: Duration::from_secs(30),
        }
    }
}

impl HttpLimits {
    /// The limit of most routes.
    pub(crate) const fn usual(&self) -> BodyLimit {
        BodyLimit {
            bytes: self.body,
            time: self.body_timeout,
        }
    }

    /// The limit of function calls.
    pub(crate) const fn function_call(&self) -> BodyLimit {
        BodyLimit {
            bytes: self.function_call_body,
            time: self.body_timeout,
        }
    }
}

impl Deref for Api {
    type Target = ApiParts;

    fn deref(&self) -> &ApiParts {
        &self.0
    }
}

impl Api {
    /// Puts the parts together.
    pub fn new(parts: ApiParts) -> Self {
        Self(Arc::new(parts))
    }

    /// The apps that this server runs.
    pub(crate) fn apps(&self) -> &Apps {
        self.accounts.apps()
    }

    /// The keys of an app. They are there before the app is, so this fails only where the
    /// server is put together wrongly.
    pub(crate) fn keys_of(&self, app: &App) -> Result<Arc<AppKeys>, ApiError> {
        self.keys.of(app.object_id).ok_or(ApiError::NoKeys)
    }
}
