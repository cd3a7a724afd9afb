//! Where options come from: the command line wins over the environment, the environment over the configuration file,
//! and the file over the default.
//!
//! clap reads the command line and the environment. A value of the configuration file becomes the default of its
//! option. So clap checks the values of every source alike, and decides which of them wins.

use std::collections::BTreeMap;
use std::env;
use std::error::Error as _;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::arg_ext::OutOfLimits;
use super::file;
use super::values::Secret;

/// Options, and where each of them comes from.
#[derive(Debug)]
pub(crate) struct Given<T> {
    pub(super) options: T,
    pub(super) sources: Sources,
}

/// The source of each option that has a value. A value of the configuration file counts as a default.
#[derive(Debug)]
pub(crate) struct Sources(BTreeMap<String, ValueSource>);

/// A value, with the name for it in errors and its source.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) source: Option<ValueSource>,
    pub(super) value: Secret,
}

/// Reads the command line, the environment and the configuration file. The error may be a [`clap::Error`], which is
/// also clap's answer to `--help`.
pub(crate) fn read(program: &Command, arguments: impl IntoIterator<Item = OsString>) -> Result<ArgMatches> {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let parse = |program: Command| program.try_get_matches_from(&arguments).map_err(explained);
    let matches = parse(program.clone())?;
    let Some((command, path)) = config_file(&matches) else {
        return Ok(matches);
    };
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    // The file is that of the server; other commands use those of its options that they have too.
    let defaults = match program.find_subcommand("serve") {
        Some(serve) => file::read(&text, serve)?,
        None => Vec::new(),
    };
    parse(program.clone().mut_subcommand(command, |command| {
        let has = |command: &Command, id: &str| command.get_arguments().any(|arg| arg.get_id() == id);
        defaults.into_iter().fold(command, |command, (id, values)| {
            if !has(&command, &id) {
                return command;
            }
            command.mut_arg(id, |arg| arg.default_values(values).hide_default_value(true))
        })
    }))
}

/// The command of the command line, and its configuration file if it has one.
fn config_file(matches: &ArgMatches) -> Option<(&str, &PathBuf)> {
    let (command, matches) = matches.subcommand()?;
    let path = matches.try_get_one("config").ok().flatten()?;
    Some((command, path))
}

/// Says in an error of clap that the value comes from the environment. A value outside its limits becomes an error of
/// ours.
fn explained(mut error: clap::Error) -> anyhow::Error {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let (Some(usage), Some(value)) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue)) else {
        return error.into();
    };
    let option = usage.split(' ').next().unwrap_or(usage).trim_start_matches("--");
    let variable = variable(option);
    let from_environment =
        env::var_os(&variable).is_some_and(|text| text.to_string_lossy().split(',').any(|part| part == value));
    if let Some(out) = error.source().and_then(|source| source.downcast_ref::<OutOfLimits>()) {
        let source = from_environment.then_some(ValueSource::EnvVariable);
        return anyhow!("{} {out}", spelled(option, source));
    }
    if from_environment {
        let tip = format!("the value is that of {variable} in the environment");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error.into()
}

/// The environment variable of an option.
fn variable(option: &str) -> String {
    format!("DOORWARD_{}", option.to_uppercase().replace('-', "_"))
}

/// The name of an option in errors: as on the command line, and as in the source of its value.
pub(super) fn spelled(id: &str, source: Option<ValueSource>) -> String {
    let option = id.replace('_', "-");
    match source {
        Some(ValueSource::EnvVariable) => format!("--{option} ({})", variable(&option)),
        Some(ValueSource::DefaultValue) => format!("--{option} (`{option}` in the configuration file)"),
        _ => format!("--{option}"),
    }
}

impl Sources {
    /// The source of an option, if it has a value.
    pub(super) fn of(&self, id: &str) -> Option<ValueSource> {
        self.0.get(id).copied()
    }

    /// The value of an option, or the text of the file that the option `<name>-file` names. The option from the
    /// stronger source counts.
    pub(super) fn value_or_file(&self, id: &str, value: Option<&Secret>, file: Option<&Path>) -> Result<Option<Named>> {
        let file_id = format!("{id}_file");
        let (source, file_source) = (self.of(id), self.of(&file_id));
        let (name, file_name) = (spelled(id, source), spelled(&file_id, file_source));
        match (value, file) {
            (Some(_), Some(_)) if source == file_source => {
                bail!("{name} and {file_name} are both given; give one of them")
            }
            (_, Some(file)) if source < file_source => {
                let text = fs::read_to_string(file);
                let text = text.with_context(|| format!("{file_name}: cannot read {}", file.display()))?;
                Ok(Some(Named {
                    name: format!("the value in {file_name}"),
                    source: file_source,
                    value: Secret(text.trim().to_owned()),
                }))
            }
            (value, _) => Ok(value.cloned().map(|value| Named { name, source, value })),
        }
    }
}

impl<T> Given<T> {
    /// The options of a command, and where each of them comes from.
    pub(crate) fn into_parts(self) -> (T, Sources) {
        (self.options, self.sources)
    }
}

impl<T: FromArgMatches> FromArgMatches for Given<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let source = |id: &clap::Id| Some((id.to_string(), matches.value_source(id.as_str())?));
        Ok(Self {
            options: T::from_arg_matches(matches)?,
            sources: Sources(matches.ids().filter_map(source).collect()),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<T: Args> Args for Given<T> {
    fn augment_args(command: Command) -> Command {
        T::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        T::augment_args_for_update(command)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::Duration;

    use super::*;
    use crate::config::{Config, Database, config_of};

    /// What `serve` would run with, given this file and these arguments.
    fn config_with(text: &str, arguments: &[&str]) -> Result<Config> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        config_of(&[&["--config", file.path().to_str().unwrap()], arguments].concat())
    }

    #[test]
    fn the_command_line_wins_over_the_file_and_that_over_the_default() {
        let config = config_with(
            "listen = \"127.0.0.1:1\"\nemail-token-lifetime = \"1h\"\n",
            &["--listen", "127.0.0.1:2"],
        );
        let config = config.unwrap();
        assert_eq!(config.network.listen.port(), 2);
        assert_eq!(config.settings().email_token_lifetime, Duration::from_hours(1));
        assert_eq!(config.settings().function_timeout, Duration::from_secs(30));
    }

    #[test]
    fn the_command_line_wins_over_the_file_in_other_words_too() {
        let config = config_with("database-file = \"/nowhere\"\n", &["--database", "sqlite:test.sqlite"]);
        assert!(matches!(config.unwrap().database, Database::Sqlite(path) if path == Path::new("test.sqlite")));
    }

    #[test]
    fn a_list_on_the_command_line_replaces_that_of_the_file() {
        let text = "function-http-allow = [\"10.1.0.0/16\", \"mail.internal\"]\n";
        let allowed = |config: Result<Config>| config.unwrap().functions.call.function_http_allow;
        assert_eq!(allowed(config_with(text, &[])), ["10.1.0.0/16", "mail.internal"]);
        let arguments = ["--function-http-allow", "10.2.0.0/16"];
        assert_eq!(allowed(config_with(text, &arguments)), ["10.2.0.0/16"]);
    }

    #[test]
    fn a_value_and_its_file_from_one_source_are_refused() {
        let error = config_of(&["--smtp", "smtp://127.0.0.1", "--smtp-file", "relay"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "--smtp and --smtp-file are both given; give one of them"
        );
        let error = config_with("database = \"sqlite:a\"\ndatabase-file = \"b\"\n", &[]).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("--database (`database` in the configuration file) and ")
        );
    }

    #[test]
    fn an_error_names_the_option_as_the_operator_did() {
        let error = config_of(&["--email-token-lifetime", "9s"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "--email-token-lifetime is 9s; it must be between 10s and 1day"
        );
        let error = config_with("smtp = \"smtp://127.0.0.1\"\n", &[]).unwrap_err();
        assert!(
            error.to_string().starts_with(
                "--smtp (`smtp` in the configuration file) needs --mail-from (`mail-from` in the configuration file),"
            ),
            "{error}"
        );
    }
}
