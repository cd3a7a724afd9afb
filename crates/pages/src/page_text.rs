//! The texts of the pages, and their statuses. All texts for end users are here or in `templates/`.

use axum::http::StatusCode;

/// A title, a text below it, and an icon above it.
pub(crate) struct PageText {
    pub(crate) status: StatusCode,
    pub(crate) icon: Icon,
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
}

/// The icon of a page; `templates/icons.html` draws it.
#[derive(Clone, Copy)]
pub(crate) enum Icon {
    Mail,
    Key,
    Done,
    Late,
    Trouble,
}

impl Icon {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Key => "key",
            Self::Done => "done",
            Self::Late => "late",
            Self::Trouble => "trouble",
        }
    }
}

pub(crate) const CONFIRM: PageText = PageText {
    status: StatusCode::OK,
    icon: Icon::Mail,
    title: "Confirm your e-mail address",
    text: "One press on the button confirms that this e-mail address is yours.",
};

pub(crate) const CONFIRMED: PageText = PageText {
    status: StatusCode::OK,
    icon: Icon::Done,
    title: "Your e-mail address is confirmed",
    text: "You can log in to the app now, and close this page.",
};

pub(crate) const ALREADY_CONFIRMED: PageText = PageText {
    status: StatusCode::OK,
    icon: Icon::Done,
    title: "Already confirmed",
    text: "Your e-mail address has been confirmed before. You can log in to the app.",
};

// 410 and not 400 for links that were valid once: the request is well-formed, but the link is gone for good. In an
// access log, an operator can thus distinguish late visitors from damaged links.

pub(crate) const CONFIRM_EXPIRED: PageText = PageText {
    status: StatusCode::GONE,
    icon: Icon::Late,
    title: "This link has expired",
    text: "For your safety, a link works only for a short time. We can send a new one to your e-mail address.",
};

pub(crate) const CONFIRM_VOID: PageText = PageText {
    status: StatusCode::GONE,
    icon: Icon::Late,
    title: "This link no longer works",
    text: "Another link was used, or the password was changed, after this e-mail was sent. We can send you a new link.",
};

pub(crate) const LINK_SENT: PageText = PageText {
    status: StatusCode::OK,
    icon: Icon::Mail,
    title: "A new link is on its way",
    text: "Please look for it in your inbox in a minute or two, and in your spam folder too.",
};

pub(crate) const NOT_MAILABLE: PageText = PageText {
    status: StatusCode::BAD_REQUEST,
    icon: Icon::Trouble,
    title: "No e-mail can be sent",
    text: "This account has no address that an e-mail can be sent to. Please sign up in the app again, with an e-mail address.",
};

pub(crate) const BY_FUNCTION: PageText = PageText {
    status: StatusCode::BAD_REQUEST,
    icon: Icon::Trouble,
    title: "Please ask in the app",
    text: "This page cannot send a new link. Please ask for one in the app.",
};

pub(crate) const RESET: PageText = PageText {
    status: StatusCode::OK,
    icon: Icon::Key,
    title: "Choose a new password",
    text: "Use at least 6 characters. A long one that you use nowhere else is best.",
};

pub(crate) const PASSWORD_CHANGED: PageText = PageText {
    status: StatusCode::OK,
    icon: Icon::Done,
    title: "Your password has been changed",
    text: "Log in to the app with your new password. You have been logged out on all your devices.",
};

pub(crate) const RESET_USED: PageText = PageText {
    status: StatusCode::GONE,
    icon: Icon::Late,
    title: "This link has been used already",
    text: "If you have just changed your password, log in to the app with the new one. \
           Otherwise, please ask for a new e-mail in the app.",
};

pub(crate) const RESET_EXPIRED: PageText = PageText {
    status: StatusCode::GONE,
    icon: Icon::Late,
    title: "This link has expired",
    text: "For your safety, a link works only for a short time. Your password has not been changed. \
           Please ask for a new e-mail in the app.",
};

pub(crate) const RESET_VOID: PageText = PageText {
    status: StatusCode::GONE,
    icon: Icon::Late,
    title: "This link no longer works",
    text: "Another link was used, or the password was changed, after this e-mail was sent. If you did not choose a new \
           password, please ask for a new link in the app.",
};

pub(crate) const PASSWORD_LENGTH: PageText = PageText {
    status: StatusCode::BAD_REQUEST,
    icon: Icon::Key,
    title: "This password cannot be used",
    text: "The password must have 6 to 128 characters. Please choose another one.",
};

pub(crate) const PASSWORDS_DIFFER: PageText = PageText {
    status: StatusCode::BAD_REQUEST,
    icon: Icon::Key,
    title: "The passwords are not the same",
    text: "The two passwords are not the same. Please type the new password twice.",
};

pub(crate) const INVALID: PageText = PageText {
    status: StatusCode::BAD_REQUEST,
    icon: Icon::Trouble,
    title: "This link is not valid",
    text: "It may have been cut short on its way. Please open the link in the e-mail again, or copy all of it into your browser. \
           If that does not help, ask for a new e-mail in the app.",
};

pub(crate) const NO_TOKEN: PageText = PageText {
    status: StatusCode::BAD_REQUEST,
    icon: Icon::Mail,
    title: "Please open the link in your e-mail",
    text: "This page only works when it is opened from the link in the e-mail. Please go back to the e-mail and open it from there.",
};

pub(crate) const NOT_FOUND: PageText = PageText {
    status: StatusCode::NOT_FOUND,
    icon: Icon::Trouble,
    title: "Page not found",
    text: "There is nothing at this address. Please open the link in the e-mail again, or go back to the app.",
};

pub(crate) const METHOD_NOT_ALLOWED: PageText = PageText {
    status: StatusCode::METHOD_NOT_ALLOWED,
    icon: Icon::Trouble,
    title: "This page works only from the e-mail",
    text: "Please open the link in the e-mail again, or go back to the app.",
};

pub(crate) const FORM_TOO_LARGE: PageText = PageText {
    status: StatusCode::PAYLOAD_TOO_LARGE,
    icon: Icon::Trouble,
    title: "That is too much",
    text: "More was sent than this page can take. Nothing has been changed. Please open the link in the e-mail again.",
};

pub(crate) const FORM_UNREADABLE: PageText = PageText {
    status: StatusCode::BAD_REQUEST,
    icon: Icon::Trouble,
    title: "That did not work",
    text: "What was sent could not be read. Nothing has been changed. Please open the link in the e-mail again.",
};

pub(crate) const FORM_INCOMPLETE: PageText = PageText {
    status: StatusCode::REQUEST_TIMEOUT,
    icon: Icon::Trouble,
    title: "The connection was too slow",
    text: "Not everything arrived in time. Nothing has been changed. Please open the link in the e-mail again.",
};

pub(crate) const MAILBOX_NOT_DIRECT: PageText = PageText {
    status: StatusCode::FORBIDDEN,
    icon: Icon::Trouble,
    title: "Only on this machine",
    text: "The development mailbox shows live links, so it answers only requests that come straight to a loopback \
           address, such as http://localhost, and not through a proxy or a tunnel.",
};

pub(crate) const BUSY: PageText = PageText {
    status: StatusCode::TOO_MANY_REQUESTS,
    icon: Icon::Trouble,
    title: "Please try again in a moment",
    text: "There is a lot going on just now. Nothing has been changed, and your link still works. Please try again in a moment.",
};

pub(crate) const LIMITED: PageText = PageText {
    status: StatusCode::TOO_MANY_REQUESTS,
    icon: Icon::Trouble,
    title: "Too many requests",
    text: "This was asked for too often. Please look for the e-mails that you already have, also among spam, or try again later.",
};

// These two texts promise nothing about the link: when the database fails during a commit, its outcome is unknown.

pub(crate) const UNAVAILABLE: PageText = PageText {
    status: StatusCode::SERVICE_UNAVAILABLE,
    icon: Icon::Trouble,
    title: "Please try again in a moment",
    text: "Something on our side is not available just now. Please try again in a moment.",
};

pub(crate) const FAILED: PageText = PageText {
    status: StatusCode::INTERNAL_SERVER_ERROR,
    icon: Icon::Trouble,
    title: "Something went wrong",
    text: "That is our fault, not yours. Please try again in a moment.",
};

#[cfg(test)]
mod tests {
    use doorward_core::Password;

    use super::*;

    #[test]
    fn s05_the_password_rule_in_the_text_is_the_one_that_is_checked() {
        assert!(
            RESET
                .text
                .contains(&format!("at least {} characters", Password::MIN_CHARS))
        );
        let rule = format!("{} to {} characters", Password::MIN_CHARS, Password::MAX_CHARS);
        assert!(PASSWORD_LENGTH.text.contains(&rule));
    }
}
