//! How functions run.

use clap::{Args, ValueEnum};

use doorward_functions::Sandbox;

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

    #[command(flatten)]
    pub(crate) sandbox: SandboxOption,
}

/// What is asked of the sandbox.
#[derive(Debug, Args)]
pub(crate) struct SandboxOption {
    /// Whether scripts run on a system that lacks a layer of their sandbox.
    ///
    /// The layers are resource limits, Landlock and seccomp; `doorward doctor` says which are in force. `required`
    /// refuses to start if an app has scripts and a layer is missing; `best-effort` warns.
    #[arg(
        long,
        value_name = "HOW",
        env = "DOORWARD_FUNCTION_SANDBOX",
        default_text = "`required` on Linux, else `best-effort`"
    )]
    function_sandbox: Option<FunctionSandbox>,
}

/// How much of the sandbox must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FunctionSandbox {
    /// Scripts run only if every layer is in force.
    Required,
    /// Scripts run with the layers that the system has.
    BestEffort,
}

impl SandboxOption {
    /// Which workers may run scripts. Only Linux has all layers.
    pub(crate) fn resolve(&self) -> Sandbox {
        let usual = if cfg!(target_os = "linux") {
            FunctionSandbox::Required
        } else {
            FunctionSandbox::BestEffort
        };
        match self.function_sandbox.unwrap_or(usual) {
            FunctionSandbox::Required => Sandbox::Required,
            FunctionSandbox::BestEffort => Sandbox::BestEffort,
        }
    }
}
