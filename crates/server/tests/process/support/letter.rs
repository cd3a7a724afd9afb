//! A mail as its recipient sees it: a link.

use std::fmt;

use doorward_testkit::smtp_server::ReceivedMail;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    Confirm,
    Reset,
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Confirm => "confirm",
            Self::Reset => "reset",
        })
    }
}

/// One copy of a mail.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) to: String,
    pub(crate) purpose: Purpose,
    pub(crate) token: String,
    pub(crate) token_id: String,
    pub(crate) message_id: String,
    /// The sender of the envelope.
    pub(crate) from: String,
}

impl Letter {
    /// Reads a mail whose link leads to a hosted page.
    pub(crate) fn read(mail: &ReceivedMail) -> Self {
        // Quoted-printable: long lines are broken by `=` at their end, and a `=` itself is written `=3D`.
        let text = mail.raw.replace("=\r\n", "").replace("=3D", "=");
        let [to] = &*mail.to else {
            panic!("a mail has one recipient, not {:?}", mail.to)
        };
        let message_id = mail.message_id.clone().expect("a mail has a Message-ID");
        Self {
            message_id,
            from: mail.from.clone(),
            ..Self::with_link(to, &text)
        }
    }

    /// A mail to this address of which only the text around its link is known.
    pub(crate) fn with_link(to: &str, text: &str) -> Self {
        let (before, after) = text.split_once("?token=").expect("a mail has a link");
        let purpose = match before.rsplit('/').next() {
            Some("confirm") => Purpose::Confirm,
            Some("reset") => Purpose::Reset,
            other => panic!("a link leads to {other:?}"),
        };
        let (token, after) = after.split_once("&tokenId=").expect("a link has a token id");
        let (token, token_id) = (token.to_owned(), after.chars().take(24).collect());
        assert_eq!(token.len(), 128, "{text}");
        Self {
            to: to.to_owned(),
            purpose,
            token,
            token_id,
            message_id: String::new(),
            from: String::new(),
        }
    }

    /// The path of the hosted page that its link leads to.
    pub(crate) fn page(&self) -> String {
        format!(
            "/app/notes-abcde/{}?token={}&tokenId={}",
            self.purpose, self.token, self.token_id
        )
    }
}
