//! The options of `doorward backup`, `doorward restore` and `doorward new-epoch`.

use std::path::PathBuf;

use clap::Args;

use crate::config::DataOptions;

#[derive(Debug, Args)]
pub(crate) struct BackupOptions {
    /// The archive to write. It must not be there yet. It holds keys: keep it as secret as the data directory.
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) data: DataOptions,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreOptions {
    /// The archive that `doorward backup` wrote.
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) data: DataOptions,
}

#[derive(Debug, Args)]
pub(crate) struct NewEpochOptions {
    #[command(flatten)]
    pub(crate) data: DataOptions,
}
