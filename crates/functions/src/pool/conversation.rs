//! One call: what the server and a worker say to each other from its first message to its last.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::process::Worker;
use super::{Outside, cpu};
use crate::Limits;
use crate::limits::too_many_mails;
use crate::protocol::{Answer, Ask, Call, FromWorker, Outcome, OutgoingMail, ToWorker};

/// Beyond the call's own time before the worker is killed: its interrupt handler should be first, and say where the script was.
const GRACE: Duration = Duration::from_millis(250);

/// Questions that are being answered at once. More wait in the pipe, and so does the script: each can hold an answer of some megabytes.
const QUESTIONS_AT_ONCE: usize = 8;

/// Bytes of answers that wait to be sent before more questions are looked at.
const UNSENT: usize = 16 << 20;

/// Why a call did not come to its end, and its worker must.
pub(super) enum Broken {
    TimedOut,
    Stopped,
    /// Closed, nonsense, too long: what the pipe said.
    Pipe(io::Error),
    /// It asked for more than one call may.
    TooManyQuestions,
}

/// Runs one call. After an error the worker is in an unknown state and must be killed.
pub(super) async fn run(
    worker: &mut Worker,
    mut call: Call,
    limits: &Limits,
    stop: &CancellationToken,
) -> Result<Outcome, Broken> {
    call.wall_time = call.wall_time.min(limits.wall_time);
    let deadline = Instant::now() + call.wall_time + GRACE;
    if let Some(process) = worker.id() {
        cpu::allow(process, limits.cpu_time);
    }
    let app = Arc::clone(&worker.app);
    worker.calls += 1;
    let number = worker.calls;
    let message = ToWorker::Call {
        number,
        call: Box::new(call),
    };
    worker.outgoing.push(&message).map_err(Broken::Pipe)?;
    let mut asked = 0;
    let mut mails: Vec<OutgoingMail> = Vec::new();
    // Dropped with the call: what a script has not waited for is not finished for it.
    let mut questions = FuturesUnordered::new();
    loop {
        let room = questions.len() < QUESTIONS_AT_ONCE && worker.outgoing.len() < UNSENT;
        tokio::select! {
            // In this order: a flood of questions does not delay the deadline.
            biased;
            () = sleep_until(deadline) => return Err(Broken::TimedOut),
            () = stop.cancelled() => return Err(Broken::Stopped),
            sent = worker.outgoing.send_some(), if !worker.outgoing.is_empty() => sent.map_err(Broken::Pipe)?,
            Some((id, answer)) = questions.next(), if worker.outgoing.len() < UNSENT => push_answer(worker, id, answer)?,
            message = worker.incoming.next(), if room => match message.map_err(Broken::Pipe)? {
                Some((FromWorker::Done { number: ended, outcome }, _)) if ended == number => {
                    return Ok(Outcome { mails, ..*outcome });
                }
                Some((FromWorker::Done { .. }, _)) => {
                    return Err(Broken::Pipe(io::Error::other("it answered another call")));
                }
                Some((FromWorker::Ask { id, ask }, _)) => {
                    asked += 1;
                    if asked > limits.async_operations {
                        return Err(Broken::TooManyQuestions);
                    }
                    if let Ask::Mail(mail) = ask {
                        // At once, and not among the questions: a script that does not wait for `send` has sent its mail all the same.
                        let answer = promise(&app.outside, mail, &mut mails, limits).await;
                        push_answer(worker, id, answer)?;
                        continue;
                    }
                    let outside = Arc::clone(&app.outside);
                    questions.push(async move { (id, outside.answer(ask).await) });
                }
                Some((FromWorker::Ready(_), _)) => return Err(Broken::Pipe(io::Error::other("it began anew"))),
                None => return Err(Broken::Pipe(io::ErrorKind::UnexpectedEof.into())),
            },
        }
    }
}

/// Keeps a mail for the end of the call, unless it is refused. No mail leaves here, so this takes no time.
async fn promise(
    outside: &Arc<dyn Outside>,
    mail: OutgoingMail,
    mails: &mut Vec<OutgoingMail>,
    limits: &Limits,
) -> Result<Answer, String> {
    // The engine refuses first; but a worker is not to be believed.
    if mails.len() >= limits.mails as usize {
        return Err(too_many_mails(limits));
    }
    let answer = outside.answer(Ask::Mail(mail.clone())).await?;
    mails.push(mail);
    Ok(answer)
}

/// An answer that is too long for a message is an error of the script's, not of the worker.
fn push_answer(worker: &mut Worker, id: u32, answer: Result<Answer, String>) -> Result<(), Broken> {
    if worker.outgoing.push(&ToWorker::Answer { id, answer }).is_ok() {
        return Ok(());
    }
    let answer = Err("the answer is too long".to_owned());
    worker
        .outgoing
        .push(&ToWorker::Answer { id, answer })
        .map_err(Broken::Pipe)
}
