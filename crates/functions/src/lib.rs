//! The owner's functions: JavaScript in worker processes of the same binary, or a signed call of the owner's web service.
//! Used by the server, which gives the flows of `core` their answers, and by the command line, which runs one function locally.
//! Never touches the database, and a worker never touches anything but its pipe.

mod app;
mod documents;
mod engine;
mod hooks;
mod host;
mod limits;
mod outbound;
mod outside;
mod packages;
mod pool;
mod protocol;
mod rules;
mod sandbox;
#[doc(hidden)]
pub mod test_worker;
mod webhook;
pub mod worker;

pub use app::{AboutApp, AppFunctions, Function, Source};
pub use engine::{SyntaxError, built_in_modules, check};
pub use host::FunctionHost;
pub use limits::Limits;
pub use outbound::{AddressRule, AllowError, Allowed, ClientError, HttpClient};
pub use outside::{AppOutside, OutsideParts};
pub use packages::Packages;
pub use pool::{
    AppProgram, CallEnd, CallError, CallLabels, Nowhere, Outside, StartError, WorkerCommand, WorkerMetrics, Workers,
    WorkersConfig,
};
pub use protocol::{
    Answer, Ask, Call, Confinement, ConsoleLine, Ejson, HttpRequest, HttpResponse, ModuleKind, Outcome, OutgoingMail,
    Program, Returned, Script, Thrown, ThrownKind, Wanted,
};
pub use webhook::{WebhookClient, WebhookError, WebhookSecret};
