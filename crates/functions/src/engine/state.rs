//! The state of one call, which the functions of `native` share with the loop that runs it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::Compiled;
use super::host::{Host, NumberedResponse};
use super::output::{Console, Secrets};
use crate::Limits;
use crate::limits::too_many_mails;
use crate::protocol::{HostRequest, HostResponse, Returned, Thrown, ThrownKind};

/// The state of one call.
pub(super) struct State {
    pub(super) limits: Limits,
    pub(super) host: Rc<RefCell<dyn Host>>,
    pub(super) compiled: Rc<Compiled>,
    pub(super) console: RefCell<Console>,
    pub(super) secrets: RefCell<Secrets>,
    pub(super) ended: RefCell<Option<Result<Returned, Thrown>>>,
    /// The error that broke the pipe. The worker cannot go on after it.
    pub(super) broken: RefCell<Option<io::Error>>,
    /// Responses that came while a script waited for a module.
    pub(super) early: RefCell<Vec<NumberedResponse>>,
    pub(super) timers: RefCell<BTreeSet<(Instant, u32)>>,
    pub(super) outstanding: Cell<u32>,
    pub(super) until: Cell<Option<(Instant, Duration)>>,
    pub(super) out_of_time: Cell<bool>,
    /// It began too many operations. The outcome is set, and the script does not run any more.
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

    /// Whether the call has to stop. That never changes back, so a script cannot go on by catching the interrupt.
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

    /// Counts a mail. A refused one counts as an operation, so that a script cannot go on being refused without end.
    pub(super) fn mail(&self) -> Result<(), String> {
        if self.mails.get() >= self.limits.mails {
            self.operation()?;
            return Err(too_many_mails(&self.limits));
        }
        self.mails.set(self.mails.get() + 1);
        Ok(())
    }

    /// Sends a request to the server and returns its number.
    pub(super) fn request(&self, request: HostRequest) -> Result<u32, String> {
        let id = self.operation()?;
        self.outstanding.set(self.outstanding.get() + 1);
        self.host.borrow_mut().send(id, request).map_err(|error| {
            let text = error.to_string();
            self.broken.replace(Some(error));
            text
        })?;
        Ok(id)
    }

    /// Sends a request and waits for its response; meanwhile the script stands still.
    pub(super) fn request_and_wait(&self, request: HostRequest) -> Result<HostResponse, String> {
        let id = self.request(request)?;
        let Some((wall, _)) = self.until.get() else {
            return Err("no call runs".to_owned());
        };
        loop {
            let received = self.host.borrow_mut().receive(wall);
            match received {
                Ok(Some((of, response))) if of == id => {
                    self.outstanding.set(self.outstanding.get() - 1);
                    return response;
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

    /// Ends the call. The first outcome counts.
    pub(super) fn end(&self, how: Result<Returned, Thrown>) {
        self.ended.borrow_mut().get_or_insert(how);
    }

    /// Ends with an error of a kind.
    pub(super) fn fail(&self, kind: ThrownKind, text: &str, stack: Option<&str>) {
        let secrets = self.secrets.borrow();
        let shown = |text: &str| secrets.shown(text, self.limits.error_text);
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
