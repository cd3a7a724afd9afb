//! The options of `doorward functions`.

use clap::{Args, Subcommand};

use crate::config::{AppArgument, CallOptions, SecretOptions};

#[derive(Debug, Args)]
pub(crate) struct FunctionsOptions {
    #[command(subcommand)]
    pub(crate) command: FunctionsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FunctionsCommand {
    /// Run one function here and now, in the same sandbox that `serve` runs it in. Mails are shown and not sent;
    /// requests are.
    Run(RunOptions),
}

#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    /// The exported directory, optionally with the client app id to run it under.
    #[arg(value_name = "[APP_ID=]APP_DIR")]
    pub(crate) app: AppArgument,

    /// The function.
    pub(crate) name: String,

    /// An argument as JSON or Extended JSON; repeat it for further ones.
    #[arg(long = "arg", value_name = "JSON")]
    pub(crate) arguments: Vec<String>,

    /// Run it as this user instead of as the server: an id, or what `context.user` shall be as JSON.
    #[arg(long = "as", value_name = "USER")]
    pub(crate) user: Option<String>,

    #[command(flatten)]
    pub(crate) call: CallOptions,

    #[command(flatten)]
    pub(crate) secrets: SecretOptions,
}
