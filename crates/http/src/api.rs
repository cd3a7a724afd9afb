//! What every handler can reach.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::{Accounts, App, Apps, Links};
use doorward_tokens::{AppKeys, Keyrings};
use doorward_web::{BodyLimit, Readiness};

use crate::ApiError;
use crate::body_memory::BodyMemory;

/// The state of the client API. Cheap to clone, because each layer of a route clones it for each request.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    parts: ApiParts,
    function_call_memory: BodyMemory,
    function_memory: BodyMemory,
}

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
    /// Bytes of a body whose content a function of the owner takes: of a login by function, and of a reset by function.
    pub function_body: usize,
    /// Bytes of the body of a function call.
    pub function_call_body: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// Bytes that the large bodies of function calls may take together, from their arrival to their answers.
    pub function_call_memory: usize,
    /// Bytes that other large bodies may take together: those of clients without a token, which must not take the
    /// memory of signed-in users.
    pub function_memory: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            // The largest, a reset with a password and its token, has less than 2 KiB.
            body: 16 << 10,
            function_body: 1 << 20,
            function_call_body: 4 << 20,
            body_timeout: Duration::from_secs(30),
            function_call_memory: 32 << 20,
            function_memory: 16 << 20,
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

    /// The limit of other bodies whose content a function takes.
    pub(crate) const fn function(&self) -> BodyLimit {
        BodyLimit {
            bytes: self.function_body,
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
        &self.0.parts
    }
}

impl Api {
    /// Puts the parts together.
    pub fn new(parts: ApiParts) -> Self {
        Self(Arc::new(Inner {
            function_call_memory: BodyMemory::new(parts.limits.function_call_memory),
            function_memory: BodyMemory::new(parts.limits.function_memory),
            parts,
        }))
    }

    /// The memory of function calls.
    pub(crate) fn function_call_memory(&self) -> &BodyMemory {
        &self.0.function_call_memory
    }

    /// The memory of other bodies whose content a function takes.
    pub(crate) fn function_memory(&self) -> &BodyMemory {
        &self.0.function_memory
    }

    /// Bytes that large bodies may still take, other than those of function calls.
    pub fn free_function_memory(&self) -> usize {
        self.0.function_memory.free()
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
