//! One client: it takes one account after another from registration to deletion, and relies on every acknowledgement.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::stage::{Outcome, PATIENCE, Settled, Stage, Standing};
use crate::support::{Call, Letter, Purpose, Session};

pub(super) struct Life {
    stage: Arc<Stage>,
    chance: StdRng,
    client: u64,
    accounts: u64,
    passwords: u64,
    email: String,
    password: String,
    /// Links that were used or refused.
    dead_links: HashSet<String>,
}

impl Life {
    pub(super) fn new(stage: &Arc<Stage>, client: u64) -> Self {
        Self {
            stage: Arc::clone(stage),
            chance: StdRng::seed_from_u64(stage.seed ^ (client + 1)),
            client,
            accounts: 0,
            passwords: 0,
            email: String::new(),
            password: String::new(),
            dead_links: HashSet::new(),
        }
    }

    pub(super) async fn live_again_and_again(&mut self) {
        self.new_address();
        while !self.stage.is_closing() {
            let settled = self.live().await;
            // The address of a deleted account is free: half of the time the client registers it again.
            if settled.standing == Standing::Refused && self.chance.random() && !self.stage.is_closing() {
                continue;
            }
            self.stage.book.lock().unwrap().settled.push(settled);
            self.new_address();
        }
    }

    async fn live(&mut self) -> Settled {
        self.register().await;
        if self.one_in(5) {
            return self.settle(Standing::Pending, None);
        }
        if self.one_in(4) {
            self.ask_for_link(Purpose::Confirm).await;
        }
        self.confirm().await;
        let mut session = self.log_in().await;
        if self.one_in(2) {
            self.ask_for_link(Purpose::Reset).await;
            if self.one_in(4) {
                self.ask_for_link(Purpose::Reset).await;
            }
            self.reset(&session).await;
            session = self.log_in().await;
        }
        if self.one_in(3) {
            self.delete(&session).await;
            return self.settle(Standing::Refused, None);
        }
        self.settle(Standing::Confirmed, Some(session))
    }

    async fn register(&mut self) {
        self.password = self.new_password();
        let call = Call::register(&self.email, &self.password);
        loop {
            match self.stage.try_ask(&call).await {
                Outcome::Answered(reply) => {
                    assert_eq!(reply, "201", "{} is free", self.email);
                    break;
                }
                Outcome::Lost => match self.standing().await {
                    // The registration was committed, and the promise of a mail with it.
                    Standing::Pending => break,
                    // Nothing was committed, so no mail was promised either: one that came would be one too many.
                    Standing::Refused => {}
                    Standing::Confirmed => panic!("{} is confirmed without a link", self.email),
                },
            }
        }
        self.stage.promised(&self.email, Purpose::Confirm);
    }

    /// Requests another mail. Earlier links go on working.
    async fn ask_for_link(&self, purpose: Purpose) {
        let call = Call::send(purpose, &self.email);
        loop {
            let outcome = self.stage.try_ask(&call).await;
            // Even an unanswered request may have promised a mail.
            self.stage.promised(&self.email, purpose);
            if let Outcome::Answered(reply) = outcome {
                return assert_eq!(reply, "200", "a {purpose} mail for {}", self.email);
            }
        }
    }

    async fn confirm(&mut self) {
        let begun = Instant::now();
        loop {
            let letter = self.next_letter(Purpose::Confirm, begun).await;
            let call = Call::confirm(&letter);
            let worked = match self.stage.try_ask(&call).await {
                Outcome::Answered(reply) if reply == "200" => true,
                Outcome::Answered(reply) => {
                    assert_eq!(reply, "400 UserpassTokenInvalid", "{}", self.email);
                    self.dead_links.insert(letter.token_id.clone());
                    false
                }
                Outcome::Lost => match self.standing().await {
                    Standing::Confirmed => true,
                    // The link was not spent, so the client tries it again.
                    Standing::Pending => false,
                    Standing::Refused => panic!("the registration of {} is lost", self.email),
                },
            };
            if worked {
                return self.spent(&letter, &call).await;
            }
        }
    }

    async fn reset(&mut self, session: &Session) {
        let new = self.new_password();
        let begun = Instant::now();
        loop {
            let letter = self.next_letter(Purpose::Reset, begun).await;
            let call = Call::reset(&letter, &new);
            let worked = match self.stage.try_ask(&call).await {
                Outcome::Answered(reply) if reply == "200" => true,
                Outcome::Answered(reply) => {
                    assert_eq!(reply, "400 UserpassTokenInvalid", "{}", self.email);
                    self.dead_links.insert(letter.token_id.clone());
                    false
                }
                Outcome::Lost => match self.stage.standing(&self.email, &new).await.0 {
                    Standing::Confirmed => true,
                    Standing::Refused => {
                        assert_eq!(
                            self.standing().await,
                            Standing::Confirmed,
                            "{} has no password at all",
                            self.email
                        );
                        false
                    }
                    Standing::Pending => panic!("{} is not confirmed any more", self.email),
                },
            };
            if worked {
                self.spent(&letter, &call).await;
                assert_eq!(
                    self.standing().await,
                    Standing::Refused,
                    "the old password of {} still works",
                    self.email
                );
                self.password = new;
                return self.session_is_gone(session).await;
            }
        }
    }

    async fn log_in(&self) -> Session {
        let (standing, session) = self.stage.standing(&self.email, &self.password).await;
        let session = session.unwrap_or_else(|| panic!("{} cannot log in: {standing:?}", self.email));
        let reply = self.stage.ask(&Call::refresh(&session)).await;
        assert_eq!(reply, "201", "the session of {} is lost", self.email);
        session
    }

    async fn delete(&self, session: &Session) {
        let call = Call::delete(session);
        loop {
            match self.stage.try_ask(&call).await {
                Outcome::Answered(reply) => {
                    assert_eq!(reply, "204", "{} deletes itself", self.email);
                    break;
                }
                Outcome::Lost if self.standing().await == Standing::Refused => break,
                Outcome::Lost => {}
            }
        }
        self.session_is_gone(session).await;
    }

    async fn session_is_gone(&self, session: &Session) {
        let reply = self.stage.ask(&Call::refresh(session)).await;
        assert_eq!(reply, "401 InvalidSession", "an ended session of {}", self.email);
    }

    /// Notes that a link has worked, and sometimes tries it again immediately.
    async fn spent(&mut self, letter: &Letter, call: &Call) {
        self.stage.used(letter);
        self.dead_links.insert(letter.token_id.clone());
        if self.one_in(4) {
            let reply = self.stage.ask(call).await;
            assert_eq!(
                reply, "400 UserpassTokenInvalid",
                "a used {} link of {}",
                letter.purpose, self.email
            );
        }
    }

    /// A mail whose link may still work. The promise of one was acknowledged, so it must come.
    async fn next_letter(&self, purpose: Purpose, begun: Instant) -> Letter {
        loop {
            let letters = self.stage.post.letters(&self.email, purpose);
            if let Some(letter) = letters
                .into_iter()
                .find(|letter| !self.dead_links.contains(&letter.token_id))
            {
                return letter;
            }
            let rest = PATIENCE.checked_sub(begun.elapsed());
            let rest = rest.unwrap_or_else(|| {
                panic!(
                    "{} got no {purpose} mail with a working link in {PATIENCE:?}",
                    self.email
                )
            });
            self.stage.post.arrival(rest).await;
        }
    }

    async fn standing(&self) -> Standing {
        self.stage.standing(&self.email, &self.password).await.0
    }

    fn settle(&self, standing: Standing, session: Option<Session>) -> Settled {
        Settled {
            email: self.email.clone(),
            password: self.password.clone(),
            standing,
            session,
        }
    }

    fn new_address(&mut self) {
        self.accounts += 1;
        self.email = format!("client-{}.life-{}@example.com", self.client, self.accounts);
    }

    fn new_password(&mut self) -> String {
        self.passwords += 1;
        format!("password {} of {}", self.passwords, self.client)
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.chance.random_ratio(1, n)
    }
}
