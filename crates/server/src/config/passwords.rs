//! How passwords are hashed.

use clap::Args;

use super::arg_ext::{ArgExt as _, Limits};

#[derive(Debug, Args)]
pub(crate) struct Passwords {
    /// Threads that hash passwords. Each takes 19 MiB once it has worked.
    #[arg(
        long,
        value_name = "N",
        env = "DOORWARD_PASSWORD_THREADS",
        limits = Limits::at_least(1),
        default_text = "one for each core"
    )]
    pub(crate) password_threads: Option<usize>,
}
