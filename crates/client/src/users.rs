//! The users of an app on this device, and how they are kept.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::error::Kind;
use crate::{Error, Identity, SessionStore, SessionStoreError};

/// Everybody who has logged in on this device and was not removed. The first that is logged in is the current one.
pub(crate) struct Users {
    store: Box<dyn SessionStore>,
    key: String,
    list: Mutex<Vec<Arc<UserRecord>>>,
    /// Held while the list is written, so that what is written last is the newest.
    saving: Mutex<()>,
}

/// One user. Whoever holds it sees what happens to it.
pub(crate) struct UserRecord {
    pub(crate) id: String,
    state: Mutex<UserState>,
    /// One refresh at a time, and how the last one failed.
    pub(crate) refreshing: tokio::sync::Mutex<Refreshes>,
}

/// What is known of a user.
#[derive(Clone)]
pub(crate) struct UserState {
    pub(crate) device_id: String,
    /// The provider of the login.
    pub(crate) provider: String,
    pub(crate) profile: Profile,
    /// None: logged out.
    pub(crate) tokens: Option<Tokens>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) access: Zeroizing<String>,
    pub(crate) refresh: Zeroizing<String>,
}

/// Attempts to renew an access token.
#[derive(Default)]
pub(crate) struct Refreshes {
    pub(crate) attempts: u64,
    pub(crate) failure: Option<Error>,
}

/// The answer of `GET …/auth/profile`, and how it is kept.
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
    /// Reads what an earlier program has kept. What cannot be read is an error, and is left as it is.
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

    /// Everybody, the current user first if somebody is logged in.
    pub(crate) fn all(&self) -> Vec<Arc<UserRecord>> {
        let mut all = lock(&self.list).clone();
        // A stable sort: those who are logged in stay in the order in which they were last active.
        all.sort_by_key(|user| user.tokens().is_none());
        all
    }

    pub(crate) fn current(&self) -> Option<Arc<UserRecord>> {
        self.all().into_iter().find(|user| user.tokens().is_some())
    }

    /// Whether a user was not removed.
    pub(crate) fn has(&self, user: &UserRecord) -> bool {
        lock(&self.list)
            .iter()
            .any(|other| std::ptr::eq(&raw const **other, user))
    }

    /// Takes note of a login, and makes that user the current one.
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

    /// Forgets a user.
    pub(crate) fn remove(&self, user: &UserRecord) -> Result<(), Error> {
        user.update(|state| state.tokens = None);
        lock(&self.list).retain(|other| !std::ptr::eq(&raw const **other, user));
        self.save()
    }

    /// Keeps everything as it is now.
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

    /// Takes a new access token for a session, if it is still the user's: who has logged out or in again meanwhile has another, or none.
    pub(crate) fn renew(&self, session: &Tokens, access: String) -> bool {
        let mut state = lock(&self.state);
        let current = state.tokens.as_mut().filter(|tokens| tokens.refresh == session.refresh);
        current.map(|tokens| tokens.access = access.into()).is_some()
    }

    /// Logs the user out, if this is still its session.
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

fn read(text: &str) -> Result<Vec<Arc<UserRecord>>, Error> {
    // Neither the reason nor the text: serde would quote what it does not understand.
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
    // Nothing between lock and unlock can leave it half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
