//! The configuration file: options under the names that they have on the command line, without dashes in front.

use std::error::Error as _;
use std::iter;
use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};
use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Args, Command};
use toml::{Table, Value};

use super::arg_ext::{ArgExt as _, OutOfLimits};

#[derive(Debug, Args)]
pub(super) struct FileOptions {
    /// A file with these options, as `listen = "127.0.0.1:9090"`.
    ///
    /// The names are the same, without the dashes in front. A repeatable option is a list. Options whose names begin
    /// with the same word can stand in a table of that name: `limits-mails-of-network` is `mails-of-network` in
    /// `[limits]`.
    #[arg(long, value_name = "FILE", env = "DOORWARD_CONFIG", default_text = "none")]
    config: Option<PathBuf>,
}

/// Reads the text of a file: the ids of the command's options, each with its values. All values are checked. No error
/// quotes the file, because it may hold secrets.
pub(super) fn read(text: &str, command: &Command) -> Result<Vec<(String, Vec<String>)>> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        // The lines after the first quote the file.
        let error = error.to_string();
        anyhow!(
            "the configuration is not right: {}",
            error.lines().next().unwrap_or_default()
        )
    })?;
    // A file does not name another one.
    let known: Vec<_> = command.get_arguments().filter(|arg| arg.get_id() != "config").collect();
    let mut options = Vec::new();
    for (key, value) in entries(table, "") {
        let Some(arg) = known.iter().find(|arg| key_of(arg) == key) else {
            let names: Vec<_> = known.iter().map(|arg| key_of(arg)).collect();
            bail!(
                "the configuration at `{key}` is not right: there is no option `{key}`; the options are {}",
                names.join(", ")
            );
        };
        let values = values(value, arg).and_then(|values| check(arg, values));
        let values = values.map_err(|problem| anyhow!("the configuration at `{key}` is not right: {problem}"))?;
        options.push((arg.get_id().to_string(), values));
    }
    Ok(options)
}

/// Every value with its key. The key of a value in a table begins with the name of the table, so that `logins` in the
/// table `limits` is the option `limits-logins`.
fn entries(table: Table, prefix: &str) -> Vec<(String, Value)> {
    let entry = |(key, value)| match value {
        Value::Table(table) if !table.is_empty() => entries(table, &format!("{prefix}{key}-")),
        value => vec![(format!("{prefix}{key}"), value)],
    };
    table.into_iter().flat_map(entry).collect()
}

fn key_of(arg: &Arg) -> &str {
    arg.get_long().unwrap_or(arg.get_id().as_str())
}

/// The value as the command line would have it; a list is several texts.
fn values(value: Value, arg: &Arg) -> Result<Vec<String>, String> {
    let text = |value| match value {
        Value::String(text) => Ok(text),
        Value::Integer(number) => Ok(number.to_string()),
        _ => Err(format!("expected {}", value_name(arg))),
    };
    match (arg.get_action(), value) {
        (ArgAction::Append, Value::Array(values)) => values.into_iter().map(text).collect(),
        (ArgAction::Append, _) => Err("expected a list".to_owned()),
        (_, value) => Ok(vec![text(value)?]),
    }
}

/// Parses the values as if they were on a command line of their own.
fn check(arg: &Arg, values: Vec<String>) -> Result<Vec<String>, String> {
    let alone = Command::new("file")
        .no_binary_name(true)
        .arg(arg.clone().env(Resettable::Reset));
    let arguments: Vec<_> = match arg.get_long() {
        Some(long) => values.iter().map(|value| format!("--{long}={value}")).collect(),
        None => iter::once("--".to_owned()).chain(values.iter().cloned()).collect(),
    };
    match alone.try_get_matches_from(arguments) {
        Ok(_) => Ok(values),
        Err(error) => Err(problem(&error, arg)),
    }
}

/// What is wrong with a value, without quoting it.
fn problem(error: &clap::Error, arg: &Arg) -> String {
    if let Some(ContextValue::Strings(accepted)) = error.get(ContextKind::ValidValue) {
        return format!("expected {}", accepted.join(" or "));
    }
    match error.source() {
        Some(out) if out.is::<OutOfLimits>() => format!("it {out}"),
        Some(cause) => format!("expected {}: {cause}", value_name(arg)),
        None => format!("expected {}", value_name(arg)),
    }
}

fn value_name(arg: &Arg) -> &str {
    let names = arg.get_value_names().unwrap_or_default();
    names.first().map_or("another value", |name| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ServeOptions;

    fn error(text: &str) -> String {
        let command = ServeOptions::augment_args(Command::new("serve"));
        read(text, &command).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        for (text, key) in [
            ("listne = \"127.0.0.1:1\"\n", "listne"),
            ("config = \"doorward.toml\"\n", "config"),
            ("[limitations]\n", "limitations"),
            ("[limitations]\nlogins = 1\n", "limitations-logins"),
        ] {
            assert!(error(text).contains(&format!("there is no option `{key}`; ")), "{text}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused_by_name() {
        for (text, expected) in [
            ("listen = 9090\n", "`listen` is not right: expected ADDRESS: "),
            (
                "listen = [\"127.0.0.1:1\"]\n",
                "`listen` is not right: expected ADDRESS",
            ),
            ("apps = \"notes\"\n", "`apps` is not right: expected a list"),
            (
                "trusted-proxy = [true]\n",
                "`trusted-proxy` is not right: expected CIDR",
            ),
            (
                "log-format = \"xml\"\n",
                "`log-format` is not right: expected text or json",
            ),
            (
                "password-threads = 0\n",
                "`password-threads` is not right: it is 0; it must be 1 or more",
            ),
        ] {
            let error = error(text);
            assert!(
                error.starts_with(&format!("the configuration at {expected}")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_secret_in_the_file_does_not_reach_the_error() {
        for text in [
            "smtp = [\"smtp://user:hunter2@relay\"]\n",
            "listen = \"smtp://user:hunter2@relay\"\n",
            "smtp = \"smtp://user:hunter2@relay\nlisten = \"x\"\n",
        ] {
            assert!(!error(text).contains("hunter2"), "{}", error(text));
        }
    }
}
