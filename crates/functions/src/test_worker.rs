//! A worker for tests: it speaks the protocol and is confined like any other, and its "functions" are what an engine that has been
//! taken over could do. Nothing in the server calls it, so nothing of it is in the server's binary.

mod escapes;
mod supervisor;

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

use crate::protocol::{
    self, Ask, Call, Ejson, FromWorker, HttpRequest, Outcome, Returned, Start, Thrown, ThrownKind, ToWorker,
};
use crate::{Confinement, sandbox};

/// Serves calls until the pipe is closed; or, with the argument `supervise`, has a pool of such workers itself. With the argument
/// `engine` it is the worker of the server, scripts and all.
pub fn main() -> ExitCode {
    let asked_for = |what: &str| std::env::args().any(|argument| argument == what);
    if asked_for("engine") {
        return crate::worker::main();
    }
    let result = if asked_for("supervise") {
        supervisor::supervise()
    } else {
        sandbox::settle();
        serve()
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    let mut pipe = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let Some(ToWorker::Start(start)) = protocol::read(&mut pipe)? else {
        return Err(io::Error::other("the first message is no start"));
    };
    let tag = start.program.environment_tag.as_str();
    if tag == "refuse-to-start" {
        return Err(io::Error::other("as asked"));
    }
    let confinement = if tag == "unconfined" {
        Confinement::default()
    } else {
        sandbox::confine(&start.limits, &pipe)
    };
    protocol::write(&mut pipe, &FromWorker::Ready(confinement))?;
    while let Some(message) = protocol::read(&mut pipe)? {
        let ToWorker::Call { number, call } = message else {
            return Err(io::Error::other("a message out of turn"));
        };
        let result = act(&start, &call, &mut pipe)?;
        protocol::write(&mut pipe, &done(number, result))?;
        if call.function == "repeat" {
            // When the server has found nothing of it and sends the next call.
            let Some(ToWorker::Call { .. }) = protocol::read(&mut pipe)? else {
                return Ok(());
            };
            let stale = Ejson::of(&"stale").map_err(io::Error::other)?;
            protocol::write(&mut pipe, &done(number, Ok(Returned::Value(stale))))?;
        }
    }
    Ok(())
}

fn done(number: u64, result: Result<Returned, Thrown>) -> FromWorker {
    let outcome = Box::new(Outcome {
        result,
        console: Vec::new(),
        console_dropped: 0,
        memory: 0,
        cpu_time: Duration::ZERO,
        mails: Vec::new(),
    });
    FromWorker::Done { number, outcome }
}

/// Does what the function's name says. The argument, where there is one, is text.
fn act(start: &Start, call: &Call, pipe: &mut UnixStream) -> io::Result<Result<Returned, Thrown>> {
    let arguments: Vec<String> = serde_json::from_str(call.arguments.as_str()).unwrap_or_default();
    let argument = arguments.first().map_or("", String::as_str);
    let text = match call.function.as_str() {
        "echo" => return Ok(Ok(Returned::Value(call.arguments.clone()))),
        "tag" => start.program.environment_tag.clone(),
        "process" => rustix::process::getpid().as_raw_nonzero().to_string(),
        "throw" => return Ok(Err(thrown("Error: as asked"))),
        "spin" => loop {
            std::hint::black_box(argument);
        },
        "sleep" => {
            // Longer than any call may take, in a way that uses no processor time.
            std::thread::sleep(Duration::from_hours(1));
            String::new()
        }
        "pause" => {
            std::thread::sleep(Duration::from_millis(argument.parse().unwrap_or(0)));
            String::new()
        }
        "abort" => std::process::abort(),
        "leave" => return Err(io::Error::other("as asked")),
        "nonsense" => {
            pipe.write_all(b"\0\0\0\x05maybe")?;
            std::thread::sleep(Duration::from_hours(1));
            String::new()
        }
        "boast" => {
            // The length of a message that would fill the server's memory.
            pipe.write_all(&[0xff; 4])?;
            std::thread::sleep(Duration::from_hours(1));
            String::new()
        }
        "babble" => {
            protocol::write(pipe, &FromWorker::Ready(Confinement::default()))?;
            String::new()
        }
        "repeat" => "once".to_owned(),
        "allocate" => allocate(argument.parse().unwrap_or(usize::MAX)),
        "ask" => ask_many(pipe, argument.parse().unwrap_or(1))?,
        escape => escapes::attempt(escape, argument),
    };
    Ok(Ejson::of(&text)
        .map(Returned::Value)
        .map_err(|error| thrown(&error.to_string())))
}

fn thrown(text: &str) -> Thrown {
    Thrown {
        kind: ThrownKind::Script,
        text: text.to_owned(),
        stack: None,
    }
}

/// Takes memory, and touches it, until it has enough or gets none.
fn allocate(mebibytes: usize) -> String {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    while taken.len() < mebibytes {
        let mut piece = Vec::new();
        if piece.try_reserve_exact(1 << 20).is_err() {
            return format!("refused after {}", taken.len());
        }
        piece.resize(1 << 20, 1);
        taken.push(piece);
    }
    "taken".to_owned()
}

/// Asks so many questions before it reads an answer, then reads all.
fn ask_many(pipe: &mut UnixStream, count: u32) -> io::Result<String> {
    for id in 0..count {
        let request = HttpRequest {
            method: "GET".to_owned(),
            url: format!("https://example.com/{id}"),
            headers: Vec::new(),
            body: None,
            follow_redirects: false,
            digest: None,
        };
        let ask = Ask::Http(request);
        protocol::write(pipe, &FromWorker::Ask { id, ask })?;
    }
    let mut answered = 0;
    while answered < count {
        match protocol::read(pipe)? {
            Some(ToWorker::Answer { .. }) => answered += 1,
            _ => return Err(io::Error::other("a message out of turn")),
        }
    }
    Ok(format!("{answered} answers"))
}
