//! Composes a mail: this file fills in the texts in `templates/`.

use std::sync::LazyLock;
use std::time::Duration;

use doorward_core::{App, EmailAddress, FunctionMail, Links, MailId, MailToken, Purpose, Timestamp, TokenPair};
use minijinja::{Environment, UndefinedBehavior, Value, context};

use crate::{MailFrom, Message};

/// A template that could not be filled in.
#[derive(Debug, thiserror::Error)]
#[error("the mail could not be written")]
pub struct ComposeError(#[source] minijinja::Error);

/// The envelope of a mail: everything but its content.
#[derive(Debug, Clone)]
pub struct MessageHeader {
    /// The mail's row in the outbox.
    pub id: MailId,
    /// The sender.
    pub from: MailFrom,
    /// The one recipient.
    pub to: EmailAddress,
    /// When a flow put the mail into the outbox.
    pub created_at: Timestamp,
    /// When the mail, and the link in it, is of no more use.
    pub expires_at: Timestamp,
}

impl MessageHeader {
    fn with(self, subject: String, text: String, html: String, link: Option<String>) -> Message {
        Message {
            message_id: format!("<{}@{}>", self.id, self.from.domain()),
            id: self.id,
            from: self.from,
            to: self.to,
            subject,
            text,
            html,
            link,
            created_at: self.created_at,
        }
    }
}

/// Composes a mail around the link of a token. The link is made from configuration only, and no other part of the mail
/// comes from a request.
pub fn compose(
    header: MessageHeader,
    token: &MailToken,
    app: &App,
    links: &Links,
    secret: &TokenPair,
) -> Result<Message, ComposeError> {
    let purpose = token.purpose;
    let link = links.mailed(app, purpose, secret);
    let name = one_line(&app.name);
    // A link that is mailed again works for less time than at first.
    let lifetime = in_words(header.expires_at.since(header.created_at));
    let (html, text) = match purpose {
        Purpose::Confirm => ("confirm.html", "confirm.txt"),
        Purpose::Reset => ("reset.html", "reset.txt"),
    };
    let subject = subject(app, purpose, &name);
    let words = context! { subject => &subject, app => name, lifetime };
    let html_link = Value::from_safe_string(escape_link(&link));
    let html = render(html, context! { link => html_link, ..words.clone() })?;
    let text = render(text, context! { link => &link, ..words })?;
    Ok(header.with(subject, text, html, Some(link)))
}

/// Composes a mail with the texts that a function wrote. Its subject becomes one line, so that it cannot add a header.
pub fn compose_function_mail(header: MessageHeader, mail: FunctionMail) -> Message {
    header.with(one_line(&mail.subject), mail.text, mail.html, None)
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    // A misspelt variable must fail, and not leave a gap in a mail.
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in [
        ("layout.html", include_str!("../templates/layout.html")),
        ("confirm.html", include_str!("../templates/confirm.html")),
        ("confirm.txt", include_str!("../templates/confirm.txt")),
        ("reset.html", include_str!("../templates/reset.html")),
        ("reset.txt", include_str!("../templates/reset.txt")),
    ] {
        templates
            .add_template(name, source)
            .expect("the templates are compiled in and tested");
    }
    templates
});

fn render(template: &str, values: Value) -> Result<String, ComposeError> {
    TEMPLATES
        .get_template(template)
        .and_then(|template| template.render(values))
        .map_err(ComposeError)
}

/// The owner's subject, or ours.
fn subject(app: &App, purpose: Purpose, name: &str) -> String {
    let accounts = app.providers.email_password.as_ref();
    let chosen = accounts.and_then(|accounts| accounts.mailed_link(purpose)?.subject.as_deref());
    match chosen.map(one_line) {
        Some(subject) if !subject.is_empty() => subject,
        _ => match purpose {
            Purpose::Confirm => format!("Confirm your e-mail address for {name}"),
            Purpose::Reset => format!("Reset your password for {name}"),
        },
    }
}

/// A name or subject as one line, so that it can neither add a header nor a line of its own.
fn one_line(text: &str) -> String {
    let breaks = |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
    text.replace(breaks, " ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Escapes a link for a quoted attribute and for text. The template engine would also escape every `/`,
/// which reads to spam filters like a link that is being hidden.
fn escape_link(link: &str) -> String {
    link.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// A duration in the largest unit that divides it.
fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        0 => (0, "second"),
        _ if seconds.is_multiple_of(3600) => (seconds / 3600, "hour"),
        _ if seconds >= 120 || seconds == 60 => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_said_in_words() {
        for (seconds, words) in [
            (10, "10 seconds"),
            (60, "1 minute"),
            (90, "90 seconds"),
            (600, "10 minutes"),
            (1_800, "30 minutes"),
            (3_600, "1 hour"),
            (5_400, "90 minutes"),
            (86_400, "24 hours"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
