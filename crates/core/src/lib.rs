//! What Doorward means: accounts, their states, and the flows that move them.
//! Used by the client API, the hosted pages, the mail worker and the command line alike.
//! Never knows HTTP, SQL, SMTP, JSON or a configuration file: it declares the traits it needs from outside.

mod accounts;
mod actor;
mod app;
mod apps;
mod backoff;
mod causes;
mod change;
mod clock;
mod conflict;
mod email_password;
mod entropy;
mod epoch;
mod failure;
mod functions;
mod ids;
mod limits;
mod links;
mod login;
mod outbox;
mod providers;
pub mod store;
mod users;

pub use accounts::{Accounts, AppAccounts, Parts, Settings};
pub use actor::{Actor, Administrator, ClientRequest};
pub use app::App;
pub use apps::Apps;
pub use backoff::Backoff;
pub use causes::Causes;
pub use clock::{Clock, SystemClock, Timestamp};
pub use conflict::{MayConflict, retry_conflicts};
pub use doorward_ejson::Ejson;
pub use doorward_passwords::{Pace, PasswordPool, PoolConfig, PoolError};
pub use email_password::{
    CallResetRefusal, Confirmation, ConfirmationMailRefusal, ConfirmedRegistration, EmailAddress, EmailPassword,
    InvalidEmail, KeyId, LinkRefusal, LinkState, MailToken, MailedLink, MalformedToken, Password, PasswordHash,
    PasswordRefusal, PendingRegistration, Purpose, RegisterRefusal, Registration, RenewRefusal, ResendRefusal, Reset,
    ResetRefusal, RetryRefusal, SecretToken, SendResetRefusal, TokenKeys, TokenPair,
};
pub use entropy::{Entropy, OsEntropy};
pub use epoch::open_new_epoch;
pub use failure::{Failure, FlowError, Refusal};
pub use functions::{
    CallRefusal, ClaimedDelivery, ConfirmCall, CreateUserCall, ExternalIdentity, FunctionCall, FunctionError,
    FunctionName, FunctionResult, Functions, LoginCall, NewTriggerEvent, ResetCall, Trigger, TriggerWorker,
    TriggerWorkerSettings, UnknownEvent, UserEvent, Verdict,
};
pub use ids::{
    AppId, AppObjectId, DeviceId, GroupId, MailId, ObjectId, RegistrationId, RequestId, SessionId, TokenId, UserId,
};
pub use limits::{Bucket, Limit, LimitKey, LimitMetrics, LimitSettings, LimitSweeper, LimitTable, Network};
pub use links::Links;
pub use login::{
    Credentials, ExternalId, FunctionLoginRefusal, Identity, LoginAttempt, LoginRefusal, NotSignedIn, Profile, Session,
    SessionEnded, SignInRefusal, SignedIn, SignedInUser, VerifiedIdentity,
};
pub use outbox::{ClaimedMail, DeliveryOutcome, FunctionMail, MailContent, SealedMail, Wake};
pub use providers::{Provider, Providers, UnknownProvider};
pub use store::{Store, StoreError, Tx};
pub use users::{UserGone, UserNotFound, UserProfile};
