//! What the server and a worker say to each other: JSON messages, each behind its length in four bytes, big-endian.
//!
//! The server starts a worker, tells it one program, and gives it calls, one after the other. While a call runs the worker asks for
//! what it cannot do itself, and the server answers by number.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Write};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::Limits;

/// From the server to a worker.
#[derive(Serialize, Deserialize)]
pub(crate) enum ToWorker {
    /// The first message, and only the first.
    Start(Box<Start>),
    /// Run a function. Only when no other runs.
    Call {
        /// Its number, new for this worker.
        number: u64,
        /// What is to run.
        call: Box<Call>,
    },
    /// The answer to [`FromWorker::Ask`].
    Answer {
        /// The number of the question.
        id: u32,
        /// What came of it; an error is text for the script.
        answer: Result<Answer, String>,
    },
}

/// From a worker to the server.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FromWorker {
    /// Everything is compiled, the sandbox is closed, and the next message can be a call.
    Ready(Confinement),
    /// A question of the running call.
    Ask {
        /// Its number, new in this call.
        id: u32,
        /// What is asked for.
        ask: Ask,
    },
    /// A call has ended.
    Done {
        /// Its number: what is said of one call must not pass for what came of the next.
        number: u64,
        /// What came of it.
        outcome: Box<Outcome>,
    },
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

/// What a worker needs to know before its first call.
#[derive(Serialize, Deserialize)]
pub(crate) struct Start {
    pub(crate) limits: Limits,
    pub(crate) program: Program,
}

/// The functions of one app and what surrounds them. A worker serves one app for as long as it lives.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// By name.
    pub functions: BTreeMap<String, Script>,
    /// Functions that are web services: `context.functions.execute` asks the server to call them.
    pub webhooks: Vec<String>,
    /// `context.values`, the texts of secrets included.
    pub values: BTreeMap<String, Ejson>,
    /// `context.environment.tag`
    pub environment_tag: String,
    /// `context.environment.values`
    pub environment_values: BTreeMap<String, Ejson>,
    /// `context.app`, an object.
    pub app: Ejson,
    /// Names that `context.services.get` knows and that no server of ours can serve.
    pub services: Vec<String>,
}

/// One function.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// Where it stands, for stack traces: relative to the app directory.
    pub path: String,
    /// Its source.
    pub text: String,
    /// It runs with all rights, whoever calls it.
    pub run_as_system: bool,
    /// The source of a function that says as whom this one runs.
    pub run_as_script: Option<String>,
}

/// A value as the text of its Extended JSON. Only scripts and clients look into it, so nothing here parses and writes it again, and its
/// keys keep their order.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ejson(Box<RawValue>);

impl Ejson {
    /// Takes the text of one JSON value.
    pub fn parse(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// The JSON of something.
    pub fn of(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl Default for Ejson {
    /// `{}`
    fn default() -> Self {
        Self(RawValue::from_string("{}".to_owned()).expect("an empty object is JSON"))
    }
}

impl PartialEq for Ejson {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

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
    /// Whether the caller is the server itself: a hook, a trigger.
    pub as_system: bool,
    /// What of the result matters.
    pub wanted: Wanted,
    /// Texts that leave the call as `[redacted]` in console lines, errors and results. What a script sends on purpose, by
    /// `context.http` and by mail, keeps them.
    pub secrets: Vec<String>,
    /// The wall time that the call has.
    pub wall_time: Duration,
}

/// What of a function's result the server wants to know. It is read inside the sandbox, once, under the deadline, by ordinary
/// property access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// The property `status` of the object: a hook.
    Status,
    /// A string, or an object with `id` and perhaps `name`: a login.
    Identity,
    /// All of it, as canonical EJSON: a call by a client.
    Value,
    /// Nothing: a trigger.
    Nothing,
}

/// What of a function's result came out of the sandbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Returned {
    /// The property `status`, if the result is an object and that is a string.
    Status(Option<String>),
    /// The external id and the name, if the result has them.
    Identity(Option<(String, Option<String>)>),
    /// Canonical EJSON.
    Value(Ejson),
    /// Not looked at.
    Nothing,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What it returned or threw.
    pub result: Result<Returned, Thrown>,
    /// The last lines of the console.
    pub console: Vec<ConsoleLine>,
    /// Lines that were not kept.
    pub console_dropped: u64,
    /// Bytes that the script's values took when they took the most that was seen.
    pub memory: u64,
    /// Processor time.
    pub cpu_time: Duration,
    /// The mails that it sent and that were accepted. The server keeps this list itself: a worker's word would be worth nothing.
    #[serde(skip)]
    pub mails: Vec<OutgoingMail>,
}

/// What a function threw, or what stopped it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thrown {
    /// Whose fault it is.
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
    /// Memory, stack, operations or a size: the text says which.
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

/// What a script cannot do itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Ask {
    /// `context.http`
    Http(HttpRequest),
    /// `context.services.get("email").send`
    Mail(OutgoingMail),
    /// `context.functions.execute` of a function that is a web service. The arguments are an array.
    Webhook {
        /// The name of the function.
        function: String,
        /// Its arguments.
        arguments: Ejson,
    },
    /// `require` of something that is not built in.
    Module {
        /// The module that asks, as [`Answer::Module`] named it; nothing for a function.
        from: Option<String>,
        /// What it asks for.
        specifier: String,
    },
}

/// The answer to an [`Ask`].
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// What came back.
    Http(HttpResponse),
    /// The mail has been taken.
    Mail,
    /// The web service's JSON.
    Webhook(Ejson),
    /// The module that was asked for.
    Module {
        /// Its name from now on: a path below `functions/node_modules`.
        path: String,
        /// What it is.
        kind: ModuleKind,
        /// Its source.
        text: String,
    },
    /// There is no such module.
    NoModule,
}

/// How a module's text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModuleKind {
    /// `CommonJS`.
    Script,
    /// Data.
    Json,
}

/// A request to the outside. The script's own spelling has been understood already: what is here is ready to send.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// Such as `GET`.
    pub method: String,
    /// Absolute.
    pub url: String,
    /// In order, repeated names allowed.
    pub headers: Vec<(String, String)>,
    /// Base64.
    pub body: Option<String>,
    /// At most ten times.
    pub follow_redirects: bool,
    /// User name and password for digest authentication.
    pub digest: Option<(String, String)>,
}

/// What came back.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpResponse {
    /// Such as `200 OK`.
    pub status: String,
    /// Such as 200.
    pub status_code: u16,
    /// In order, names repeated as they came.
    pub headers: Vec<(String, String)>,
    /// Base64.
    pub body: String,
}

/// A mail that a function sends.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct OutgoingMail {
    /// One address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The body as text.
    pub text: Option<String>,
    /// The body as HTML.
    pub html: Option<String>,
}

/// Messages carry passwords and tokens; what is printed of them is only what they are.
macro_rules! opaque {
    ($($name:ident),*) => { $(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )* };
}
opaque!(
    ToWorker,
    Start,
    Program,
    Script,
    Call,
    Answer,
    Ejson,
    HttpRequest,
    HttpResponse,
    OutgoingMail
);

/// The longest message. Longer ones are a fault of the other side, and end the worker.
pub(crate) const MAX_MESSAGE: usize = 64 << 20;

/// Writes one message.
pub(crate) fn write(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    to.write_all(&frame(message)?)?;
    to.flush()
}

/// One message with its length before it.
pub(crate) fn frame(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message)?;
    let length = frame.len() - 4;
    if length > MAX_MESSAGE {
        return Err(io::Error::other("a message is too long"));
    }
    let length = u32::try_from(length).map_err(io::Error::other)?;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    Ok(frame)
}

/// Reads one message; nothing at a clean end.
pub(crate) fn read<M: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<M>> {
    let mut length = [0; 4];
    if let Err(error) = from.read_exact(&mut length) {
        return if error.kind() == io::ErrorKind::UnexpectedEof {
            Ok(None)
        } else {
            Err(error)
        };
    }
    let mut message = vec![0; checked_length(length)?];
    from.read_exact(&mut message)?;
    Ok(Some(serde_json::from_slice(&message)?))
}

/// The length that four bytes say.
pub(crate) fn checked_length(bytes: [u8; 4]) -> io::Result<usize> {
    let length = usize::try_from(u32::from_be_bytes(bytes)).map_err(io::Error::other)?;
    if length > MAX_MESSAGE {
        return Err(io::Error::other("a message is too long"));
    }
    Ok(length)
}
