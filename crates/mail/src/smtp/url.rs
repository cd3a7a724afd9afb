//! The SMTP URL of the configuration. It holds credentials, so nothing of it appears in any error.

use std::io;
use std::net::IpAddr;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use percent_encoding::percent_decode_str;
use url::Url;

use super::relay::{Relay, Security};

/// An SMTP URL that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SmtpUrlError {
    /// It is not a URL with a host.
    #[error(
        "the SMTP URL cannot be read: it is written smtps://user:password@host, \
         and other characters than letters and digits in the user and password are best percent-encoded"
    )]
    Malformed,
    /// Its scheme is none of the supported ones.
    #[error("the SMTP URL must begin with smtp+starttls://, smtps:// or smtp://")]
    UnknownScheme,
    /// It has an unknown parameter.
    #[error("the SMTP URL takes no other parameters than `ca=FILE`, and `tls=none` with smtp://")]
    UnknownParameter,
    /// It would send mail unencrypted over a network.
    #[error(
        "smtp:// is not encrypted and so is for a relay on this machine only: use smtp+starttls:// or smtps://, \
         or say ?tls=none if mails with live links may be read on the way"
    )]
    Unencrypted,
    /// It would send credentials unencrypted over a network.
    #[error("SMTP credentials are sent unencrypted to no other machine: use smtp+starttls:// or smtps://")]
    UnencryptedCredentials,
    /// It has a user without a password, or the reverse.
    #[error("the SMTP URL needs a user and a password, or neither, and both in percent-encoded UTF-8")]
    Credentials,
    /// The file of a certificate authority cannot be read.
    #[error("the file named by `ca` in the SMTP URL cannot be read")]
    UnreadableAuthority(#[source] io::Error),
    /// The file of a certificate authority holds no certificate.
    #[error("the file named by `ca` in the SMTP URL holds no certificate in PEM form")]
    InvalidAuthority,
    /// TLS cannot be set up.
    #[error("TLS to the relay cannot be set up")]
    Tls,
}

pub(super) fn parse(text: &str) -> Result<Relay, SmtpUrlError> {
    let url = Url::parse(text.trim()).map_err(|_| SmtpUrlError::Malformed)?;
    let scheme = Scheme::of(&url)?;
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .ok_or(SmtpUrlError::Malformed)?;
    // An unescaped `/` or `#` in a password ends the host early; what follows then shows up as path or fragment.
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(SmtpUrlError::Malformed);
    }
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let credentials = credentials(&url)?;
    let parameters = Parameters::of(&url)?;
    let security = match scheme {
        Scheme::Plain => {
            let here = is_this_machine(&host);
            if parameters.authority.is_some() {
                return Err(SmtpUrlError::UnknownParameter);
            }
            if !here && credentials.is_some() {
                return Err(SmtpUrlError::UnencryptedCredentials);
            }
            if !here && !parameters.tls_none {
                return Err(SmtpUrlError::Unencrypted);
            }
            Security::None
        }
        Scheme::StartTls | Scheme::Implicit if parameters.tls_none => {
            return Err(SmtpUrlError::UnknownParameter);
        }
        Scheme::StartTls => Security::StartTls(tls(&host, parameters.authority.as_deref())?),
        Scheme::Implicit => Security::Implicit(tls(&host, parameters.authority.as_deref())?),
    };
    Ok(Relay {
        host,
        port: url.port().unwrap_or(scheme.port()),
        security,
        credentials,
    })
}

#[derive(Clone, Copy)]
enum Scheme {
    Plain,
    StartTls,
    Implicit,
}

impl Scheme {
    fn of(url: &Url) -> Result<Self, SmtpUrlError> {
        match url.scheme() {
            "smtp" => Ok(Self::Plain),
            "smtp+starttls" => Ok(Self::StartTls),
            "smtps" => Ok(Self::Implicit),
            _ => Err(SmtpUrlError::UnknownScheme),
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Plain => 25,
            Self::StartTls => 587,
            Self::Implicit => 465,
        }
    }
}

#[derive(Default)]
struct Parameters {
    tls_none: bool,
    authority: Option<String>,
}

impl Parameters {
    fn of(url: &Url) -> Result<Self, SmtpUrlError> {
        let mut parameters = Self::default();
        for (name, value) in url.query_pairs() {
            match (&*name, &*value) {
                ("tls", "none") => parameters.tls_none = true,
                ("ca", file) if !file.is_empty() && parameters.authority.is_none() => {
                    parameters.authority = Some(file.to_owned());
                }
                _ => return Err(SmtpUrlError::UnknownParameter),
            }
        }
        Ok(parameters)
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, SmtpUrlError> {
    let decode = |text: &str| match percent_decode_str(text).decode_utf8() {
        Ok(text) if !text.is_empty() => Ok(text.into_owned()),
        _ => Err(SmtpUrlError::Credentials),
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, password) => Ok(Some(Credentials::new(
            decode(user)?,
            decode(password.unwrap_or_default())?,
        ))),
    }
}

fn tls(host: &str, authority: Option<&str>) -> Result<TlsParameters, SmtpUrlError> {
    let mut tls = TlsParameters::builder(host.to_owned());
    if let Some(file) = authority {
        let pem = std::fs::read(file).map_err(SmtpUrlError::UnreadableAuthority)?;
        if !pem.windows(PEM_BEGIN.len()).any(|window| window == PEM_BEGIN) {
            return Err(SmtpUrlError::InvalidAuthority);
        }
        tls = tls.add_root_certificate(Certificate::from_pem(&pem).map_err(|_| SmtpUrlError::InvalidAuthority)?);
    }
    tls.build().map_err(|_| SmtpUrlError::Tls)
}

/// A file without this would be read as an empty list of certificates, and add no trusted authority.
const PEM_BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(url: &str) -> String {
        match parse(url) {
            Ok(relay) => {
                let security = match relay.security {
                    Security::None => "plain",
                    Security::StartTls(_) => "starttls",
                    Security::Implicit(_) => "implicit",
                };
                let login = if relay.credentials.is_some() { " with login" } else { "" };
                format!("{security} {} {}{login}", relay.host, relay.port)
            }
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn t29_a_url_says_how_mail_is_protected() {
        for (url, expected) in [
            ("smtps://mail.example.com", "implicit mail.example.com 465"),
            ("smtps://mail.example.com/", "implicit mail.example.com 465"),
            ("smtp+starttls://mail.example.com", "starttls mail.example.com 587"),
            (
                "smtp+starttls://u:p@mail.example.com:2525",
                "starttls mail.example.com 2525 with login",
            ),
            ("smtps://[2001:db8::1]", "implicit 2001:db8::1 465"),
            ("smtp://localhost", "plain localhost 25"),
            ("smtp://127.0.0.1:1025", "plain 127.0.0.1 1025"),
            ("smtp://[::1]", "plain ::1 25"),
            ("smtp://u:p@localhost", "plain localhost 25 with login"),
            ("smtp://mail.example.com?tls=none", "plain mail.example.com 25"),
            ("smtp://mail.example.com", "Unencrypted"),
            ("smtp://10.0.0.1", "Unencrypted"),
            ("smtp://localhost.example.com", "Unencrypted"),
            ("smtp://127.0.0.1.example.com", "Unencrypted"),
            ("smtp://u:p@mail.example.com", "UnencryptedCredentials"),
            ("smtp://u:p@mail.example.com?tls=none", "UnencryptedCredentials"),
            ("smtps://mail.example.com?tls=none", "UnknownParameter"),
            ("smtp+starttls://mail.example.com?tls=none", "UnknownParameter"),
            ("smtp://mail.example.com?tls=opportunistic", "UnknownParameter"),
            ("smtps://mail.example.com?verify=no", "UnknownParameter"),
            ("smtp://localhost?ca=/ca.pem", "UnknownParameter"),
            ("smtps://u@mail.example.com", "Credentials"),
            ("smtps://:p@mail.example.com", "Credentials"),
            ("smtps://u:%ff@mail.example.com", "Credentials"),
            ("smtps://u:a/b@mail.example.com", "Malformed"),
            ("smtps://u:a#b@mail.example.com", "Malformed"),
            ("smtps://", "Malformed"),
            ("smtps:mail.example.com", "Malformed"),
            ("mail.example.com", "Malformed"),
            ("https://mail.example.com", "UnknownScheme"),
        ] {
            assert_eq!(outcome(url), expected, "{url}");
        }
    }

    #[test]
    fn credentials_are_percent_decoded() {
        let relay = parse("smtps://a%40b.c:p%3A%2F%23%25%C3%A4@mail.example.com")
            .ok()
            .unwrap();
        assert!(relay.credentials.unwrap() == Credentials::new("a@b.c".to_owned(), "p:/#%ä".to_owned()));
    }

    #[test]
    fn a_file_without_a_certificate_is_no_authority() {
        let missing = parse("smtps://mail.example.com?ca=/no/such/file.pem").err().unwrap();
        assert!(matches!(missing, SmtpUrlError::UnreadableAuthority(_)));
        let other = parse(&format!(
            "smtps://mail.example.com?ca={}/Cargo.toml",
            env!("CARGO_MANIFEST_DIR")
        ));
        assert!(matches!(other, Err(SmtpUrlError::InvalidAuthority)));
    }

    #[test]
    fn s28_no_error_repeats_the_url() {
        for url in [
            "smtps://sesame:opensesame@/",
            "http://sesame:opensesame@mail.example.com",
            "smtp://sesame:opensesame@mail.example.com",
            "smtps://sesame:opensesame@mail.example.com?sesame=1",
            "smtps://sesame:opensesame@mail.example.com?ca=/sesame",
            "smtps://sesame:open/sesame@mail.example.com",
            "sesame",
        ] {
            let error = parse(url).err().unwrap();
            let mut shown = format!("{error} {error:?}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                shown.push_str(&cause.to_string());
                source = cause.source();
            }
            assert!(
                !shown.contains("sesame") && !shown.contains("mail.example.com"),
                "{shown}"
            );
        }
    }
}
