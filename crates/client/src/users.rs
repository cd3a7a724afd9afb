//! The users of an app on this device, and the form in which a [`SessionStore`] keeps them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorward_wire::ProfileData;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::error::Kind;
use crate::{Error, Identity, SessionStore, SessionStoreError};

/// All users who have logged in on this device and were not removed. The first one that is logged in is the current
/// user.
pub(crate) struct Users {
    store: Box<dyn SessionStore>,
    key: String,
    list: Mutex<Vec<Arc<UserRecord>>>,
    /// Held while the list is saved, so that an older list never overwrites a newer one.
    saving: Mutex<()>,
}

/// One user. All handles of the user share it.
pub(crate) struct UserRecord {
    pub(crate) id: String,
    state: Mutex<UserState>,
    /// Held while the access token is renewed, so that only one call renews it.
    pub(crate) refreshing: tokio::sync::Mutex<Refreshes>,
}

/// What the SDK knows about a user.
#[derive(Clone)]
pub(crate) struct UserState {
    pub(crate) device_id: String,
    /// The provider of the login.
    pub(crate) provider: String,
    pub(crate) profile: Profile,
    /// `None`: the user is logged out.
    pub(crate) tokens: Option<Tokens>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) access: Zeroizing<String>,
    pub(crate) refresh: Zeroizing<String>,
}

/// The attempts to renew an access token.
#[derive(Default)]
pub(crate) struct Refreshes {
    pub(crate) attempts: u64,
    /// Why the last attempt failed, if it did.
    pub(crate) failure: Option<Error>,
}

/// A user's profile, in the form in which it is kept. The form on the wire may change without making kept sessions
/// unreadable.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) identities: Vec<Identity>,
    pub(crate) data: Map<String, Value>,
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    users: Vec<KeptUser>,
}

#[derive(Serialize, Deserialize)]
struct KeptUser {
    id: String,
    device_id: String,
    provider: String,
    #[serde(default)]
    access_token: Option<Zeroizing<String>>,
    #[serde(default)]
    refresh_token: Option<Zeroizing<String>>,
    profile: Profile,
}

const VERSION: u32 = 1;

impl Users {
    /// Reads the users that an earlier run of the program has kept. If they cannot be read, the store is left as it is.
    pub(crate) fn load(store: Box<dyn SessionStore>, key: String) -> Result<Self, Error> {
        let list = match store.load(&key)? {
            Some(text) => read(&text)?,
            None => Vec::new(),
        };
        Ok(Self {
            store,
            key,
            list: Mutex::new(list),
            saving: Mutex::default(),
        })
    }

    /// All users, those who are logged in first, the current one first of all.
    pub(crate) fn all(&self) -> Vec<Arc<UserRecord>> {
        let mut all = lock(&self.list).clone();
        // The sort is stable, so both groups keep the order in which their users were last current.
        all.sort_by_key(|user| user.tokens().is_none());
        all
    }

    pub(crate) fn current(&self) -> Option<Arc<UserRecord>> {
        self.all().into_iter().find(|user| user.tokens().is_some())
    }

    /// Whether the list has this user, which is not so once it was removed.
    pub(crate) fn has(&self, user: &UserRecord) -> bool {
        lock(&self.list)
            .iter()
            .any(|other| std::ptr::eq(&raw const **other, user))
    }

    /// Records a login, and makes its user the current one.
    pub(crate) fn arrived(&self, id: &str, state: UserState) -> Result<Arc<UserRecord>, Error> {
        let user = {
            let mut list = lock(&self.list);
            let known = list.iter().position(|user| user.id == id).map(|at| list.remove(at));
            let user = known.unwrap_or_else(|| UserRecord::new(id.to_owned(), state.clone()));
            user.set(state);
            list.insert(0, Arc::clone(&user));
            user
        };
        self.save()?;
        Ok(user)
    }

    /// Makes a user the current one.
    pub(crate) fn switch_to(&self, user: &UserRecord) -> Result<(), Error> {
        {
            let mut list = lock(&self.list);
            let at = list.iter().position(|other| std::ptr::eq(&raw const **other, user));
            let Some(at) = at.filter(|_| user.tokens().is_some()) else {
                return Err(Kind::LoggedOut.into());
            };
            let user = list.remove(at);
            list.insert(0, user);
        }
        self.save()
    }

    /// Removes a user from the list.
    pub(crate) fn remove(&self, user: &UserRecord) -> Result<(), Error> {
        user.update(|state| state.tokens = None);
        lock(&self.list).retain(|other| !std::ptr::eq(&raw const **other, user));
        self.save()
    }

    /// Saves the list as it is now.
    pub(crate) fn save(&self) -> Result<(), Error> {
        let _turn = lock(&self.saving);
        let users = lock(&self.list).iter().map(|user| user.kept()).collect();
        let kept = Kept {
            version: VERSION,
            users,
        };
        let text = serde_json::to_string(&kept).map_err(|error| Kind::Argument {
            what: "the users cannot be written as JSON",
            source: Some(error),
        })?;
        Ok(self.store.save(&self.key, &Zeroizing::new(text))?)
    }
}

impl UserRecord {
    fn new(id: String, state: UserState) -> Arc<Self> {
        Arc::new(Self {
            id,
            state: Mutex::new(state),
            refreshing: tokio::sync::Mutex::default(),
        })
    }

    pub(crate) fn state(&self) -> UserState {
        lock(&self.state).clone()
    }

    pub(crate) fn tokens(&self) -> Option<Tokens> {
        lock(&self.state).tokens.clone()
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut UserState)) {
        change(&mut lock(&self.state));
    }

    /// Replaces the access token of a session, unless the user has logged out or logged in again since. Returns whether
    /// it did.
    pub(crate) fn renew(&self, session: &Tokens, access: String) -> bool {
        let mut state = lock(&self.state);
        let current = state.tokens.as_mut().filter(|tokens| tokens.refresh == session.refresh);
        current.map(|tokens| tokens.access = access.into()).is_some()
    }

    /// Logs the user out, unless it has another session by now. Returns whether it did.
    pub(crate) fn end(&self, session: &Tokens) -> bool {
        let mut state = lock(&self.state);
        let ended = state.tokens.take_if(|tokens| tokens.refresh == session.refresh);
        ended.is_some()
    }

    fn set(&self, state: UserState) {
        *lock(&self.state) = state;
    }

    fn kept(&self) -> KeptUser {
        let state = self.state();
        let (access_token, refresh_token) = state.tokens.map(|tokens| (tokens.access, tokens.refresh)).unzip();
        KeptUser {
            id: self.id.clone(),
            device_id: state.device_id,
            provider: state.provider,
            access_token,
            refresh_token,
            profile: state.profile,
        }
    }
}

impl From<doorward_wire::Profile> for Profile {
    fn from(profile: doorward_wire::Profile) -> Self {
        let ProfileData { email, name, mut more } = profile.data;
        for (key, text) in [("email", email), ("name", name)] {
            if let Some(text) = text {
                more.insert(key.to_owned(), text.into());
            }
        }
        Self {
            identities: profile.identities.into_iter().map(Identity::from).collect(),
            data: more,
            kind: profile.kind,
        }
    }
}

fn read(text: &str) -> Result<Vec<Arc<UserRecord>>, Error> {
    // The errors of serde quote the text, which holds tokens, so they are dropped.
    let unreadable = |what: &str| SessionStoreError::unreadable(what);
    let kept: Kept = serde_json::from_str(text).map_err(|_| unreadable("they are not what this SDK writes"))?;
    if kept.version != VERSION {
        return Err(unreadable("a newer version of this SDK has written them").into());
    }
    let user = |kept: KeptUser| {
        let tokens = kept.access_token.zip(kept.refresh_token);
        let state = UserState {
            device_id: kept.device_id,
            provider: kept.provider,
            profile: kept.profile,
            tokens: tokens.map(|(access, refresh)| Tokens { access, refresh }),
        };
        UserRecord::new(kept.id, state)
    };
    Ok(kept.users.into_iter().map(user).collect())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code panics between two changes that belong together, so a poisoned value is still whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
