//! How mail leaves the server.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use super::arg_ext::ArgExt as _;
use super::sources::{Named, Sources, spelled};
use super::values::Secret;

#[derive(Debug, Args)]
pub(super) struct MailOptions {
    /// The relay for mail, with credentials in the URL: `smtp+starttls://`, `smtps://` or `smtp://`.
    ///
    /// `smtp://` is not encrypted, and is accepted for a relay on loopback only, or with `?tls=none`. Without a relay,
    /// mails go to the development mailbox if both the listen address and the host of `--public-url` are loopback.
    #[arg(
        long,
        value_name = "URL",
        hide_env_values = true,
        env = "DOORWARD_SMTP",
        default_text = "the development mailbox if everything is loopback, else none"
    )]
    smtp: Option<Secret>,

    /// A file that holds the value of `--smtp`.
    #[arg(long, value_name = "FILE", env = "DOORWARD_SMTP_FILE", default_text = "none")]
    smtp_file: Option<PathBuf>,

    /// The sender of every mail, `a@b` or `Name <a@b>`.
    #[arg(
        long,
        value_name = "MAILBOX",
        env = "DOORWARD_MAIL_FROM",
        default_text = "none; needed with `--smtp`"
    )]
    mail_from: Option<String>,
}

/// A relay, and the sender of the mails that it gets.
#[derive(Debug)]
pub(crate) struct Smtp {
    pub(crate) url: Secret,
    pub(crate) from: String,
}

impl MailOptions {
    pub(super) fn smtp(&self, sources: &Sources) -> Result<Option<Smtp>> {
        let url = sources.value_or_file("smtp", self.smtp.as_ref(), self.smtp_file.as_deref())?;
        match (url, self.mail_from.clone()) {
            (Some(Named { value: url, .. }), Some(from)) => Ok(Some(Smtp { url, from })),
            (Some(Named { name, source, .. }), None) => bail!(
                "{name} needs {}, the sender of every mail, such as `Notes <accounts@example.com>`",
                spelled("mail_from", source)
            ),
            (None, _) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::config_of;

    #[test]
    fn a_relay_needs_a_sender() {
        let relay = ["--smtp", "smtp://127.0.0.1"];
        let error = config_of(&relay).unwrap_err().to_string();
        assert!(error.starts_with("--smtp needs --mail-from, "), "{error}");
        let config = config_of(&[&relay[..], &["--mail-from", "a@example.com"]].concat());
        assert_eq!(config.unwrap().smtp.unwrap().from, "a@example.com");
    }

    #[test]
    fn a_sender_alone_is_no_relay() {
        let config = config_of(&["--mail-from", "a@example.com"]);
        assert!(config.unwrap().smtp.is_none());
    }
}
