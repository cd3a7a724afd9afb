//! The report as text for people.

use std::fmt;

use crate::findings::Item;
use crate::report::{AppSummary, ErrorItem, Report};

/// The widest that the column of subjects becomes.
const WIDEST: usize = 36;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(app) = &self.app {
            write_app(f, app)?;
        }
        let sections = [
            ("Works", &self.works),
            ("Warnings", &self.warnings),
            ("Ignored", &self.ignored),
            ("Missing", &self.missing),
        ];
        let width = sections
            .iter()
            .flat_map(|(_, items)| items.iter())
            .map(|item| item.what.chars().count());
        let width = width.max().unwrap_or_default().min(WIDEST);
        for (title, items) in sections {
            write_items(f, title, items, width)?;
        }
        write_errors(f, &self.errors)?;
        match self.errors.len() {
            0 => writeln!(f, "No errors."),
            1 => writeln!(f, "1 error."),
            number => writeln!(f, "{number} errors."),
        }
    }
}

fn write_app(f: &mut fmt::Formatter<'_>, app: &AppSummary) -> fmt::Result {
    let id = app.client_app_id.as_deref().unwrap_or("(no app id)");
    write!(f, "{} ({} export", plain(id), app.format)?;
    if let Some(name) = app
        .name
        .as_deref()
        .filter(|name| Some(*name) != app.client_app_id.as_deref())
    {
        write!(f, ", {}", plain(name))?;
    }
    if !app.environment.tag().is_empty() {
        write!(f, ", {}", app.environment.tag())?;
    }
    writeln!(f, ")\n{}\n", plain(&app.root.to_string_lossy()))
}

fn write_items(f: &mut fmt::Formatter<'_>, title: &str, items: &[Item], width: usize) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    writeln!(f, "{title}")?;
    for item in items {
        write!(f, "  {:width$}  {}", plain(&item.what), plain(&item.why))?;
        match &item.path {
            Some(path) => writeln!(f, " ({})", plain(path))?,
            None => writeln!(f)?,
        }
    }
    writeln!(f)
}

fn write_errors(f: &mut fmt::Formatter<'_>, errors: &[ErrorItem]) -> fmt::Result {
    if errors.is_empty() {
        return Ok(());
    }
    writeln!(f, "Errors")?;
    for error in errors {
        write!(f, "  {}", plain(&error.path.to_string_lossy()))?;
        if let Some(place) = &error.place {
            write!(f, ", {}", plain(&place.to_string()))?;
        }
        writeln!(f, "\n    {}\n    {}", plain(&error.problem), plain(&error.fix))?;
    }
    writeln!(f)
}

/// Escapes control characters, because names come from files and must not control the terminal.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() {
                c.escape_default().to_string()
            } else {
                c.to_string()
            }
        })
        .collect()
}
