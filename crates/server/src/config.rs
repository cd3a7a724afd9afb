//! Turns the operator's options into the configuration that the server runs with.
//!
//! Each concern has a file with its options, their limits and what must be checked before the server starts. An option
//! is declared once, as a field: its doc comment is the text of `--help` and of the table in `docs/operating.md`, and
//! its name is that of the option, of the environment variable and of the key in the configuration file. Nothing
//! outside this module reads the environment or a configuration file.

mod apps;
mod arg_ext;
mod database;
mod file;
mod functions;
mod limits;
mod logging;
mod mail;
mod network;
mod passwords;
mod profile;
#[cfg(test)]
mod reference;
mod secrets;
pub(crate) mod sources;
mod tokens;
mod values;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use doorward_core::Settings;

use apps::AppOptions;
use database::DatabaseOptions;
use file::FileOptions;
use limits::LimitOptions;
use mail::MailOptions;
use profile::ProfileOptions;

pub(crate) use apps::AppArgument;
pub(crate) use database::{DATA_DIR, Data, DataOptions, Database};
pub(crate) use functions::{CallOptions, Functions};
pub(crate) use logging::{LogFormat, Logging};
pub(crate) use mail::Smtp;
pub(crate) use network::Network;
pub(crate) use passwords::Passwords;
pub(crate) use secrets::{SecretOptions, Secrets};
pub(crate) use sources::Given;
pub(crate) use tokens::{AccessTokenAlgorithm, Tokens};

/// The options of `doorward serve`. The help and the reference show the groups in this order.
#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    #[command(flatten, next_help_heading = "Apps")]
    apps: AppOptions,
    #[command(flatten, next_help_heading = "Apps")]
    secrets: SecretOptions,
    #[command(flatten, next_help_heading = "Apps")]
    profile: ProfileOptions,
    #[command(flatten, next_help_heading = "Network")]
    network: Network,
    #[command(flatten, next_help_heading = "Data")]
    database: DatabaseOptions,
    #[command(flatten, next_help_heading = "Mail")]
    mail: MailOptions,
    #[command(flatten, next_help_heading = "Tokens and passwords")]
    tokens: Tokens,
    #[command(flatten, next_help_heading = "Tokens and passwords")]
    passwords: Passwords,
    #[command(flatten, next_help_heading = "Limits")]
    limits: LimitOptions,
    #[command(flatten, next_help_heading = "Functions")]
    functions: Functions,
    #[command(flatten, next_help_heading = "Logging and configuration")]
    logging: Logging,
    #[command(flatten, next_help_heading = "Logging and configuration")]
    file: FileOptions,
}

/// What the server runs with. A group without anything to resolve is here as clap read it.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) apps: Vec<AppArgument>,
    pub(crate) app_links: Option<PathBuf>,
    pub(crate) secrets: Secrets,
    pub(crate) network: Network,
    pub(crate) data_dir: PathBuf,
    pub(crate) database: Database,
    pub(crate) smtp: Option<Smtp>,
    pub(crate) tokens: Tokens,
    pub(crate) passwords: Passwords,
    pub(crate) limits: LimitOptions,
    pub(crate) functions: Functions,
    pub(crate) logging: Logging,
}

impl Config {
    /// The settings of the flows.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            email_token_lifetime: self.tokens.email_token_lifetime.0,
            refresh_token_lifetime: self.tokens.refresh_token_lifetime.0,
            function_timeout: self.functions.call.function_timeout.0,
            limits: self.limits.settings(!self.network.trusted_proxy.is_empty()),
        }
    }
}

/// Checks what one value alone cannot show, and reads the values that are in files of their own.
pub(crate) fn resolve(given: Given<ServeOptions>) -> Result<Config> {
    let Given { options, sources } = given;
    options.profile.check()?;
    Ok(Config {
        smtp: options.mail.smtp(&sources)?,
        database: options.database.database(&sources)?,
        apps: options.apps.arguments(&sources),
        app_links: options.apps.app_links,
        secrets: Secrets::of(&options.secrets),
        network: options.network,
        data_dir: options.database.data_dir,
        tokens: options.tokens,
        passwords: options.passwords,
        limits: options.limits,
        functions: options.functions,
        logging: options.logging,
    })
}

/// What `doorward serve` would run with, given these arguments.
#[cfg(test)]
fn config_of(arguments: &[&str]) -> Result<Config> {
    use clap::FromArgMatches as _;

    let serve = Given::<ServeOptions>::augment_args(clap::Command::new("serve"));
    let program = clap::Command::new("doorward").subcommand(serve);
    let arguments = ["doorward", "serve", "examples/notes"].iter().chain(arguments);
    let matches = sources::read(&program, arguments.map(Into::into))?;
    let matches = matches.subcommand_matches("serve").expect("the command is serve");
    resolve(Given::from_arg_matches(matches)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_flows() {
        let (settings, default) = (config_of(&[]).unwrap().settings(), Settings::default());
        assert_eq!(settings.email_token_lifetime, default.email_token_lifetime);
        assert_eq!(settings.refresh_token_lifetime, default.refresh_token_lifetime);
        assert_eq!(settings.function_timeout, default.function_timeout);
    }
}
