//! What every handler can reach.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::{Accounts, App, AppObjectId, Links};

use crate::{AppKeys, HttpMetrics, Readiness, TrustedProxies};

/// The state of the client API. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    /// The flows.
    pub accounts: Arc<Accounts>,
    /// The apps that this server runs.
    pub apps: Arc<Apps>,
    /// Where links lead.
    pub links: Arc<Links>,
    /// What one request may take.
    pub limits: HttpLimits,
    /// Whose word about a client's address counts.
    pub trusted_proxies: TrustedProxies,
    /// What is counted.
    pub metrics: HttpMetrics,
    /// Whether this server wants to be sent requests.
    pub readiness: Readiness,
}

/// An app with the keys that its tokens are signed with.
pub struct ServedApp {
    /// The app.
    pub app: App,
    /// Its keys.
    pub keys: AppKeys,
}

/// The apps that this server runs.
#[derive(Default)]
pub struct Apps {
    by_id: HashMap<String, Arc<ServedApp>>,
    by_object_id: HashMap<AppObjectId, Arc<ServedApp>>,
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
    /// Bytes of a request body on this path.
    pub(crate) fn of_path(&self, path: &str) -> usize {
        if path.ends_with("/functions/call") {
            self.function_call_body
        } else {
            self.body
        }
    }
}

impl Apps {
    /// Takes the apps.
    pub fn new(apps: impl IntoIterator<Item = ServedApp>) -> Self {
        let mut all = Self::default();
        for app in apps.into_iter().map(Arc::new) {
            all.by_id.insert(app.app.id.as_str().to_owned(), Arc::clone(&app));
            all.by_object_id.insert(app.app.object_id, app);
        }
        all
    }

    /// The app that a path names.
    pub fn find(&self, id: &str) -> Option<&Arc<ServedApp>> {
        self.by_id.get(id)
    }

    /// The app that a token names.
    pub fn find_by_object_id(&self, id: AppObjectId) -> Option<&Arc<ServedApp>> {
        self.by_object_id.get(&id)
    }

    /// Whether any app may be called from this origin. A preflight carries no token, and some paths no app id.
    pub fn any_allows_origin(&self, origin: &str) -> bool {
        self.by_id.values().any(|served| served.app.allows_origin(origin))
    }
}
