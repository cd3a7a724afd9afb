//! What the functions that a script reaches share with the loop that runs it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::Compiled;
use super::host::Host;
use super::output::{Console, Secrets, cut};
use crate::Limits;
use crate::limits::too_many_mails;
use crate::protocol::{Answer, Ask, Returned, Thrown, ThrownKind};

/// The state of one call.
pub(super) struct State {
    pub(super) limits: Limits,
    pub(super) host: Rc<RefCell<dyn Host>>,
    pub(super) compiled: Rc<Compiled>,
    pub(super) console: RefCell<Console>,
    pub(super) secrets: RefCell<Secrets>,
    pub(super) ended: RefCell<Option<Result<Returned, Thrown>>>,
    /// What went wrong with the pipe; nothing works after it.
    pub(super) broken: RefCell<Option<io::Error>>,
    /// Answers that came while a module was waited for.
    pub(super) early: RefCell<Vec<(u32, Result<Answer, String>)>>,
    pub(super) timers: RefCell<BTreeSet<(Instant, u32)>>,
    pub(super) outstanding: Cell<u32>,
    pub(super) until: Cell<Option<(Instant, Duration)>>,
    pub(super) out_of_time: Cell<bool>,
    /// It began too much. The end has been set, and nothing of the script runs any more.
    over: Cell<bool>,
    operations: Cell<u32>,
    mails: Cell<u32>,
    next: Cell<u32>,
}

impl State {
    pub(super) fn new(limits: Limits, host: Rc<RefCell<dyn Host>>, compiled: Rc<Compiled>) -> Self {
        Self {
            limits,
            host,
            compiled,
            console: RefCell::default(),
            secrets: RefCell::default(),
            ended: RefCell::default(),
            broken: RefCell::default(),
            early: RefCell::default(),
            timers: RefCell::default(),
            outstanding: Cell::new(0),
            until: Cell::new(None),
            out_of_time: Cell::new(false),
            over: Cell::new(false),
            operations: Cell::new(0),
            mails: Cell::new(0),
            next: Cell::new(0),
        }
    }

    /// Whether the call has to stop. Once it says so it never says anything else, so a script cannot go on by catching it.
    pub(super) fn must_stop(&self) -> bool {
        if let Some((wall, cpu)) = self.until.get()
            && (Instant::now() >= wall || cpu_time() >= cpu)
        {
            self.out_of_time.set(true);
        }
        self.out_of_time.get() || self.over.get()
    }

    /// Counts an operation and numbers it.
    pub(super) fn operation(&self) -> Result<u32, String> {
        let count = self.operations.get() + 1;
        self.operations.set(count);
        if count > self.limits.async_operations {
            let text = format!(
                "more than {} asynchronous operations in one call",
                self.limits.async_operations
            );
            self.over.set(true);
            self.fail(ThrownKind::Limit, &text, None);
            return Err(text);
        }
        let id = self.next.get() + 1;
        self.next.set(id);
        Ok(id)
    }

    /// Counts a mail. One too many is an operation all the same, so that refusals come to an end.
    pub(super) fn mail(&self) -> Result<(), String> {
        if self.mails.get() >= self.limits.mails {
            self.operation()?;
            return Err(too_many_mails(&self.limits));
        }
        self.mails.set(self.mails.get() + 1);
        Ok(())
    }

    /// Asks the server.
    pub(super) fn ask(&self, ask: Ask) -> Result<u32, String> {
        let id = self.operation()?;
        self.outstanding.set(self.outstanding.get() + 1);
        self.host.borrow_mut().ask(id, ask).map_err(|error| {
            let text = error.to_string();
            self.broken.replace(Some(error));
            text
        })?;
        Ok(id)
    }

    /// Asks, and does nothing else until the answer is there.
    pub(super) fn ask_and_wait(&self, ask: Ask) -> Result<Answer, String> {
        let id = self.ask(ask)?;
        let Some((wall, _)) = self.until.get() else {
            return Err("no call runs".to_owned());
        };
        loop {
            let answer = self.host.borrow_mut().answer(wall);
            match answer {
                Ok(Some((of, answer))) if of == id => {
                    self.outstanding.set(self.outstanding.get() - 1);
                    return answer;
                }
                Ok(Some(other)) => self.early.borrow_mut().push(other),
                Ok(None) => {
                    self.out_of_time.set(true);
                    return Err("out of time".to_owned());
                }
                Err(error) => {
                    self.broken.replace(Some(error));
                    return Err("the server is gone".to_owned());
                }
            }
        }
    }

    /// The first end counts.
    pub(super) fn end(&self, how: Result<Returned, Thrown>) {
        self.ended.borrow_mut().get_or_insert(how);
    }

    /// Ends with an error of a kind.
    pub(super) fn fail(&self, kind: ThrownKind, text: &str, stack: Option<&str>) {
        let secrets = self.secrets.borrow();
        // Cut after the secrets are gone, so that half a secret does not stay.
        let shown = |text: &str| {
            let mut text = secrets.redact(text);
            cut(&mut text, self.limits.error_text);
            text
        };
        self.end(Err(Thrown {
            kind,
            text: shown(text),
            stack: stack.map(shown),
        }));
    }
}

/// Processor time of this thread so far.
pub(super) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
