//! From what the operator wrote to what the server runs with: sources merged, secrets read, limits checked. Nothing after this
//! reads the environment or a configuration file.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use figment::Figment;
use figment::providers::{Format as _, Serialized, Toml};
use ipnet::IpNet;

use doorward_core::Settings;

use crate::cli::{AccessTokenAlgorithm, LogFormat, Profile, Secret, ServeOptions, Span};

/// What the server runs with.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) apps: Vec<AppArgument>,
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Option<String>,
    pub(crate) data_dir: PathBuf,
    pub(crate) database: Database,
    pub(crate) smtp: Option<Smtp>,
    pub(crate) settings: Settings,
    pub(crate) function_http_allow: Vec<String>,
    pub(crate) function_workers: Option<usize>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) secrets: Secrets,
    pub(crate) app_links: Option<PathBuf>,
    pub(crate) access_token_algorithm: AccessTokenAlgorithm,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) password_threads: Option<usize>,
    pub(crate) log_format: LogFormat,
    pub(crate) log: Option<String>,
}

/// `[APP_ID=]APP_DIR`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppArgument {
    pub(crate) id: Option<String>,
    pub(crate) dir: PathBuf,
}

/// Where accounts are kept.
#[derive(Debug)]
pub(crate) enum Database {
    Sqlite(PathBuf),
    Postgres(Secret),
}

/// How mail leaves.
#[derive(Debug)]
pub(crate) struct Smtp {
    pub(crate) url: Secret,
    pub(crate) from: String,
}

/// Where the secrets of apps are; each is read where it is used.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    dir: Option<PathBuf>,
    environment: BTreeSet<String>,
}

/// Merges the sources and checks the result.
pub(crate) fn resolve(options: ServeOptions) -> Result<Config> {
    let mut from_file = ServeOptions::default();
    if let Some(file) = &options.config {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        from_file = extract(&Figment::from(Toml::string(&text)))?;
        from_file.yield_to(&options);
    }
    let merged = Figment::from(Serialized::defaults(from_file)).merge(Serialized::defaults(options));
    check(extract(&merged)?)
}

fn extract(figment: &Figment) -> Result<ServeOptions> {
    figment.extract().map_err(|error| {
        // figment would quote the value, which may be a secret; path and kind are enough to find it.
        let place = if error.path.is_empty() {
            String::new()
        } else {
            format!(" at `{}`", error.path.join("."))
        };
        anyhow::anyhow!("the configuration{place} is not right: {}", kind(&error.kind))
    })
}

fn kind(kind: &figment::error::Kind) -> String {
    use figment::error::Kind;
    match kind {
        Kind::UnknownField(field, known) => {
            format!("there is no option `{field}`; the options are {}", known.join(", "))
        }
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => format!("expected {expected}"),
        // The lines after the first quote the file, and the broken line may hold a secret.
        Kind::Message(message) => message.lines().next().unwrap_or_default().to_owned(),
        _ => "the file is not TOML with these options".to_owned(),
    }
}

fn check(options: ServeOptions) -> Result<Config> {
    if options.profile == Some(Profile::Strict) {
        bail!("the strict profile does not exist yet; leave --profile out, or say --profile compatible");
    }
    let data_dir = options.data_dir.unwrap_or_else(|| PathBuf::from("doorward-data"));
    let smtp = secret(options.smtp, options.smtp_file.as_deref())?;
    let smtp = match (smtp, options.mail_from) {
        (Some(url), Some(from)) => Some(Smtp { url, from }),
        (Some(_), None) => {
            bail!("--smtp needs --mail-from, the sender of every mail, such as `Notes <accounts@example.com>`")
        }
        (None, _) => None,
    };
    let minutes = Duration::from_mins;
    let day = minutes(24 * 60);
    let (email_min, default_session) = (Duration::from_secs(10), Settings::default().refresh_token_lifetime);
    Ok(Config {
        apps: options.apps.iter().map(|text| app_argument(text)).collect(),
        listen: options
            .listen
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 9090))),
        public_url: options.public_url,
        database: database(secret(options.database, options.database_file.as_deref())?, &data_dir)?,
        data_dir,
        smtp,
        settings: Settings {
            email_token_lifetime: within(
                "--email-token-lifetime",
                options.email_token_lifetime,
                email_min,
                day,
                Settings::default().email_token_lifetime,
            )?,
            // Five years of 365.25 days, as `humantime` counts them, so that `5y` is within the limit.
            refresh_token_lifetime: within(
                "--refresh-token-lifetime",
                options.refresh_token_lifetime,
                minutes(30),
                Duration::from_hours(5 * 8_766),
                default_session,
            )?,
            function_timeout: within(
                "--function-timeout",
                options.function_timeout,
                Duration::from_secs(1),
                Duration::from_secs(90),
                Settings::default().function_timeout,
            )?,
        },
        function_http_allow: options.function_http_allow,
        function_workers: options.function_workers.map(std::num::NonZeroUsize::get),
        trusted_proxies: options.trusted_proxy,
        secrets: Secrets::of(options.secrets),
        app_links: options.app_links,
        access_token_algorithm: options.access_token_algorithm.unwrap_or_default(),
        metrics_listen: options.metrics_listen,
        password_threads: options.password_threads.map(std::num::NonZeroUsize::get),
        log_format: options.log_format.unwrap_or_default(),
        log: options.log,
    })
}

/// Splits `[APP_ID=]APP_DIR`. Everything after the first `=` is the directory; a directory with `=` in its name needs an id.
pub(crate) fn app_argument(text: &str) -> AppArgument {
    match text.split_once('=') {
        Some((id, dir)) => AppArgument {
            id: Some(id.to_owned()),
            dir: PathBuf::from(dir),
        },
        None => AppArgument {
            id: None,
            dir: PathBuf::from(text),
        },
    }
}

fn within(name: &str, value: Option<Span>, min: Duration, max: Duration, default: Duration) -> Result<Duration> {
    match value {
        None => Ok(default),
        Some(Span(value)) if (min..=max).contains(&value) => Ok(value),
        Some(value) => bail!("{name} is {value}; it must be between {} and {}", Span(min), Span(max)),
    }
}

fn secret(value: Option<Secret>, file: Option<&Path>) -> Result<Option<Secret>> {
    let Some(file) = file else { return Ok(value) };
    if value.is_some() {
        bail!(
            "an option is given both as a value and as a file ({}); give one of them",
            file.display()
        );
    }
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Some(Secret(text.trim().to_owned())))
}

fn database(url: Option<Secret>, data_dir: &Path) -> Result<Database> {
    let Some(url) = url else {
        return Ok(Database::Sqlite(data_dir.join("doorward.sqlite")));
    };
    if let Some(path) = url.0.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            bail!("--database sqlite: needs a path, such as sqlite:/var/lib/doorward/doorward.sqlite");
        }
        return Ok(Database::Sqlite(PathBuf::from(path)));
    }
    if url.0.starts_with("postgres://") || url.0.starts_with("postgresql://") {
        return Ok(Database::Postgres(url));
    }
    bail!("--database must be sqlite:PATH or postgres://USER@HOST/NAME")
}

const SECRET_PREFIX: &str = "DOORWARD_SECRET_";

fn secrets_in_environment() -> BTreeSet<String> {
    std::env::vars_os()
        .filter_map(|(name, _)| name.to_str()?.strip_prefix(SECRET_PREFIX).map(str::to_owned))
        .collect()
}

impl Secrets {
    /// Those of a directory and of the environment.
    pub(crate) fn of(dir: Option<PathBuf>) -> Self {
        Self {
            dir,
            environment: secrets_in_environment(),
        }
    }

    /// Every name that an app would find a secret under: those of the environment and the directory, and in a folder named as
    /// the app those of that app alone.
    pub(crate) fn names(&self) -> Result<doorward_appdir::SecretNames> {
        let mut common = self.environment.clone();
        let mut folders = Vec::new();
        if let Some(dir) = &self.dir {
            let unreadable = || format!("cannot read the secrets directory {}", dir.display());
            common.extend(files_in(dir).with_context(unreadable)?);
            for entry in fs::read_dir(dir).with_context(unreadable)? {
                let entry = entry.with_context(unreadable)?;
                if let (true, Ok(app)) = (entry.path().is_dir(), entry.file_name().into_string()) {
                    folders.push((app, files_in(&entry.path()).with_context(unreadable)?));
                }
            }
        }
        let mut names: doorward_appdir::SecretNames = common.into_iter().collect();
        for (app, files) in folders {
            names.add_for_app(app, files);
        }
        Ok(names)
    }

    /// The text of a secret: the file in the app's own folder wins, then the common file, then the environment. One line break at the
    /// end of a file is the editor's.
    pub(crate) fn find(&self, app_id: &str, name: &str) -> Result<Option<Secret>> {
        let files = self
            .dir
            .iter()
            .flat_map(|dir| [dir.join(app_id).join(name), dir.join(name)]);
        for file in files {
            if file.is_file() {
                let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
                let text = text
                    .strip_suffix('\n')
                    .map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
                return Ok(Some(Secret(text.to_owned())));
            }
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that reads the environment"
        )]
        let text = self
            .environment
            .contains(name)
            .then(|| std::env::var(format!("{SECRET_PREFIX}{name}")));
        Ok(text.and_then(Result::ok).map(Secret))
    }
}

fn files_in(dir: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.path().is_file() {
            names.extend(entry.file_name().into_string());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> ServeOptions {
        ServeOptions {
            apps: vec!["examples/notes".to_owned()],
            ..ServeOptions::default()
        }
    }

    fn error(options: ServeOptions) -> String {
        resolve(options).unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_those_of_the_reference() {
        let config = resolve(options()).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:9090");
        assert_eq!(config.settings.email_token_lifetime, Duration::from_mins(30));
        assert_eq!(config.settings.refresh_token_lifetime, Duration::from_hours(60 * 24));
        assert!(matches!(config.database, Database::Sqlite(path) if path.ends_with("doorward-data/doorward.sqlite")));
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "listen = \"127.0.0.1:1\"\nemail-token-lifetime = \"1h\"\n").unwrap();
        let mut options = options();
        options.config = Some(file.path().to_owned());
        options.listen = Some("127.0.0.1:2".parse().unwrap());
        let config = resolve(options).unwrap();
        assert_eq!(config.listen.port(), 2);
        assert_eq!(config.settings.email_token_lifetime, Duration::from_hours(1));
    }

    #[test]
    fn the_command_line_wins_over_the_file_in_other_words_too() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "database-file = \"/nowhere\"\n").unwrap();
        let mut options = options();
        options.config = Some(file.path().to_owned());
        options.database = Some(Secret("sqlite:test.sqlite".to_owned()));
        let config = resolve(options).unwrap();
        assert!(matches!(config.database, Database::Sqlite(path) if path == Path::new("test.sqlite")));
    }

    #[test]
    fn an_unknown_key_in_the_file_is_refused_by_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "listne = \"127.0.0.1:1\"\n").unwrap();
        let mut options = options();
        options.config = Some(file.path().to_owned());
        assert!(error(options).contains("there is no option `listne`"));
    }

    #[test]
    fn a_secret_in_the_file_does_not_reach_the_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "smtp = [\"smtp://user:hunter2@relay\"]\n").unwrap();
        let mut options = options();
        options.config = Some(file.path().to_owned());
        let error = error(options);
        assert!(error.contains("smtp") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn lifetimes_have_limits() {
        let mut short = options();
        short.email_token_lifetime = Some(Span(Duration::from_secs(9)));
        assert_eq!(
            error(short),
            "--email-token-lifetime is 9s; it must be between 10s and 1day"
        );
        let mut five_years = options();
        five_years.refresh_token_lifetime = Some("5y".parse().unwrap());
        assert!(resolve(five_years).is_ok());
    }

    #[test]
    fn the_strict_profile_is_refused_until_it_exists() {
        let mut strict = options();
        strict.profile = Some(Profile::Strict);
        assert!(error(strict).starts_with("the strict profile does not exist yet"));
    }

    #[test]
    fn smtp_needs_a_sender() {
        let mut smtp = options();
        smtp.smtp = Some(Secret("smtp://127.0.0.1".to_owned()));
        assert!(error(smtp).contains("--mail-from"));
    }
}
