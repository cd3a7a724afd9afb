//! The address that names an account. It is kept and compared byte for byte, as App Services did.

use std::fmt;

/// An account's name: 1 to 254 bytes without control characters, kept exactly as typed.
///
/// In an app that confirms automatically it need not be an address at all; where mail is sent,
/// [`EmailAddress::is_mailbox`] decides.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

/// A text that names no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the e-mail address is invalid")]
pub struct InvalidEmail;

impl EmailAddress {
    /// The longest address, in bytes: what fits an SMTP path (RFC 5321 §4.5.3.1.3, without the angle brackets).
    pub const MAX_BYTES: usize = 254;

    /// Checks the length and refuses control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        if text.is_empty() || text.len() > Self::MAX_BYTES || text.chars().any(char::is_control) {
            return Err(InvalidEmail);
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether mail can be addressed to it: the syntax of RFC 5321, without comments,
    /// display names or address literals.
    pub fn is_mailbox(&self) -> bool {
        let options = email_address::Options::default()
            .without_display_text()
            .without_domain_literal();
        email_address::EmailAddress::parse_with_options(&self.0, options).is_ok()
    }

    /// The address as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address is personal data: it is shown on purpose, never by accident.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_mailbox(text: &str) -> bool {
        EmailAddress::parse(text).is_ok_and(|email| email.is_mailbox())
    }

    #[test]
    fn an_account_name_is_1_to_254_bytes_without_control_characters() {
        assert!(EmailAddress::parse("my-very-own-username").is_ok());
        assert!(EmailAddress::parse(&"a".repeat(254)).is_ok());
        for bad in ["", &"a".repeat(255), "a\0b", "a\nb@c.d", "a\u{85}b"] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn s50_and_s51_mail_goes_only_to_well_formed_mailboxes() {
        for good in [
            "ada@example.com",
            "a+b@example.co.uk",
            "a@localhost",
            "üser@example.com",
            "\"a b\"@example.com",
        ] {
            assert!(is_mailbox(good), "{good}");
        }
        for bad in [
            "ada",
            "@example.com",
            "ada@",
            "a b@example.com",
            "a@b@c.d",
            "a@[127.0.0.1]",
            "Ada <ada@example.com>",
            "a@exa mple.com",
            "a,b@example.com",
            "a;b@example.com",
            "<a@example.com>",
            "a@example.com>",
            &format!("{}@example.com", "a".repeat(65)),
        ] {
            assert!(!is_mailbox(bad), "{bad}");
        }
    }

    #[test]
    fn s51_no_mailbox_can_carry_an_smtp_command() {
        bolero::check!()
            .with_type::<String>()
            .with_iterations(20_000)
            .for_each(|text| {
                let Ok(email) = EmailAddress::parse(text) else { return };
                if email.is_mailbox() {
                    assert!(!text.contains(['\r', '\n', '\0']));
                    let unquoted = !text.starts_with('"');
                    assert!(
                        !(unquoted && text.contains([' ', '<', '>', ',', ';', ':', '(', ')'])),
                        "{text:?}"
                    );
                }
            });
    }
}
