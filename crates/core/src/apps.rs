//! The one registry of apps. Every surface and every worker finds apps here, so a
//! replaced app is replaced everywhere.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use crate::{App, AppId, AppObjectId};

/// The apps that this server runs. Cheap to clone; clones are the same registry.
///
/// An app is replaced as a whole: a request that has found the old revision finishes with
/// it, and later look-ups find the new one.
#[derive(Clone, Default)]
pub struct Apps(Arc<RwLock<Table>>);

#[derive(Default)]
struct Table {
    by_id: HashMap<String, Arc<App>>,
    by_object_id: HashMap<AppObjectId, Arc<App>>,
}

impl Apps {
    /// A registry of these apps.
    pub fn new(apps: impl IntoIterator<Item = App>) -> Self {
        let registry = Self::default();
        for app in apps {
            registry.put(app);
        }
        registry
    }

    /// Adds an app, or puts it in the place of the one with the same id.
    pub fn put(&self, app: App) -> Arc<App> {
        let app = Arc::new(app);
        self.write(|table| {
            let replaced = table.by_id.insert(app.id.as_str().to_owned(), Arc::clone(&app));
            // An app keeps its object id for life. Should a caller break that, no entry of the old one stays behind.
            if let Some(replaced) = replaced {
                table.by_object_id.remove(&replaced.object_id);
            }
            table.by_object_id.insert(app.object_id, Arc::clone(&app));
        });
        app
    }

    /// Takes an app out.
    pub fn remove(&self, id: &AppId) -> Option<Arc<App>> {
        self.write(|table| {
            let removed = table.by_id.remove(id.as_str())?;
            table.by_object_id.remove(&removed.object_id);
            Some(removed)
        })
    }

    /// The app that a path names.
    pub fn find(&self, id: &str) -> Option<Arc<App>> {
        self.read(|table| table.by_id.get(id).cloned())
    }

    /// The app that a token or a row names.
    pub fn find_by_object_id(&self, id: AppObjectId) -> Option<Arc<App>> {
        self.read(|table| table.by_object_id.get(&id).cloned())
    }

    /// All apps, in no particular order.
    pub fn all(&self) -> Vec<Arc<App>> {
        self.read(|table| table.by_id.values().cloned().collect())
    }

    /// The object ids of all apps, as rows and tokens name them.
    pub fn object_ids(&self) -> Vec<AppObjectId> {
        self.read(|table| table.by_object_id.keys().copied().collect())
    }

    /// Whether any app may be called from this origin. A preflight carries no token, and some paths no app id.
    pub fn any_allows_origin(&self, origin: &str) -> bool {
        self.read(|table| table.by_id.values().any(|app| app.allows_origin(origin)))
    }

    fn read<T>(&self, look: impl FnOnce(&Table) -> T) -> T {
        // No code that could panic half-way through a change runs under the lock.
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Table) -> T) -> T {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Apps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.all().iter().map(|app| app.id.to_string()))
            .finish()
    }
}
