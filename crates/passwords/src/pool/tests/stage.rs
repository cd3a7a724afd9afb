//! A pool whose engine a test can observe and block.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use super::{PasswordPool, PoolConfig};
use crate::Parameters;
use crate::engine::tests::wrapped;
use crate::engine::{Engine, Hasher, HasherError, Recipe, Tag};

/// A real engine that reports each hash to the test, and that some passwords make block or fail.
struct Scripted {
    inner: Box<dyn Hasher>,
    stage: Arc<Stage>,
}

/// What a [`Scripted`] engine shares with its test.
struct Stage {
    /// Every recipe, in the order of the work.
    hashed: Mutex<Vec<(Parameters, usize, usize)>>,
    entered: Sender<()>,
    gate: Mutex<Receiver<()>>,
    /// Hashers made, the one for the known answers among them.
    hashers: Mutex<usize>,
    ended: Sender<()>,
}

impl Hasher for Scripted {
    fn tag(&mut self, recipe: &Recipe) -> Result<Tag, HasherError> {
        if recipe.password.starts_with(b"wait") {
            self.stage.entered.send(()).unwrap();
            _ = self.stage.gate.lock().unwrap().recv();
        }
        assert!(
            !recipe.password.starts_with(b"panic"),
            "a password told the engine to panic"
        );
        if recipe.password.starts_with(b"fail") {
            return Err(HasherError::OutOfMemory);
        }
        let work = (recipe.parameters, recipe.salt.len(), recipe.tag_len);
        self.stage
            .hashed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(work);
        self.inner.tag(recipe)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        _ = self.stage.ended.send(());
    }
}

/// The test's end of a [`Stage`].
pub(super) struct Director {
    stage: Arc<Stage>,
    pub(super) entered: Receiver<()>,
    pub(super) gate: Sender<()>,
    pub(super) ended: Receiver<()>,
}

impl Director {
    pub(super) fn start(config: PoolConfig) -> (PasswordPool, Self) {
        let (entered_tx, entered) = mpsc::channel();
        let (gate, gate_rx) = mpsc::channel();
        let (ended_tx, ended) = mpsc::channel();
        let stage = Arc::new(Stage {
            hashed: Mutex::default(),
            entered: entered_tx,
            gate: Mutex::new(gate_rx),
            hashers: Mutex::new(0),
            ended: ended_tx,
        });
        let shared = Arc::clone(&stage);
        let candidate = wrapped(Engine::Argon2, move |inner| {
            *shared.hashers.lock().unwrap() += 1;
            Box::new(Scripted {
                inner,
                stage: Arc::clone(&shared),
            })
        });
        let pool = PasswordPool::start_with(config, vec![candidate]).unwrap();
        let director = Self {
            stage,
            entered,
            gate,
            ended,
        };
        // Discards the recipes of the known answers.
        director.ended.recv().unwrap();
        director.hashed();
        (pool, director)
    }

    /// The hashes since the last call: parameters, length of the salt, length of the tag.
    pub(super) fn hashed(&self) -> Vec<(Parameters, usize, usize)> {
        std::mem::take(&mut self.stage.hashed.lock().unwrap())
    }

    pub(super) fn hashers(&self) -> usize {
        *self.stage.hashers.lock().unwrap() - 1
    }
}
