//! How functions run.

use clap::Args;

use super::arg_ext::{ArgExt as _, Limits};
use super::values::Span;

#[derive(Debug, Args)]
pub(crate) struct Functions {
    #[command(flatten)]
    pub(crate) call: CallOptions,

    /// Function calls that run at once, each in a process of about 10 MB.
    ///
    /// Further calls wait for up to 5 s. A larger number helps where functions wait for slow services.
    #[arg(
        long,
        value_name = "N",
        env = "DOORWARD_FUNCTION_WORKERS",
        limits = Limits::at_least(1),
        default_text = "one for each core"
    )]
    pub(crate) function_workers: Option<usize>,
}

/// The limits of one call, which `doorward functions run` has too.
#[derive(Debug, Args)]
pub(crate) struct CallOptions {
    /// Wall time of one function call.
    #[arg(
        long,
        value_name = "DURATION",
        env = "DOORWARD_FUNCTION_TIMEOUT",
        default_value = "30s",
        limits = Limits::between("1s", "90s")
    )]
    pub(crate) function_timeout: Span,

    /// Private addresses that functions may call, such as `10.1.0.0/16` or `mail.internal`. Public ones are always
    /// allowed.
    #[arg(
        long,
        value_name = "CIDR|HOST",
        value_delimiter = ',',
        env = "DOORWARD_FUNCTION_HTTP_ALLOW",
        default_text = "none"
    )]
    pub(crate) function_http_allow: Vec<String>,
}
