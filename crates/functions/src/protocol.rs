//! The messages between the server and a worker.
//!
//! The server starts a worker, sends it the program of one app, and then calls, one after the other. While a call runs,
//! the worker sends requests for what a script cannot do itself, and the server answers each by its number.

/// Messages carry passwords and tokens, so `Debug` shows only the name of a type.
macro_rules! opaque {
    ($($name:ident),*) => { $(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )* };
}

mod call;
mod frame;
mod host_request;
mod program;
mod secrets;

use serde::{Deserialize, Serialize};

pub use call::{Call, ConsoleLine, Outcome, Returned, Thrown, ThrownKind, Wanted};
pub(crate) use frame::{MAX_MESSAGE, checked_length, frame};
pub use frame::{read, write};
pub use host_request::{HostRequest, HostResponse, HttpRequest, HttpResponse, ModuleKind, OutgoingMail};
pub use program::{Program, Script};
pub use secrets::SecretTexts;

use crate::Limits;

/// From the server to a worker.
#[derive(Serialize, Deserialize)]
pub enum ToWorker {
    /// The first message, and only the first.
    Start(Box<Start>),
    /// Run a function. The server sends it only while no other call runs.
    Call {
        /// The number of the call, new for this worker.
        number: u64,
        /// What is to run.
        call: Box<Call>,
    },
    /// The response to [`FromWorker::Request`].
    Response {
        /// The number of the request.
        id: u32,
        /// The response; an error is text for the script.
        response: Result<HostResponse, String>,
    },
}

/// From a worker to the server.
#[derive(Debug, Serialize, Deserialize)]
pub enum FromWorker {
    /// Everything is compiled, the sandbox is closed, and the next message can be a call.
    Ready(Confinement),
    /// A request of the running call.
    Request {
        /// The number of the request, new in this call.
        id: u32,
        /// What the script asks for.
        request: HostRequest,
    },
    /// A call has ended.
    Done {
        /// The number of the call, so that what a worker says twice does not pass for the outcome of the next call.
        number: u64,
        /// How it ended.
        outcome: Box<Outcome>,
    },
}

/// What a worker needs before its first call.
#[derive(Serialize, Deserialize)]
pub struct Start {
    /// What its calls may take.
    pub limits: Limits,
    /// What it runs.
    pub program: Program,
}

/// What keeps the worker from the rest of the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// Limits on memory, files, processes and the like are in force.
    pub resource_limits: bool,
    /// Landlock refuses every file and every connection.
    pub landlock: bool,
    /// Seccomp refuses every system call that a script does not need.
    pub seccomp: bool,
}

impl Confinement {
    /// The layers that are not in force, as people call them.
    pub fn missing(&self) -> Vec<&'static str> {
        let layers = [
            ("resource limits", self.resource_limits),
            ("Landlock", self.landlock),
            ("seccomp", self.seccomp),
        ];
        layers
            .into_iter()
            .filter(|(_, in_force)| !in_force)
            .map(|(layer, _)| layer)
            .collect()
    }
}

opaque!(ToWorker, Start);
