//! `doorward check`: reports which parts of an exported directory will work.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;

use crate::apps::load_options;
use crate::cli::CheckOptions;
use crate::config::Secrets;

/// Prints the report; the exit code is 1 when there are errors.
pub(crate) fn check(options: &CheckOptions) -> Result<ExitCode> {
    let secrets = Secrets::of(&options.secrets);
    let report = doorward_appdir::check(&options.app.dir, &load_options(&options.app, &secrets)?);
    let mut out = std::io::stdout().lock();
    if options.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(if report.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
