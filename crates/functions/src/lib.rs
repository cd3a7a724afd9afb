//! The owner's functions: JavaScript in worker processes of the same binary, or a signed call of the owner's web
//! service. Used by the server, which gives the flows of `core` the answers of functions, and by the command line,
//! which runs one function locally. Never touches the database, and a worker never touches anything but its pipe.

mod app;
mod documents;
mod engine;
mod hooks;
mod host;
mod limits;
mod pool;
mod protocol;
mod sandbox;
mod services;
pub mod worker;

pub use doorward_ejson::Ejson;

pub use app::{AboutApp, AppFunctions, Function, Source};
pub use engine::{SyntaxError, built_in_modules, check};
pub use host::{FunctionHost, HostedFunctions};
pub use limits::Limits;
pub use pool::{
    AppProgram, CallEnd, CallError, CallLabels, Sandbox, StartError, WorkerCommand, WorkerMetrics, Workers,
    WorkersConfig,
};
pub use protocol::{
    Call, Confinement, ConsoleLine, HostRequest, HostResponse, HttpRequest, HttpResponse, ModuleKind, Outcome,
    OutgoingMail, Program, Returned, Script, SecretTexts, Thrown, ThrownKind, Wanted,
};
pub use services::{
    AddressRule, AllowError, Allowed, ClientError, HostServices, HttpClient, MailService, NoServices, Packages,
    Services, Webhook, WebhookClient, WebhookError, WebhookFunctions, WebhookSecret, WebhookSecretError,
};
