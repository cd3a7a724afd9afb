//! The URL of a PostgreSQL database. It holds a password, so of its values only names of hosts appear in errors.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

/// How to reach a PostgreSQL database: one server, or several of which one takes writes.
#[derive(Clone)]
pub struct PostgresUrl {
    hosts: Vec<PgConnectOptions>,
}

/// A PostgreSQL URL that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PostgresUrlError {
    /// It is not the URL of a database, or a value in it cannot be read.
    #[error(
        "the PostgreSQL URL cannot be read: it is written postgres://USER:PASSWORD@HOST/NAME, or with several \
         HOST:PORT and commas between them; other characters than letters and digits in the user and password are \
         best percent-encoded"
    )]
    Malformed,
    /// It has a parameter that would have no effect.
    #[error("the PostgreSQL URL has a parameter that Doorward does not know: `{name}`")]
    UnknownParameter {
        /// The parameter.
        name: String,
    },
    /// It asks for a server that takes no writes.
    #[error(
        "`target_session_attrs` in the PostgreSQL URL can only be `read-write`: Doorward uses the server that takes writes"
    )]
    SessionAttributes,
    /// It does not say whether the connection over a network is encrypted.
    #[error(
        "the PostgreSQL URL needs `sslmode` for the server {host}: `?sslmode=verify-full` encrypts and checks the \
         server's certificate (`sslrootcert=FILE` names an authority of your own); `sslmode=require` encrypts without \
         a check, and `sslmode=disable` sends accounts over the network as they are"
    )]
    NoTlsMode {
        /// The server.
        host: String,
    },
}

/// Parameters that the driver reads. Any other one is refused: a misspelled `sslmode` must not go unnoticed.
const PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

impl PostgresUrl {
    /// Reads `postgres://USER:PASSWORD@HOST[:PORT][,HOST[:PORT]…]/NAME[?PARAMETER=VALUE&…]`.
    pub fn parse(text: &str) -> Result<Self, PostgresUrlError> {
        let parts = Parts::of(text).ok_or(PostgresUrlError::Malformed)?;
        let mut kept = Vec::new();
        let mut encryption_is_chosen = false;
        for parameter in parts.query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            if name == "target_session_attrs" {
                if !matches!(value, "read-write" | "primary") {
                    return Err(PostgresUrlError::SessionAttributes);
                }
                continue;
            }
            if !PARAMETERS.contains(&name) && !name.starts_with("options[") {
                return Err(PostgresUrlError::UnknownParameter { name: name.to_owned() });
            }
            encryption_is_chosen |= matches!(name, "sslmode" | "ssl-mode");
            kept.push(parameter);
        }
        let query = kept.join("&");
        let hosts = parts.hosts.split(',').map(|host| {
            let url = format!("postgres://{}{host}/{}?{query}", parts.user, parts.name);
            let options = PgConnectOptions::from_str(&url).map_err(|_| PostgresUrlError::Malformed)?;
            // Also of one that a parameter names: the driver would look for one host of that name.
            if options.get_host().contains(',') {
                return Err(PostgresUrlError::Malformed);
            }
            if !encryption_is_chosen && !is_this_machine(&options) {
                let host = options.get_host().to_owned();
                return Err(PostgresUrlError::NoTlsMode { host });
            }
            // pgbouncer refuses this parameter unless it is told to ignore it, and no column holds a float.
            let options = options.extra_float_digits(None);
            Ok(match options.get_application_name() {
                Some(_) => options,
                None => options.application_name("doorward"),
            })
        });
        let hosts = hosts.collect::<Result<_, _>>()?;
        Ok(Self { hosts })
    }

    /// The servers, in the order in which they are tried. There is at least one.
    pub(super) fn hosts(&self) -> &[PgConnectOptions] {
        &self.hosts
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresUrl(..)")
    }
}

struct Parts<'a> {
    /// With its `@`, or empty.
    user: &'a str,
    hosts: &'a str,
    name: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let rest = text
            .strip_prefix("postgres://")
            .or_else(|| text.strip_prefix("postgresql://"))?;
        let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // A password with a bare `/`, `?` or `#` ends the authority early. What follows must not be taken for the name
        // of a parameter, which an error may quote.
        if tail.contains(['@', '#']) {
            return None;
        }
        let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        Some(Self {
            user,
            hosts,
            name: path.trim_start_matches('/'),
            query,
        })
    }
}

fn is_this_machine(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use sqlx::postgres::PgSslMode;

    use super::*;

    fn hosts(url: &str) -> Vec<(String, u16)> {
        let url = PostgresUrl::parse(url).unwrap();
        let host = |options: &PgConnectOptions| (options.get_host().to_owned(), options.get_port());
        url.hosts().iter().map(host).collect()
    }

    fn refusal(url: &str) -> PostgresUrlError {
        PostgresUrl::parse(url).unwrap_err()
    }

    #[test]
    fn several_hosts_share_what_else_the_url_says() {
        let text =
            "postgres://ada:s3cret@db1:5433,db2,[::1]:5434/notes?sslmode=verify-full&target_session_attrs=read-write";
        let expected = [
            ("db1".to_owned(), 5433),
            ("db2".to_owned(), 5432),
            ("[::1]".to_owned(), 5434),
        ];
        assert_eq!(hosts(text), expected);
        for options in PostgresUrl::parse(text).unwrap().hosts() {
            assert_eq!((options.get_username(), options.get_database()), ("ada", Some("notes")));
            assert!(matches!(options.get_ssl_mode(), PgSslMode::VerifyFull));
            assert_eq!(options.get_application_name(), Some("doorward"));
        }
    }

    #[test]
    fn a_server_on_the_network_needs_a_choice_of_encryption() {
        for here in ["localhost", "127.0.0.1", "[::1]", "%2Frun%2Fpostgresql"] {
            PostgresUrl::parse(&format!("postgres://ada@{here}/notes")).unwrap();
        }
        for away in ["db.example.com", "10.1.2.3", "127.0.0.1,db.example.com"] {
            let error = refusal(&format!("postgres://ada:s3cret@{away}/notes"));
            assert!(matches!(error, PostgresUrlError::NoTlsMode { .. }), "{error}");
            assert!(error.to_string().contains("`?sslmode=verify-full`"), "{error}");
            for mode in ["verify-full", "require", "prefer", "disable"] {
                PostgresUrl::parse(&format!("postgres://ada@{away}/notes?sslmode={mode}")).unwrap();
            }
        }
        // The parameter counts, and not the name before the path.
        let error = refusal("postgres://ada@localhost/notes?host=db.example.com");
        assert!(matches!(error, PostgresUrlError::NoTlsMode { .. }), "{error}");
    }

    #[test]
    fn what_would_have_no_effect_is_refused_by_name() {
        let error = refusal("postgres://ada@localhost/notes?connect_timeout=10");
        assert!(error.to_string().ends_with("`connect_timeout`"), "{error}");
        let error = refusal("postgres://ada@db1,db2/notes?sslmode=disable&target_session_attrs=any");
        assert_eq!(error, PostgresUrlError::SessionAttributes);
        for url in [
            "postgres://ada@localhost/notes?host=db1,db2&sslmode=disable",
            "postgres://ada@localhost:port/notes",
            "postgres://ada@localhost/notes?sslmode=s3cret",
            "mysql://ada@localhost/notes",
        ] {
            assert_eq!(refusal(url), PostgresUrlError::Malformed, "{url}");
        }
    }

    #[test]
    fn no_part_of_a_password_is_shown() {
        for password in ["s3cret", "s3/cret", "s3?cret=1", "s3#cret", "a:s3cret", "s3?cret"] {
            for rest in ["db/notes", "db/notes?nothing=1", "db:port/notes"] {
                let error = refusal(&format!("postgres://ada:{password}@{rest}"));
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains("s3") && !shown.contains("cret"), "{shown}");
            }
        }
        let url = PostgresUrl::parse("postgres://ada:s3cret@localhost/notes").unwrap();
        assert!(!format!("{url:?}").contains("s3cret"));
    }
}
