//! How many files the process may have open, and so how many connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The most connections that are open concurrently, however many files the system allows. Each may take some 50 KiB.
const MOST_CONNECTIONS: u64 = 10_000;

/// Files that are not connections of clients: the database (16 connections to PostgreSQL, or three files for each of
/// five to SQLite), the relay, requests of functions and webhooks, the metrics page, logs and keys.
const RESERVE: u64 = 256;

/// Files for each worker that runs functions: its pipes, on both sides of a start.
const FILES_PER_WORKER: u64 = 8;

/// Raises the soft limit of open files to the hard one. The soft one is 1,024 almost everywhere, for the sake of
/// programs that use `select`; this one does not.
pub(crate) fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, raised)
    {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
}

/// How many connections of clients may be open concurrently, beside this many workers.
pub(crate) fn connection_places(workers: usize) -> usize {
    places(getrlimit(Resource::Nofile).current, workers)
}

/// At least half of the files are for connections, so that a very low limit still leaves a server.
fn places(open_files: Option<u64>, workers: usize) -> usize {
    let workers = u64::try_from(workers).unwrap_or(u64::MAX);
    let reserve = workers.saturating_mul(FILES_PER_WORKER).saturating_add(RESERVE);
    let places = open_files.map_or(MOST_CONNECTIONS, |files| files.saturating_sub(reserve).max(files / 2));
    usize::try_from(places.min(MOST_CONNECTIONS)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_the_server_has_files_of_its_own() {
        for (open_files, workers, expected) in [
            (Some(1_024), 4, 736),
            (Some(4_096), 4, 3_808),
            (Some(1 << 20), 4, 10_000),
            (None, 4, 10_000),
            (Some(256), 4, 128),
            (Some(10_256), usize::MAX, 5_128),
        ] {
            assert_eq!(places(open_files, workers), expected, "{open_files:?} {workers}");
        }
    }
}
