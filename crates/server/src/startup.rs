//! The few lines that a start prints, for the person in front of the terminal.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;

use doorward_appdir::{ConfirmationMethod, LoadedApp, ResetMethod, UserpassConfig};
use doorward_core::Links;
use doorward_passwords::Engine;

use crate::config::Database;

/// What the start reports.
pub(crate) struct Report<'a> {
    pub(crate) links: &'a Links,
    pub(crate) loaded: &'a [LoadedApp],
    pub(crate) bound: SocketAddr,
    pub(crate) mail: Mail,
    pub(crate) database: &'a Database,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) engine: Engine,
}

/// Where mails go.
#[derive(Clone, Copy)]
pub(crate) enum Mail {
    Relay,
    DevelopmentMailbox,
    NotNeeded,
}

/// Prints the report on standard output.
pub(crate) fn say(greeting: &str) {
    let mut out = std::io::stdout().lock();
    // Standard output may be closed; that is no reason not to serve.
    let _ = out.write_all(greeting.as_bytes());
    let _ = out.flush();
}

/// Writes the report.
pub(crate) fn greeting(report: &Report<'_>) -> String {
    let mut text = String::new();
    let public = report.links.public_url();
    let _ = writeln!(text, "Doorward {} is ready at {public}", env!("CARGO_PKG_VERSION"));
    if public != format!("http://{}", report.bound) {
        let _ = writeln!(text, "  listening on  {}", report.bound);
    }
    for app in report.loaded {
        let _ = writeln!(
            text,
            "  app           {} ({}), {}",
            app.client_app_id,
            app.root.display(),
            methods(app)
        );
    }
    let mail = match report.mail {
        Mail::DevelopmentMailbox => format!("development mailbox at {public}/dev/mail"),
        Mail::Relay => "by SMTP".to_owned(),
        Mail::NotNeeded => "none is needed".to_owned(),
    };
    let _ = writeln!(text, "  mail          {mail}");
    let database = match report.database {
        Database::Sqlite(path) => format!("SQLite, {}", path.display()),
        Database::Postgres(_) => "PostgreSQL".to_owned(),
    };
    let _ = writeln!(
        text,
        "  accounts      {database}; passwords by Argon2id ({})",
        report.engine
    );
    if let Some(address) = report.metrics {
        let _ = writeln!(text, "  metrics       http://{address}/metrics");
    }
    for app in report.loaded {
        let notes = app.report();
        let count = notes.ignored.len() + notes.missing.len();
        if count > 0 {
            let _ = writeln!(
                text,
                "  {}: parts of the export that are ignored or missing: {count}; see doorward check {}",
                app.client_app_id,
                app.root.display()
            );
        }
        if matches!(
            app.userpass.as_ref().map(UserpassConfig::confirmation),
            Some(ConfirmationMethod::Automatic)
        ) {
            let _ = writeln!(
                text,
                "  {}: anybody can register any address, because autoConfirm is true",
                app.client_app_id
            );
        }
    }
    text
}

fn methods(app: &LoadedApp) -> &'static str {
    let Some(config) = &app.userpass else {
        return "e-mail/password accounts are disabled";
    };
    match (config.confirmation(), config.reset()) {
        (ConfirmationMethod::Automatic, ResetMethod::Email { .. }) => "confirmed at once, reset by e-mail",
        (ConfirmationMethod::Automatic, ResetMethod::Function(_)) => "confirmed at once, reset by a function",
        (ConfirmationMethod::Email { .. }, ResetMethod::Email { .. }) => "confirmed and reset by e-mail",
        (ConfirmationMethod::Email { .. }, ResetMethod::Function(_)) => "confirmed by e-mail, reset by a function",
        (ConfirmationMethod::Function(_), ResetMethod::Email { .. }) => "confirmed by a function, reset by e-mail",
        (ConfirmationMethod::Function(_), ResetMethod::Function(_)) => "confirmed and reset by functions",
    }
}
