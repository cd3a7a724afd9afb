//! The worker that the tests start: either the real one, or one that is confined like it and whose "functions" are
//! [actions](act) that an engine could do that a script has taken over.

mod escapes;
mod supervisor;

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

use doorward_functions::worker::{FromWorker, Start, ToWorker, confine, read, settle, write};
use doorward_functions::{
    Call, Confinement, ConsoleLine, Ejson, HostRequest, HttpRequest, Limits, Outcome, Returned, Sandbox, Thrown,
    ThrownKind, Wanted, WorkerCommand, WorkersConfig,
};

/// The worker of the server, which runs JavaScript.
pub(crate) const ENGINE: &str = "worker:engine";

/// The worker whose functions are actions.
pub(crate) const ACTIONS: &str = "worker:actions";

/// A process that has a pool of such workers itself.
pub(crate) const SUPERVISOR: &str = "worker:supervisor";

/// The command that starts a worker of this kind.
pub(crate) fn command(kind: &str) -> WorkerCommand {
    WorkerCommand {
        program: std::env::current_exe().expect("the program has a path"),
        arguments: vec![kind.to_owned()],
    }
}

/// A pool of workers that run whatever this system lacks. Tests of the sandbox say themselves what must be in force.
pub(crate) fn config(command: WorkerCommand, limits: Limits) -> WorkersConfig {
    WorkersConfig {
        command,
        limits,
        sandbox: Sandbox::BestEffort,
    }
}

/// Runs as a worker if the program was started as one, and returns `None` otherwise.
pub(crate) fn run_if_asked() -> Option<ExitCode> {
    let kind = std::env::args().nth(1)?;
    let result = match kind.as_str() {
        ENGINE => return Some(doorward_functions::worker::main()),
        ACTIONS => {
            settle();
            serve()
        }
        SUPERVISOR => supervisor::supervise(),
        _ => return None,
    };
    Some(match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}

fn serve() -> io::Result<()> {
    let mut pipe = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let Some(ToWorker::Start(start)) = read(&mut pipe)? else {
        return Err(io::Error::other("the first message is no start"));
    };
    let tag = start.program.environment_tag.as_str();
    if tag == "refuse-to-start" {
        return Err(io::Error::other("as asked"));
    }
    let confinement = if tag == "unconfined" {
        Confinement::default()
    } else {
        confine(&start.limits, &pipe)
    };
    write(&mut pipe, &FromWorker::Ready(confinement))?;
    while let Some(message) = read(&mut pipe)? {
        let ToWorker::Call { number, call } = message else {
            return Err(io::Error::other("a message out of turn"));
        };
        if call.function == "chatter" {
            write(&mut pipe, &chatter(number, &call, &start.limits))?;
            continue;
        }
        let result = act(&start, &call, &mut pipe)?;
        write(&mut pipe, &done(number, result))?;
        if call.function == "repeat" {
            // The server has kept the worker, and sends the next call.
            let Some(ToWorker::Call { .. }) = read(&mut pipe)? else {
                return Ok(());
            };
            let stale = Ejson::canonical("stale");
            write(&mut pipe, &done(number, Ok(Returned::Value(stale))))?;
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

/// An outcome that is as large as the limits allow, but for the part that the argument names.
fn chatter(number: u64, call: &Call, limits: &Limits) -> FromWorker {
    let larger: Vec<String> = serde_json::from_str(call.arguments.as_str()).unwrap_or_default();
    let more = |part: &str| usize::from(larger.iter().any(|larger| larger == part));
    let text = |part: &str, most: usize| "x".repeat(most + more(part));
    let line = ConsoleLine {
        level: "warn".to_owned(),
        text: text("line", limits.console_line),
    };
    let result = match call.wanted {
        Wanted::Status => Ok(Returned::Status(Some(text("status", 2 * limits.status)))),
        Wanted::Identity => Ok(Returned::Identity(Some((
            text("id", limits.identity),
            Some(text("name", limits.identity)),
        )))),
        Wanted::Value => Ok(Returned::Value(Ejson::canonical(text("value", limits.result - 2)))),
        Wanted::Nothing => Err(Thrown {
            stack: Some(text("stack", limits.error_text)),
            ..thrown(&text("error", limits.error_text))
        }),
    };
    FromWorker::Done {
        number,
        outcome: Box::new(Outcome {
            result,
            console: vec![line; limits.console_lines + more("lines")],
            console_dropped: u64::MAX,
            memory: 0,
            cpu_time: Duration::ZERO,
            mails: Vec::new(),
        }),
    }
}

/// Runs the action that the function is named after. The argument, if there is one, is text.
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
            // Longer than any call may take, and without processor time.
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
            write(pipe, &FromWorker::Ready(Confinement::default()))?;
            String::new()
        }
        "repeat" => "once".to_owned(),
        "allocate" => allocate(argument.parse().unwrap_or(usize::MAX)),
        "ask" => ask_many(pipe, argument.parse().unwrap_or(1))?,
        escape => escapes::attempt(escape, argument),
    };
    Ok(Ok(Returned::Value(Ejson::canonical(text))))
}

fn thrown(text: &str) -> Thrown {
    Thrown {
        kind: ThrownKind::Script,
        text: text.to_owned(),
        stack: None,
    }
}

/// Takes memory, and touches it, up to this amount or until the kernel gives no more.
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

/// Sends so many requests before it reads a response, then reads all responses.
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
        let request = HostRequest::Http(request);
        write(pipe, &FromWorker::Request { id, request })?;
    }
    let mut answered = 0;
    while answered < count {
        match read(pipe)? {
            Some(ToWorker::Response { .. }) => answered += 1,
            _ => return Err(io::Error::other("a message out of turn")),
        }
    }
    Ok(format!("{answered} answers"))
}
