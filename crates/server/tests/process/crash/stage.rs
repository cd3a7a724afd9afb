//! What all clients share: the server that keeps dying, and the record of what it has acknowledged.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::sleep;

use super::post::Post;
use crate::support::{Call, Client, Letter, Purpose, Reply, Session};

/// How long the server may be away or busy, and how long an acknowledged mail may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Stage {
    pub(super) post: Post,
    pub(super) book: Mutex<Book>,
    pub(super) seed: u64,
    /// How many requests were sent and never answered.
    pub(super) unanswered: AtomicU64,
    /// How often an account was checked between its last change and the end of the test.
    pub(super) audits: AtomicU64,
    client: Client,
    server_port: u16,
    closing: AtomicBool,
}

/// What the server has acknowledged.
#[derive(Default)]
pub(super) struct Book {
    /// How many mails were promised at most, by recipient and purpose.
    pub(super) promises: HashMap<(String, Purpose), usize>,
    /// How often the link with this token id has worked.
    pub(super) uses: HashMap<String, usize>,
    /// Accounts that no client changes any more.
    pub(super) settled: Vec<Settled>,
}

/// An account that no client changes any more.
#[derive(Debug, Clone)]
pub(super) struct Settled {
    pub(super) email: String,
    pub(super) password: String,
    pub(super) standing: Standing,
    pub(super) session: Option<Session>,
}

/// The state of an account, as a login shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Registered with this password and not confirmed.
    Pending,
    /// Confirmed with this password.
    Confirmed,
    /// There is no such account, or it has another password.
    Refused,
}

/// What became of a request.
pub(super) enum Outcome {
    Answered(Reply),
    /// The connection broke after the request had been sent: it may have been carried out, or not.
    Lost,
}

impl Stage {
    pub(super) fn new(server_port: u16, post: Post, seed: u64) -> Self {
        Self {
            post,
            book: Mutex::default(),
            seed,
            unanswered: AtomicU64::new(0),
            audits: AtomicU64::new(0),
            client: Client::new(&format!("http://127.0.0.1:{server_port}")),
            server_port,
            closing: AtomicBool::new(false),
        }
    }

    pub(super) fn server_port(&self) -> u16 {
        self.server_port
    }

    /// From now on, clients finish with their account and begin no other.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Sends a request, again while the server is down or too busy for it.
    pub(super) async fn try_ask(&self, call: &Call) -> Outcome {
        let begun = Instant::now();
        loop {
            let pause = match self.client.try_ask(call).await {
                Ok(reply) if reply.status == 429 => 50,
                Ok(reply) => return Outcome::Answered(reply),
                // No server has taken the request.
                Err(error) if error.is_connect() => 10,
                Err(error) if error.is_timeout() => panic!("a request hangs: {call:?}"),
                Err(_) => {
                    self.unanswered.fetch_add(1, Ordering::Relaxed);
                    return Outcome::Lost;
                }
            };
            assert!(
                begun.elapsed() < PATIENCE,
                "the server took no request for {PATIENCE:?}: {call:?}"
            );
            sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Sends a request that can be repeated until it is answered.
    pub(super) async fn ask(&self, call: &Call) -> Reply {
        loop {
            if let Outcome::Answered(reply) = self.try_ask(call).await {
                return reply;
            }
        }
    }

    /// The state of an account by a login, and the session if it worked.
    pub(super) async fn standing(&self, email: &str, password: &str) -> (Standing, Option<Session>) {
        let reply = self.ask(&Call::log_in(email, password)).await;
        match &*reply.to_string() {
            "200" => (Standing::Confirmed, Some(reply.session())),
            "401 AuthError" => (Standing::Pending, None),
            "401 InvalidPassword" => (Standing::Refused, None),
            _ => panic!("a login of {email} is answered with {reply:?}"),
        }
    }

    /// Notes that a mail was promised, or may have been.
    pub(super) fn promised(&self, email: &str, purpose: Purpose) {
        *self
            .book
            .lock()
            .unwrap()
            .promises
            .entry((email.to_owned(), purpose))
            .or_default() += 1;
    }

    /// Notes that a link has worked. Two successes are one too many.
    pub(super) fn used(&self, letter: &Letter) {
        let mut book = self.book.lock().unwrap();
        let uses = book.uses.entry(letter.token_id.clone()).or_default();
        *uses += 1;
        assert_eq!(*uses, 1, "a {} link of {} has worked twice", letter.purpose, letter.to);
    }
}

/// Checks accounts that should not change, while the kills go on.
pub(super) async fn audit(stage: Arc<Stage>) {
    let mut chance = StdRng::seed_from_u64(stage.seed ^ u64::MAX);
    while !stage.is_closing() {
        sleep(Duration::from_millis(100)).await;
        let account = {
            let book = stage.book.lock().unwrap();
            if book.settled.is_empty() {
                continue;
            }
            book.settled[chance.random_range(0..book.settled.len())].clone()
        };
        account.must_hold(&stage).await;
        stage.audits.fetch_add(1, Ordering::Relaxed);
    }
}

impl Settled {
    /// Fails unless the account is as it was acknowledged.
    pub(super) async fn must_hold(&self, stage: &Stage) {
        let (standing, _) = stage.standing(&self.email, &self.password).await;
        assert_eq!(
            standing, self.standing,
            "what was acknowledged to {} does not hold",
            self.email
        );
        if let Some(session) = &self.session {
            let reply = stage.ask(&Call::refresh(session)).await;
            assert_eq!(reply, "201", "the session of {} is lost", self.email);
        }
    }
}
