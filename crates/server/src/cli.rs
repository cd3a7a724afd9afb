//! The command line. Every option of `serve` is also an environment variable and a key in the configuration file; the doc comment
//! of each is its reference text.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// A self-hosted account server for apps built on the Realm / Atlas Device SDKs.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run one or more apps from their exported directories.
    Serve(Box<ServeOptions>),
    /// Say what of an exported directory will work, is ignored, or is missing.
    Check(CheckOptions),
    /// Try the functions of an exported directory.
    Functions(FunctionsOptions),
    /// Say what is in force on this machine.
    Doctor,
    /// List, add, activate and remove the keys that tokens are made with.
    Keys(KeysOptions),
}

impl Cli {
    /// Reads the command line and the environment.
    pub(crate) fn read() -> Self {
        let matches = Self::command().get_matches();
        let mut cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        if let (Command::Serve(options), Some(matches)) = (&mut cli.command, matches.subcommand_matches("serve")) {
            options.settle(matches);
        }
        cli
    }
}

/// What `serve` can be told. A value on the command line wins over the environment, that over the file, that over the default.
#[derive(Debug, Default, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct ServeOptions {
    /// The exported directories, each optionally with the client app id to run it under.
    #[arg(value_name = "[APP_ID=]APP_DIR", env = "DOORWARD_APPS")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) apps: Vec<String>,

    /// Address to listen on [default: 127.0.0.1:9090].
    #[arg(long, value_name = "ADDRESS", env = "DOORWARD_LISTEN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) listen: Option<SocketAddr>,

    /// The origin under which clients reach this server: used in `location`, mails and hosted pages. Needed unless the
    /// address is loopback.
    #[arg(long, value_name = "URL", env = "DOORWARD_PUBLIC_URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) public_url: Option<String>,

    /// Where keys and the SQLite file are kept [default: ./doorward-data].
    #[arg(long, value_name = "DIR", env = "DOORWARD_DATA_DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data_dir: Option<PathBuf>,

    /// `sqlite:PATH` or `postgres://…` [default: a SQLite file in the data directory].
    #[arg(long, value_name = "URL", hide_env_values = true, env = "DOORWARD_DATABASE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) database: Option<Secret>,

    /// A file that holds the value of --database.
    #[arg(long, value_name = "FILE", env = "DOORWARD_DATABASE_FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) database_file: Option<PathBuf>,

    /// The relay for mail: `smtp+starttls://`, `smtps://`, or `smtp://` (plain: only to loopback, or with `?tls=none`),
    /// with credentials in the URL [default: a development mailbox, when everything is loopback].
    #[arg(long, value_name = "URL", hide_env_values = true, env = "DOORWARD_SMTP")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) smtp: Option<Secret>,

    /// A file that holds the value of --smtp.
    #[arg(long, value_name = "FILE", env = "DOORWARD_SMTP_FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) smtp_file: Option<PathBuf>,

    /// The sender of every mail, `a@b` or `Name <a@b>`; needed with --smtp.
    #[arg(long, value_name = "MAILBOX", env = "DOORWARD_MAIL_FROM")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mail_from: Option<String>,

    /// How long a mailed link works, 10s to 24h [default: 30m].
    #[arg(long, value_name = "DURATION", env = "DOORWARD_EMAIL_TOKEN_LIFETIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email_token_lifetime: Option<Span>,

    /// How long a session can be refreshed, 30m to 5y [default: 60d].
    #[arg(long, value_name = "DURATION", env = "DOORWARD_REFRESH_TOKEN_LIFETIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token_lifetime: Option<Span>,

    /// Wall time of one function call, 1s to 90s [default: 30s].
    #[arg(long, value_name = "DURATION", env = "DOORWARD_FUNCTION_TIMEOUT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function_timeout: Option<Span>,

    /// Private addresses that functions may call, such as `10.1.0.0/16` or `mail.internal` (repeatable) [default: none].
    #[arg(
        long,
        value_name = "CIDR|HOST",
        value_delimiter = ',',
        env = "DOORWARD_FUNCTION_HTTP_ALLOW"
    )]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) function_http_allow: Vec<String>,

    /// Function calls that run at once, each in a process of about 10 MB; more wait. Worth raising where functions wait for slow
    /// services [default: one for each core].
    #[arg(long, value_name = "N", env = "DOORWARD_FUNCTION_WORKERS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function_workers: Option<std::num::NonZeroUsize>,

    /// A directory with one file per secret, named as it is; `DIR/<app id>/` wins. Also `DOORWARD_SECRET_<NAME>`.
    #[arg(long, value_name = "DIR", env = "DOORWARD_SECRETS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secrets: Option<PathBuf>,

    /// A directory with the files that let mailed links open an app: `apple-app-site-association`, `assetlinks.json`,
    /// `windows-app-web-link`, those of them that there are. They are served below `/.well-known/`.
    #[arg(long, value_name = "DIR", env = "DOORWARD_APP_LINKS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) app_links: Option<PathBuf>,

    /// How access tokens are signed [default: ES256].
    #[arg(long, value_name = "ALGORITHM", env = "DOORWARD_ACCESS_TOKEN_ALGORITHM")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) access_token_algorithm: Option<AccessTokenAlgorithm>,

    /// Proxies whose forwarding headers count for the client's address (repeatable). Functions are
    /// told that address.
    #[arg(long, value_name = "CIDR", value_delimiter = ',', env = "DOORWARD_TRUSTED_PROXY")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) trusted_proxy: Vec<IpNet>,

    /// Address for Prometheus metrics [default: off].
    #[arg(long, value_name = "ADDRESS", env = "DOORWARD_METRICS_LISTEN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metrics_listen: Option<SocketAddr>,

    /// Faithful to App Services, or stricter [default: compatible].
    #[arg(long, value_name = "PROFILE", env = "DOORWARD_PROFILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<Profile>,

    /// Threads that hash passwords [default: one for each core].
    #[arg(long, value_name = "N", env = "DOORWARD_PASSWORD_THREADS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password_threads: Option<std::num::NonZeroUsize>,

    /// Log lines as text for people or as JSON for machines [default: text].
    #[arg(long, value_name = "FORMAT", env = "DOORWARD_LOG_FORMAT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log_format: Option<LogFormat>,

    /// What is logged, as `info` or `info,doorward_mail=debug` [default: info].
    #[arg(long, value_name = "FILTER", env = "DOORWARD_LOG")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log: Option<String>,

    /// A file with these options, as `listen = "127.0.0.1:9090"`; without the leading dashes, otherwise the same names.
    #[arg(long, value_name = "FILE", env = "DOORWARD_CONFIG")]
    #[serde(skip)]
    pub(crate) config: Option<PathBuf>,
}

impl ServeOptions {
    /// What clap cannot know: two options that say the same, of which the command line's wins; and a list in one variable.
    fn settle(&mut self, matches: &ArgMatches) {
        let from = |option, source| matches.value_source(option) == Some(source);
        let beaten = |option, other| from(option, ValueSource::EnvVariable) && from(other, ValueSource::CommandLine);
        if beaten("database", "database_file") {
            self.database = None;
        }
        if beaten("database_file", "database") {
            self.database_file = None;
        }
        if beaten("smtp", "smtp_file") {
            self.smtp = None;
        }
        if beaten("smtp_file", "smtp") {
            self.smtp_file = None;
        }
        // On the command line a comma may be part of a directory's name.
        if from("apps", ValueSource::EnvVariable) {
            self.apps = self
                .apps
                .iter()
                .flat_map(|apps| apps.split(','))
                .map(str::to_owned)
                .collect();
        }
    }

    /// Forgets what a stronger source says in other words.
    pub(crate) fn yield_to(&mut self, stronger: &Self) {
        if stronger.database.is_some() || stronger.database_file.is_some() {
            (self.database, self.database_file) = (None, None);
        }
        if stronger.smtp.is_some() || stronger.smtp_file.is_some() {
            (self.smtp, self.smtp_file) = (None, None);
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    /// The exported directory, optionally with the client app id to run it under.
    #[arg(value_name = "[APP_ID=]APP_DIR")]
    pub(crate) app: String,
    /// The same directory of secrets that `serve` would get.
    #[arg(long, value_name = "DIR", env = "DOORWARD_SECRETS")]
    pub(crate) secrets: Option<PathBuf>,
    /// For machines.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FunctionsOptions {
    #[command(subcommand)]
    pub(crate) command: FunctionsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FunctionsCommand {
    /// Run one function here and now, in the same sandbox that `serve` runs it in. Mails are shown and not sent; requests are.
    Run(RunOptions),
}

#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    /// The exported directory, optionally with the client app id to run it under.
    #[arg(value_name = "[APP_ID=]APP_DIR")]
    pub(crate) app: String,
    /// The function.
    pub(crate) name: String,
    /// An argument as JSON or Extended JSON; repeat it for further ones.
    #[arg(long = "arg", value_name = "JSON")]
    pub(crate) arguments: Vec<String>,
    /// Run it as this user instead of as the server: an id, or what `context.user` shall be as JSON.
    #[arg(long = "as", value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Wall time of the call, 1s to 90s.
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "30s",
        env = "DOORWARD_FUNCTION_TIMEOUT"
    )]
    pub(crate) function_timeout: Span,
    /// Private addresses that it may call (repeatable).
    #[arg(
        long,
        value_name = "CIDR|HOST",
        value_delimiter = ',',
        env = "DOORWARD_FUNCTION_HTTP_ALLOW"
    )]
    pub(crate) function_http_allow: Vec<String>,
    /// The same directory of secrets that `serve` would get.
    #[arg(long, value_name = "DIR", env = "DOORWARD_SECRETS")]
    pub(crate) secrets: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct KeysOptions {
    /// Where keys are kept.
    #[arg(
        long,
        value_name = "DIR",
        env = "DOORWARD_DATA_DIR",
        default_value = "doorward-data",
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

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[value(rename_all = "UPPER")]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum AccessTokenAlgorithm {
    /// Any backend can verify a token with the published keys.
    #[default]
    Es256,
    /// Only who holds the key can.
    Hs256,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Profile {
    /// As App Services did it.
    #[default]
    Compatible,
    /// Not in this version.
    Strict,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

/// A duration as people write it, such as `30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Span(pub(crate) Duration);

impl FromStr for Span {
    type Err = humantime::DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        humantime::parse_duration(text).map(Self)
    }
}

impl TryFrom<String> for Span {
    type Error = humantime::DurationError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

/// A value with credentials in it. It is never printed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(pub(crate) String);

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
