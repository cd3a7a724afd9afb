//! What strangers can cause, and what honest users notice of it. Each file is one kind of flood, with a server of its
//! own.

mod guesses;
mod half_requests;
mod mails;
mod unread;

use anyhow::Result;

use crate::bench::Bench;
use crate::database::Database;
use crate::report::Row;

pub(super) async fn run(bench: &Bench, database: &Database) -> Result<Vec<Row>> {
    allow_many_connections();
    let mut rows = mails::run(bench, database).await?;
    rows.extend(guesses::run(bench, database).await?);
    rows.extend(half_requests::run(bench, database).await?);
    rows.push(unread::run(bench, database).await?);
    Ok(rows)
}

/// Makes the server believe the driver about the addresses of clients.
const PROXY: [&str; 2] = ["--trusted-proxy", "127.0.0.0/8"];

/// An address for each user, outside the networks of attackers.
fn address(user: u32) -> String {
    let [_, b, c, d] = user.to_be_bytes();
    format!("11.{b}.{c}.{d}")
}

/// The driver holds thousands of connections, and many systems begin with room for 1,024.
fn allow_many_connections() {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    // Where it fails, opening the connections says so.
    let _ = setrlimit(Resource::Nofile, files);
}
