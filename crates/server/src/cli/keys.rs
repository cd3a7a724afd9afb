//! The options of `doorward keys`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::config::{AccessTokenAlgorithm, DATA_DIR};

#[derive(Debug, Args)]
pub(crate) struct KeysOptions {
    /// The directory of the server whose keys these are.
    #[arg(
        long,
        value_name = "DIR",
        env = "DOORWARD_DATA_DIR",
        default_value = DATA_DIR,
        global = true
    )]
    pub(crate) data_dir: PathBuf,

    #[command(subcommand)]
    pub(crate) action: KeysAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysAction {
    /// List the ids of all keys and which are active.
    List,
    /// Make a key. A restarted server publishes it and accepts what it signs, but does not sign with it yet.
    Add(KeyRing),
    /// Sign with this key from the next start on. The others still verify.
    Activate(KeyChoice),
    /// Remove a key that is not active. Whatever it signed is refused from the next start on.
    Remove(KeyChoice),
}

#[derive(Debug, Args)]
pub(crate) struct KeyRing {
    /// What the key is for.
    pub(crate) purpose: KeyPurpose,

    /// The client app id; each app has access and refresh keys of its own, mail keys are common to all.
    #[arg(long, value_name = "APP_ID", required_if_eq_any([("purpose", "access"), ("purpose", "refresh")]))]
    pub(crate) app: Option<String>,

    /// How a new access key signs.
    #[arg(long, value_name = "ALGORITHM", default_value = "ES256")]
    pub(crate) algorithm: AccessTokenAlgorithm,
}

#[derive(Debug, Args)]
pub(crate) struct KeyChoice {
    #[command(flatten)]
    pub(crate) ring: KeyRing,

    /// The key's id.
    pub(crate) id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyPurpose {
    /// Links in mails.
    Mail,
    /// Access tokens.
    Access,
    /// Refresh tokens.
    Refresh,
}
