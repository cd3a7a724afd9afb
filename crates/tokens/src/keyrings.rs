//! The keys of every app that this server runs.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use doorward_core::AppObjectId;

use crate::AppKeys;

/// The keys of every app, found by the app's id. Cheap to clone; clones are the same keyrings.
///
/// Keys are no part of [`doorward_core::App`], because that is one revision of an app: a new revision replaces it as a
/// whole, while the tokens of the app's users stay valid. Keys belong to the id, which an app keeps for life.
#[derive(Clone, Default)]
pub struct Keyrings(Arc<RwLock<HashMap<AppObjectId, Arc<AppKeys>>>>);

impl Keyrings {
    /// The keys of these apps.
    pub fn new(keys: impl IntoIterator<Item = (AppObjectId, AppKeys)>) -> Self {
        let keyrings = Self::default();
        for (app, keys) in keys {
            keyrings.put(app, keys);
        }
        keyrings
    }

    /// Adds the keys of an app, or puts them in the place of those that it has. A request that has found the old ones
    /// finishes with them.
    pub fn put(&self, app: AppObjectId, keys: AppKeys) {
        // No code that could panic half-way through a change runs under the lock.
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(app, Arc::new(keys));
    }

    /// The keys of an app.
    pub fn of(&self, app: AppObjectId) -> Option<Arc<AppKeys>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.get(&app).cloned()
    }
}

impl fmt::Debug for Keyrings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(all.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{app, keys};

    #[test]
    fn what_one_clone_adds_the_others_find() {
        let [notes, other] = [1, 2].map(|object_id| app("notes-abcde", object_id).object_id);
        let keyrings = Keyrings::new([(notes, keys::es256())]);
        let clone = keyrings.clone();
        assert!(clone.of(other).is_none());

        let before = clone.of(notes).unwrap();
        keyrings.put(other, keys::es256());
        keyrings.put(notes, keys::hs256());
        assert!(clone.of(other).is_some());
        assert!(clone.of(notes).unwrap().jwks().keys.is_empty(), "the new keys");
        assert_eq!(
            before.jwks().keys.len(),
            1,
            "a request keeps the keys that it has found"
        );
    }
}
