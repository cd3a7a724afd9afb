//! The size of the binary, without symbols.

use std::process::Command;

use anyhow::Result;

use crate::bench::Bench;
use crate::report::{Goal, Row, Unit};

pub(super) fn run(bench: &Bench) -> Result<Row> {
    // A release build is stripped already; stripping again changes nothing, and makes other builds comparable.
    let stripped = bench.work_dir().join("stripped");
    let strip = Command::new("strip")
        .arg("-o")
        .arg(&stripped)
        .arg(&bench.options.server)
        .status();
    let (file, note) = match strip {
        Ok(status) if status.success() => (&stripped, ""),
        _ => (&bench.options.server, "as it is: there is no `strip` here"),
    };
    let bytes = u32::try_from(std::fs::metadata(file)?.len())?;
    let row = Row::new(
        "size of the stripped binary",
        Unit::Megabytes,
        vec![f64::from(bytes) / 1e6],
    );
    Ok(row.goal(Goal::Below(15.0)).note(note))
}
