//! One call of a function, and its outcome.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{OutgoingMail, SecretTexts};
use crate::Ejson;

/// One call.
#[derive(Serialize, Deserialize)]
pub struct Call {
    /// The function's name.
    pub function: String,
    /// Its arguments, an array, canonical or relaxed.
    pub arguments: Ejson,
    /// `context.user`, an object.
    pub user: Ejson,
    /// `context.request`, an object.
    pub request: Ejson,
    /// Whether the caller is the server itself: a hook or a trigger.
    pub as_system: bool,
    /// What the server needs of the result.
    pub wanted: Wanted,
    /// Texts that become `[redacted]` in console lines, errors and results. Requests and mails keep them, because a
    /// script puts them there on purpose.
    pub secrets: SecretTexts,
    /// The wall time that the call has.
    pub wall_time: Duration,
}

/// What the server needs of a function's result. The worker reads it inside the sandbox, once and under the deadline,
/// by ordinary property access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// The property `status` of the object: a hook.
    Status,
    /// A string, or an object with `id` and perhaps `name`: a login.
    Identity,
    /// All of it, as canonical Extended JSON: a call by a client.
    Value,
    /// Nothing: a trigger.
    Nothing,
}

/// What a function returned, as far as it was wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Returned {
    /// The property `status`, if the result is an object and that is a string.
    Status(Option<String>),
    /// The external id and the name, if the result has them.
    Identity(Option<(String, Option<String>)>),
    /// Canonical Extended JSON.
    Value(Ejson),
    /// The result was not read.
    Nothing,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What it returned or threw.
    pub result: Result<Returned, Thrown>,
    /// The last lines of the console.
    pub console: Vec<ConsoleLine>,
    /// How many earlier lines were dropped.
    pub console_dropped: u64,
    /// The most bytes that the script's values were seen to take.
    pub memory: u64,
    /// Processor time.
    pub cpu_time: Duration,
    /// The mails that it sent and that were accepted. The server keeps this list itself, because a worker is not
    /// trusted with it.
    #[serde(skip)]
    pub mails: Vec<OutgoingMail>,
}

/// What a function threw, or what stopped it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thrown {
    /// What caused it.
    pub kind: ThrownKind,
    /// `<Name>: <message>` of an error, a thrown string as it is, anything else as JSON.
    pub text: String,
    /// Where it happened, if an error says so.
    pub stack: Option<String>,
}

/// Why a call has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThrownKind {
    /// The script threw, or its promise was rejected.
    Script,
    /// Wall or processor time was used up.
    Time,
    /// A limit of memory, stack, operations or size was reached; the text says which.
    Limit,
    /// There is no such function, or its source does not compile, or it exports nothing callable.
    NotCallable,
}

/// One line of `console`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleLine {
    /// `log`, `info`, `warn`, `error` or `debug`.
    pub level: String,
    /// What was printed, cut to its length.
    pub text: String,
}

opaque!(Call);
