//! `doorward doctor`: reports which limits and confinements this machine supports.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use doorward_core::{PasswordPool, PoolConfig};
use doorward_functions::{Limits, Sandbox, Workers, WorkersConfig};

use crate::functions;

/// Prints the report. Missing support is no error: such a machine runs functions with `--function-sandbox best-effort`.
pub(crate) fn doctor() -> Result<ExitCode> {
    let limits = Limits::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // In a process of its own, because a process cannot leave a sandbox.
    let confinement = runtime.block_on(async {
        let config = WorkersConfig {
            command: functions::worker_command()?,
            limits: limits.clone(),
            // Only what the machine has is asked; no script runs.
            sandbox: Sandbox::BestEffort,
        };
        let workers = Workers::start(config)?;
        workers.probe().await.context("no worker for functions can be started")
    })?;
    let passwords = PasswordPool::start(PoolConfig {
        threads: 1,
        ..PoolConfig::default()
    })
    .context("the password pool cannot start")?;

    let mut out = std::io::stdout().lock();
    writeln!(out, "Doorward {}", env!("CARGO_PKG_VERSION"))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    writeln!(out, "  cores              {cores}")?;
    writeln!(
        out,
        "  passwords          Argon2id ({}), one thread for each core",
        passwords.engine()
    )?;
    let layer = |name: &str, in_force: bool, without: &str| {
        let state = if in_force { "in force" } else { without };
        format!("  {name:<19}{state}")
    };
    writeln!(out, "Workers that run functions")?;
    for line in [
        layer(
            "resource limits",
            confinement.resource_limits,
            "NOT in force: a function can use up this machine's memory and files",
        ),
        layer(
            "Landlock",
            confinement.landlock,
            "NOT in force: it needs Linux 5.13 or newer with Landlock switched on",
        ),
        layer(
            "seccomp",
            confinement.seccomp,
            "NOT in force: it needs Linux with seccomp filters",
        ),
    ] {
        writeln!(out, "{line}")?;
    }
    writeln!(
        out,
        "  each call          {} s, {} s of processor time, {} MB, {} at once",
        limits.wall_time.as_secs(),
        limits.cpu_time.as_secs(),
        limits.memory >> 20,
        limits.workers
    )?;
    Ok(ExitCode::SUCCESS)
}
