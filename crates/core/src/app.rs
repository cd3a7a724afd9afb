//! An app as the flows see it: what its owner chose, without the files that say so.

use std::fmt;
use std::sync::Arc;

use crate::{AppId, AppObjectId, FunctionName, Functions, GroupId, Providers, Trigger};

/// One revision of an app. It never changes: a new revision takes its place in [`crate::Apps`] as a whole.
#[derive(Clone)]
pub struct App {
    /// The client app id in the paths.
    pub id: AppId,
    /// The id in tokens and in the database.
    pub object_id: AppObjectId,
    /// The former project; it only appears in the `link` of errors.
    pub group_id: GroupId,
    /// The name shown in mails and on pages.
    pub name: String,
    /// `GLOBAL` or `LOCAL`; sent to clients, which ignore it.
    pub deployment_model: String,
    /// Such as `US-VA`; sent to clients, which ignore it.
    pub location: String,
    /// Origins that browsers may call from; empty means any.
    pub allowed_origins: Vec<String>,
    /// How users log in.
    pub providers: Providers,
    /// The function that is called before a user is created, and can forbid it, unless the owner has none.
    pub user_creation: Option<FunctionName>,
    /// The triggers that subscribe to events of users.
    pub triggers: Vec<Trigger>,
    /// What runs the functions of this revision.
    pub functions: Arc<dyn Functions>,
}

impl App {
    /// Whether a browser at this origin may call.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.allowed_origins.is_empty() || self.allowed_origins.iter().any(|allowed| allowed == origin)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("id", &self.id).finish_non_exhaustive()
    }
}
