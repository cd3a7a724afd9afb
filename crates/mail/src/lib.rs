//! Mail: its texts, the SMTP client that sends it to a relay, and the worker that empties the outbox.
//! Used by the server, which starts the worker, and by the page that shows the development mailbox.
//! Never decides who gets a mail (the flows in `doorward-core` do), and never stores or logs
//! an address, a link or a token.

mod attempt;
mod attempts;
mod backoff;
mod boot_time;
mod claims;
mod compose;
mod dev_mailbox;
mod large;
mod links;
mod mail_from;
mod message;
mod metrics;
mod parts;
mod post;
mod smtp;
mod transport;
mod worker;

pub use claims::Claim;
pub use compose::{ComposeError, MessageHeader, compose, compose_function_mail};
pub use dev_mailbox::{DevMailbox, DevMessage};
pub use mail_from::{InvalidMailFrom, MailFrom};
pub use message::Message;
pub use metrics::MailMetrics;
pub use parts::{WorkerParts, WorkerSettings};
pub use smtp::{SmtpTransport, SmtpUrlError};
pub use transport::{SendError, Transport};
pub use worker::OutboxWorker;
