//! Mail leaves through an outbox: a row in the transaction of the change that promises it, sent by a worker afterwards.

mod mail;
mod sealing;
mod wake;

pub use mail::{ClaimedMail, DeliveryOutcome, FunctionMail, MailContent, SealedMail};
pub use wake::Wake;
