//! What Doorward means: accounts, their states, and the flows that move them.
//! Used by the client API, the hosted pages, the mail worker and the command line alike.
//! Never knows HTTP, SQL, SMTP, JSON or a configuration file: it declares the traits it needs from outside.

mod accounts;
mod app;
mod clock;
mod confirmation;
mod deletion;
mod email;
mod entropy;
mod error;
mod function_call;
mod function_login;
mod functions;
mod identity;
mod ids;
mod link;
mod login;
mod mail_token;
mod outbox;
mod password;
mod password_reset;
mod registration;
mod sealing;
mod session;
pub mod store;
mod trigger_worker;
mod triggers;
mod wake;

pub use accounts::{Accounts, Parts, Settings};
pub use app::{App, Confirmation, EmailPassword, MailedLink, Reset};
pub use clock::{Clock, SystemClock, Timestamp};
pub use confirmation::LinkState;
pub use doorward_passwords::{PasswordPool, PoolConfig, PoolError};
pub use email::EmailAddress;
pub use entropy::{Entropy, OsEntropy};
pub use error::AuthError;
pub use functions::{
    CallFailure, Caller, ConfirmQuestion, DeliveryError, Ejson, ExternalIdentity, FunctionCall, FunctionName,
    FunctionResult, Functions, LoginQuestion, NewUser, NotRun, ResetQuestion, Verdict,
};
pub use identity::{ExternalId, Identity, Provider, UnknownProvider, VerifiedIdentity};
pub use ids::{
    AppId, AppObjectId, DeviceId, GroupId, MailId, ObjectId, RegistrationId, RequestId, SessionId, TokenId, UserId,
};
pub use link::Links;
pub use login::{Credentials, SignedIn};
pub use mail_token::{KeyId, MailToken, Purpose, SecretToken, TokenKeys, TokenPair};
pub use outbox::{ClaimedMail, DeliveryOutcome, FunctionMail, MailContent, SealedMail};
pub use password::{Password, PasswordHash};
pub use registration::{ConfirmedRegistration, PendingRegistration, Registration};
pub use session::{Session, UserProfile};
pub use store::{Store, StoreError, Tx};
pub use trigger_worker::{TriggerWorker, TriggerWorkerSettings};
pub use triggers::{ClaimedDelivery, NewTriggerEvent, Trigger, UnknownEvent, UserEvent};
pub use wake::Wake;
