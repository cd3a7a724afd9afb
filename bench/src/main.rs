//! The load driver: starts real `doorward` processes, loads them over loopback, and prints one table.
//! Used by developers who change something that could be slow, through `bench/run`.
//! Never judges by absolute figures of a noisy machine where a ratio within one run says more.

mod bench;
mod closed_loop;
mod connection;
mod cpu;
mod database;
mod machine;
mod open_loop;
mod options;
mod relay;
mod report;
mod requests;
mod scenarios;
mod seed;
mod server;
mod stats;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};

use bench::Bench;
use options::Options;

/// The time limit of a whole run, should something hang.
const PATIENCE: Duration = Duration::from_mins(45);

fn main() -> ExitCode {
    match run(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<()> {
    // One thread: the driver takes as little as possible of the machine that it shares with the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let measured = tokio::time::timeout(PATIENCE, measure(options));
        // However the run ends, the servers are dropped, and a dropped server is killed.
        tokio::select! {
            measured = measured => measured.context("the whole run took too long")?,
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
            _ = terminate.recv() => bail!("terminated"),
        }
    })
}

async fn measure(options: Options) -> Result<()> {
    let bench = Bench::new(options).await?;
    let outcome = scenarios::run(&bench).await;
    bench.remove_databases().await;
    let report = outcome?;
    std::io::stdout().write_all(report.markdown().as_bytes())?;
    if let Some(file) = &bench.options.json {
        std::fs::write(file, report.json()?).with_context(|| format!("cannot write {}", file.display()))?;
    }
    ensure!(report.is_complete(), "not everything could be measured");
    Ok(())
}
