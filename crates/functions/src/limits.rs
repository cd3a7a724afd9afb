//! Everything that bounds a function, in one place.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What one call may take, and how many run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// From the start of a call in a worker until the worker is killed. 1 s to 90 s.
    pub wall_time: Duration,
    /// Processor time of one call. Waiting for the network takes none.
    pub cpu_time: Duration,
    /// Bytes that the script's values may take.
    pub memory: usize,
    /// Bytes of the script's stack.
    pub stack: usize,
    /// Requests, mails, timers and other asynchronous operations of one call.
    pub async_operations: u32,
    /// Bytes of all arguments together, as EJSON.
    pub arguments: usize,
    /// Bytes of the result, as EJSON.
    pub result: usize,
    /// Bytes of one outgoing request's body.
    pub http_request: usize,
    /// Bytes of one response's body.
    pub http_response: usize,
    /// Lines of console output that are kept: the last ones.
    pub console_lines: usize,
    /// Bytes that are kept of each line: the first ones.
    pub console_line: usize,
    /// Bytes that are kept of an error's text, and as many of its stack: the first ones.
    pub error_text: usize,
    /// Bytes of a hook's status. A longer one counts as none.
    pub status: usize,
    /// Bytes of an external identity, and of its name. A longer one counts as none.
    pub identity: usize,
    /// Mails that one call may send.
    pub mails: u32,
    /// Calls that run at once; each has a process.
    pub workers: usize,
    /// How long a call may wait to be admitted before it is refused.
    pub queue_deadline: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall_time: Duration::from_secs(30),
            cpu_time: Duration::from_secs(10),
            memory: 64 << 20,
            stack: 512 << 10,
            async_operations: 1_000,
            arguments: 4 << 20,
            result: 4 << 20,
            http_request: 4 << 20,
            http_response: 8 << 20,
            console_lines: 25,
            console_line: 512,
            error_text: 16 << 10,
            status: 64,
            identity: 1 << 10,
            mails: 20,
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            queue_deadline: Duration::from_secs(5),
        }
    }
}

/// The error for a script that sends one mail too many.
pub(crate) fn too_many_mails(limits: &Limits) -> String {
    format!("a call can send at most {} mails", limits.mails)
}
