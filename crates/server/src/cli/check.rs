//! The options of `doorward check`.

use clap::Args;

use crate::config::{AppArgument, SecretOptions};

#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    /// The exported directory, optionally with the client app id to run it under.
    #[arg(value_name = "[APP_ID=]APP_DIR")]
    pub(crate) app: AppArgument,

    #[command(flatten)]
    pub(crate) secrets: SecretOptions,

    /// Print the report as JSON, for machines.
    #[arg(long)]
    pub(crate) json: bool,
}
