//! The machine that the figures come from.

use std::fs;
use std::path::Path;

use anyhow::Result;
use doorward_core::{Clock as _, SystemClock};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::bench::Bench;
use crate::cpu::cores;

/// What a reader must know to compare figures.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) date: String,
    pub(crate) cores: u32,
    pub(crate) processor: String,
    pub(crate) kernel: String,
    /// Processes that wanted to run in the minute before: anything above zero is noise.
    pub(crate) load_before: String,
    pub(crate) databases: Vec<String>,
    pub(crate) hash_engine: String,
    /// Whether commits go to a disk.
    pub(crate) memory_disk: bool,
}

impl Machine {
    pub(crate) async fn describe(bench: &Bench) -> Result<Self> {
        let mut databases = Vec::new();
        for database in &bench.databases {
            databases.push(database.version().await?);
        }
        let first_word = |text: String| text.split_whitespace().next().unwrap_or("?").to_owned();
        Ok(Self {
            date: OffsetDateTime::from_unix_timestamp(SystemClock.now().as_seconds())?.format(&Rfc3339)?,
            cores: cores(),
            processor: processor(),
            kernel: first_word(read("/proc/sys/kernel/osrelease")),
            load_before: first_word(read("/proc/loadavg")),
            databases,
            hash_engine: bench.pool.engine().to_string(),
            memory_disk: is_in_memory(bench.work_dir())?,
        })
    }
}

fn processor() -> String {
    let info = read("/proc/cpuinfo");
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(
        || std::env::consts::ARCH.to_owned(),
        |(_, model)| model.trim().to_owned(),
    )
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn is_in_memory(path: &Path) -> Result<bool> {
    /// `TMPFS_MAGIC` of `linux/magic.h`.
    const TMPFS: u64 = 0x0102_1994;
    Ok(u64::try_from(rustix::fs::statfs(path)?.f_type) == Ok(TMPFS))
}
