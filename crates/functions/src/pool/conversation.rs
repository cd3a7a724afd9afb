//! One call: the messages between the server and a worker from its first to its last.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::cpu;
use super::process::Worker;
use crate::Limits;
use crate::limits::too_many_mails;
use crate::protocol::{
    Call, ConsoleLine, FromWorker, HostRequest, HostResponse, Outcome, OutgoingMail, Returned, ToWorker,
};
use crate::services::HostServices;

/// How long after the call's own time the worker is killed. Its interrupt handler should be first, because it can say
/// where the script was.
const GRACE: Duration = Duration::from_millis(250);

/// Requests in flight at once. Each response can have some megabytes, so further requests wait in the pipe, and the
/// script with them.
const MAX_IN_FLIGHT: usize = 8;

/// Bytes of responses that wait to be sent. Beyond it no further request is read.
const MAX_UNSENT: usize = 16 << 20;

/// The longest severity of a line of the console, in bytes.
const MAX_LEVEL: usize = 16;

/// A secret in a status may be shorter than what stands for it.
const MAX_STATUS_GROWTH: usize = 2;

/// Why a call did not come to its end. Its worker must be ended.
pub(super) enum Broken {
    TimedOut,
    Stopped,
    /// The pipe was closed, or a message was too long or made no sense.
    Pipe(io::Error),
    /// There were more requests than one call may send.
    TooManyRequests,
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
    let mut received = 0;
    let mut mails: Vec<OutgoingMail> = Vec::new();
    // Dropped with the call: a request that the script has not waited for is given up.
    let mut in_flight = FuturesUnordered::new();
    loop {
        let has_room = in_flight.len() < MAX_IN_FLIGHT && worker.outgoing.len() < MAX_UNSENT;
        tokio::select! {
            // In this order, so that a flood of requests does not delay the deadline.
            biased;
            () = sleep_until(deadline) => return Err(Broken::TimedOut),
            () = stop.cancelled() => return Err(Broken::Stopped),
            sent = worker.outgoing.send_some(), if !worker.outgoing.is_empty() => sent.map_err(Broken::Pipe)?,
            Some((id, response)) = in_flight.next(), if worker.outgoing.len() < MAX_UNSENT => push_response(worker, id, response)?,
            message = worker.incoming.next(), if has_room => match message.map_err(Broken::Pipe)? {
                Some((FromWorker::Done { number: ended, outcome }, _)) if ended == number => {
                    if !is_within(&outcome, limits) {
                        return Err(Broken::Pipe(io::Error::other("its outcome is larger than a call may have")));
                    }
                    return Ok(Outcome { mails, ..*outcome });
                }
                Some((FromWorker::Done { .. }, _)) => {
                    return Err(Broken::Pipe(io::Error::other("it ended another call")));
                }
                Some((FromWorker::Request { id, request }, _)) => {
                    received += 1;
                    if received > limits.async_operations {
                        return Err(Broken::TooManyRequests);
                    }
                    if let HostRequest::Mail(mail) = request {
                        // At once and not in flight: a mail is sent even if the script does not wait for `send`.
                        let response = accept_mail(&*app.services, mail, &mut mails, limits).await;
                        push_response(worker, id, response)?;
                        continue;
                    }
                    let services = Arc::clone(&app.services);
                    in_flight.push(async move { (id, services.respond(request).await) });
                }
                Some((FromWorker::Ready(_), _)) => return Err(Broken::Pipe(io::Error::other("it began anew"))),
                None => return Err(Broken::Pipe(io::ErrorKind::UnexpectedEof.into())),
            },
        }
    }
}

/// Whether an outcome is as small as the engine makes it. The worker is not trusted, and what it says goes to the log
/// and to clients.
fn is_within(outcome: &Outcome, limits: &Limits) -> bool {
    let fits = |text: &str, most: usize| text.len() <= most;
    let line = |line: &ConsoleLine| fits(&line.level, MAX_LEVEL) && fits(&line.text, limits.console_line);
    let result = match &outcome.result {
        Ok(Returned::Status(status)) => status
            .iter()
            .all(|status| fits(status, MAX_STATUS_GROWTH * limits.status)),
        Ok(Returned::Identity(identity)) => identity.iter().all(|(id, name)| {
            let mut texts = std::iter::once(id).chain(name);
            texts.all(|text| fits(text, limits.identity))
        }),
        Ok(Returned::Value(value)) => fits(value.as_str(), limits.result),
        Ok(Returned::Nothing) => true,
        Err(thrown) => {
            let mut texts = std::iter::once(&thrown.text).chain(&thrown.stack);
            texts.all(|text| fits(text, limits.error_text))
        }
    };
    result && outcome.console.len() <= limits.console_lines && outcome.console.iter().all(line)
}

/// Keeps a mail for the end of the call, unless it is refused. It is only checked here and not sent, so this takes no
/// time.
async fn accept_mail(
    services: &dyn HostServices,
    mail: OutgoingMail,
    mails: &mut Vec<OutgoingMail>,
    limits: &Limits,
) -> Result<HostResponse, String> {
    // The engine counts mails too, but the worker is not trusted.
    if mails.len() >= limits.mails as usize {
        return Err(too_many_mails(limits));
    }
    let response = services.respond(HostRequest::Mail(mail.clone())).await?;
    mails.push(mail);
    Ok(response)
}

/// Queues a response. One that is too long for a message becomes an error for the script.
fn push_response(worker: &mut Worker, id: u32, response: Result<HostResponse, String>) -> Result<(), Broken> {
    if worker.outgoing.push(&ToWorker::Response { id, response }).is_ok() {
        return Ok(());
    }
    let response = Err("the answer is too long".to_owned());
    worker
        .outgoing
        .push(&ToWorker::Response { id, response })
        .map_err(Broken::Pipe)
}
