//! `doorward check`

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;

use crate::apps::load_options;
use crate::cli::CheckOptions;
use crate::config::{Secrets, app_argument};

/// Prints the report; the exit code is 1 when there are errors.
pub(crate) fn check(options: &CheckOptions) -> Result<ExitCode> {
    let argument = app_argument(&options.app);
    let secrets = Secrets::of(options.secrets.clone());
    let report = doorward_appdir::check(&argument.dir, &load_options(&argument, &secrets)?);
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
