//! Ways out of the sandbox. Each returns `refused`, or what it got.

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, Signal};

/// Tries one way out.
pub(super) fn attempt(way: &str, argument: &str) -> String {
    let result = match way {
        "read-file" => fs::read(argument).map(drop),
        "list" => fs::read_dir(argument).map(drop),
        "metadata" => fs::metadata(argument).map(drop),
        "write-file" => fs::write(argument, "here").map(drop),
        "make-directory" => fs::create_dir(argument),
        "remove" => fs::remove_file(argument),
        "connect" => TcpStream::connect(argument).map(drop),
        "listen" => TcpListener::bind("127.0.0.1:0").map(drop),
        "udp" => UdpSocket::bind("127.0.0.1:0").map(drop),
        "socket-pair" => UnixStream::pair().map(drop),
        "execute" => Command::new("/bin/true").status().map(drop),
        "thread" => std::thread::Builder::new().spawn(|| ()).map(drop),
        "duplicate" => io::stdin().as_fd().try_clone_to_owned().map(drop),
        // Another program in the same process.
        "become" => Err(Command::new("/bin/true").exec()),
        "signal" => process(argument).and_then(|pid| Ok(rustix::process::test_kill_process(pid)?)),
        "kill" => process(argument).and_then(|pid| Ok(rustix::process::kill_process(pid, Signal::KILL)?)),
        "raise-limits" => raise(Resource::Nofile),
        "raise-time" => raise(Resource::Cpu),
        "limit-other" => process(argument).and_then(limit_other),
        "priority" => rustix::process::setpriority_process(None, 0).map_err(io::Error::from),
        "environment" => return std::env::vars_os().count().to_string(),
        other => return format!("there is no way {other}"),
    };
    match result {
        Ok(()) => "escaped".to_owned(),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => "refused".to_owned(),
        Err(error) => format!("failed otherwise: {error}"),
    }
}

fn process(argument: &str) -> io::Result<Pid> {
    argument
        .parse()
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::other("no number of a process"))
}

fn raise(resource: Resource) -> io::Result<()> {
    let none = Rlimit {
        current: None,
        maximum: None,
    };
    Ok(rustix::process::setrlimit(resource, none)?)
}

#[cfg(target_os = "linux")]
fn limit_other(pid: Pid) -> io::Result<()> {
    let limit = rustix::process::getrlimit(Resource::Core);
    rustix::process::prlimit(Some(pid), Resource::Core, limit)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn limit_other(_: Pid) -> io::Result<()> {
    Err(io::ErrorKind::PermissionDenied.into())
}
