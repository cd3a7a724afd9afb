//! The owner's functions: calls by flows, calls by users, and triggers.

mod call;
mod hooks;
mod trigger_worker;
mod triggers;

pub use call::CallRefusal;
pub(crate) use hooks::or_fail;
pub use hooks::{
    ConfirmCall, CreateUserCall, ExternalIdentity, FunctionCall, FunctionError, FunctionName, FunctionResult,
    Functions, LoginCall, ResetCall, Verdict,
};
pub use trigger_worker::{TriggerWorker, TriggerWorkerSettings};
pub use triggers::{ClaimedDelivery, NewTriggerEvent, Trigger, UnknownEvent, UserEvent};
