//! The keys of one app.

use std::collections::BTreeMap;
use std::fmt;

use doorward_core::KeyId;

use crate::{AccessKey, RefreshKey, UnverifiedToken};

/// The keys of one app. No other app shares them, so a token of one app means nothing to another.
pub struct AppKeys {
    pub(crate) access: KeySet<AccessKey>,
    pub(crate) refresh: KeySet<RefreshKey>,
}

/// Keys of one kind by id. The active one signs; all of them verify.
pub(crate) struct KeySet<K> {
    active: KeyId,
    keys: BTreeMap<KeyId, K>,
}

impl AppKeys {
    /// Takes the keys by id. The active ones sign; all of them verify. `None`: an active one is missing.
    pub fn new(
        active_access: KeyId,
        access: BTreeMap<KeyId, AccessKey>,
        active_refresh: KeyId,
        refresh: BTreeMap<KeyId, RefreshKey>,
    ) -> Option<Self> {
        Some(Self {
            access: KeySet::new(active_access, access)?,
            refresh: KeySet::new(active_refresh, refresh)?,
        })
    }
}

impl fmt::Debug for AppKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppKeys")
            .field("active_access", &self.access.active)
            .field("active_refresh", &self.refresh.active)
            .finish_non_exhaustive()
    }
}

impl<K> KeySet<K> {
    fn new(active: KeyId, keys: BTreeMap<KeyId, K>) -> Option<Self> {
        keys.contains_key(&active).then_some(Self { active, keys })
    }

    /// The key that signs, with its id.
    pub(crate) fn active(&self) -> (&KeyId, &K) {
        (&self.active, &self.keys[&self.active])
    }

    /// The key that a token says it was signed with.
    pub(crate) fn of(&self, token: &UnverifiedToken<'_>) -> Option<&K> {
        self.keys.get(&token.key()?)
    }

    /// All keys of this kind, in the order of their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &K> {
        self.keys.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_active_key_must_be_there() {
        let keys = |active: &str| {
            let id = |id: &str| KeyId(id.to_owned());
            AppKeys::new(
                id(active),
                BTreeMap::from([(id("a"), AccessKey::hs256(&[1; 32]).unwrap())]),
                id("r"),
                BTreeMap::from([(id("r"), RefreshKey::new(&[2; 32]).unwrap())]),
            )
        };
        assert!(keys("b").is_none());
        let shown = format!("{:?}", keys("a").unwrap());
        assert_eq!(
            shown,
            r#"AppKeys { active_access: KeyId("a"), active_refresh: KeyId("r"), .. }"#
        );
    }
}
