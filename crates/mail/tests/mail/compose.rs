//! The texts of mails.

use std::time::Duration;

use doorward_core::{Confirmation, EmailPassword, Links, MailedLink, Purpose, Reset};
use doorward_mail::{Claim, DevMailbox, Message, Transport};
use insta::assert_snapshot;

use crate::support::World;

#[tokio::test]
async fn a_confirmation_says_what_to_do() {
    let message = World::new().await.compose("ada@example.com", Purpose::Confirm);
    assert_snapshot!(message.subject, @"Confirm your e-mail address for Notes");
    assert_snapshot!(text(&message), @r"
    Hello,

    someone, hopefully you, signed up for Notes with this e-mail address.
    Please open this link to confirm that it is yours:

    LINK

    The link works for 30 minutes from when it was asked for, and only once.

    If you did not sign up, you can ignore this e-mail: without your
    confirmation the account cannot be used.
    ");
    assert_snapshot!(key_lines(&message), @r#"
    <html lang="en">
    <title>Confirm your e-mail address for Notes</title>
    <h1>Confirm your e-mail address</h1>
    <p>Someone, hopefully you, signed up for <strong>Notes</strong> with this e-mail address. Please confirm that it is yours.</p>
    <p><a href="LINK">Confirm e-mail address</a></p>
    <p>The link works for 30 minutes from when it was asked for, and only once.</p>
    <p>If you did not sign up, you can ignore this e-mail: without your confirmation the account cannot be used.</p>
    <p>If the button does not work, copy this address into your browser:<br><a href="LINK">LINK</a></p>
    "#);
}

#[tokio::test]
async fn a_reset_says_what_to_do() {
    let message = World::new().await.compose("ada@example.com", Purpose::Reset);
    assert_snapshot!(message.subject, @"Reset your password for Notes");
    assert_snapshot!(text(&message), @r"
    Hello,

    someone, hopefully you, asked to reset the password of your account at Notes.
    Please open this link to choose a new one:

    LINK

    The link works for 30 minutes from when it was asked for, and only once.

    If you did not ask for this, you can ignore this e-mail: your password
    stays as it is.
    ");
    assert_snapshot!(key_lines(&message), @r#"
    <html lang="en">
    <title>Reset your password for Notes</title>
    <h1>Reset your password</h1>
    <p>Someone, hopefully you, asked to reset the password of your account at <strong>Notes</strong>. Choose a new one here.</p>
    <p><a href="LINK">Choose a new password</a></p>
    <p>The link works for 30 minutes from when it was asked for, and only once.</p>
    <p>If you did not ask for this, you can ignore this e-mail: your password stays as it is.</p>
    <p>If the button does not work, copy this address into your browser:<br><a href="LINK">LINK</a></p>
    "#);
}

#[tokio::test]
async fn the_owner_can_choose_the_subject() {
    let mut world = World::new().await;
    let own = |subject: &str| MailedLink {
        url: None,
        subject: Some(subject.to_owned()),
    };
    world.app.providers.email_password = Some(EmailPassword {
        confirmation: Confirmation::Email(own("Welcome!")),
        reset: Reset::Email(own(" ")),
    });
    assert_eq!(world.compose("ada@example.com", Purpose::Confirm).subject, "Welcome!");
    assert_eq!(
        world.compose("ada@example.com", Purpose::Reset).subject,
        "Reset your password for Notes"
    );
}

#[tokio::test]
async fn s38_and_t06_the_link_is_the_configured_one_byte_for_byte() {
    let own_url = |url: &str| MailedLink {
        url: Some(url.to_owned()),
        subject: None,
    };
    for (public_url, own, expected) in [
        (
            "https://auth.example.com",
            None,
            "https://auth.example.com/app/notes-abcde/reset?token=",
        ),
        (
            "http://127.0.0.1:9090",
            None,
            "http://127.0.0.1:9090/app/notes-abcde/reset?token=",
        ),
        (
            "https://auth.example.com",
            Some("https://Example.com/Reset?a=%20b"),
            "https://Example.com/Reset?a=%20b&token=",
        ),
        (
            "https://auth.example.com",
            Some("myapp://reset"),
            "myapp://reset?token=",
        ),
        (
            "https://auth.example.com",
            Some("https://example.com/'\"<x>"),
            "https://example.com/'\"<x>?token=",
        ),
    ] {
        let mut world = World::new().await;
        world.links = Links::new(public_url).unwrap();
        if let Some(own) = own {
            world.app.providers.email_password.as_mut().unwrap().reset = Reset::Email(own_url(own));
        }
        let message = world.compose("ada@example.com", Purpose::Reset);
        let link = message.link.as_ref().unwrap();
        assert!(link.starts_with(expected), "{link}");
        assert_eq!(lines_with_token(&message.text), [link.as_str()]);
        let hrefs: Vec<String> = message
            .html
            .split("href=\"")
            .skip(1)
            .map(|rest| unescape(rest.split('"').next().unwrap()))
            .collect();
        assert_eq!(hrefs, [link.clone(), link.clone()]);
    }
}

#[tokio::test]
async fn t15_and_s57_names_and_subjects_are_text_and_one_line() {
    let mut world = World::new().await;
    world.app.name = "Notes\r\nBcc: eve@example.com\u{2028}<script>alert(1)</script> & {{ link }}".to_owned();
    let message = world.compose("ada@example.com", Purpose::Confirm);
    assert!(!message.html.contains("<script>"), "{}", message.html);
    assert!(
        message
            .html
            .contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt; &amp; {{ link }}"),
        "{}",
        message.html
    );
    assert!(
        message
            .text
            .contains("signed up for Notes Bcc: eve@example.com <script>alert(1)</script> & {{ link }} with")
    );
    assert_eq!(
        message.subject,
        "Confirm your e-mail address for Notes Bcc: eve@example.com <script>alert(1)</script> & {{ link }}"
    );
}

#[tokio::test]
async fn s56_a_mail_loads_nothing_and_tracks_nobody() {
    let world = World::new().await;
    for purpose in Purpose::ALL {
        let html = world.compose("ada@example.com", purpose).html;
        for remote in [
            "<img",
            "src=",
            "url(",
            "<link",
            "<script",
            "<iframe",
            "@import",
            "http-equiv",
        ] {
            assert!(!html.contains(remote), "{remote}");
        }
        let addresses = html.matches("://").count();
        // The link is on the button, in the address to copy, and in that address's target.
        assert_eq!(addresses, 3, "{html}");
    }
}

#[tokio::test]
async fn s28_a_message_shows_nothing_of_itself_in_debug() {
    let message = World::new().await.compose("ada@example.com", Purpose::Reset);
    assert_eq!(
        format!("{message:?}"),
        "Message { id: MailId(000000000000000000000000), .. }"
    );
    let mailbox = DevMailbox::new();
    mailbox.send(&message, &Claim::unlimited()).await.unwrap();
    assert_eq!(
        format!("{mailbox:?} {:?}", mailbox.messages()),
        "DevMailbox(..) [DevMessage { id: \"000000000000000000000000\", .. }]"
    );
}

#[tokio::test]
async fn the_development_mailbox_keeps_the_newest_thousand() {
    let world = World::new().await;
    let mailbox = DevMailbox::new();
    for number in 0..=DevMailbox::CAPACITY {
        world.clock.advance(Duration::from_secs(1));
        mailbox
            .clone()
            .send(
                &world.compose(&format!("user{number}@example.com"), Purpose::Confirm),
                &Claim::unlimited(),
            )
            .await
            .unwrap();
    }
    let messages = mailbox.messages();
    assert_eq!(messages.len(), DevMailbox::CAPACITY);
    let mut oldest = serde_json::to_value(&messages[0]).unwrap();
    assert!(
        oldest["links"][0]
            .as_str()
            .unwrap()
            .starts_with("https://auth.example.com/app/notes-abcde/confirm?token=")
    );
    for long in ["text", "html", "links"] {
        oldest[long] = "…".into();
    }
    assert_snapshot!(serde_json::to_string_pretty(&oldest).unwrap(), @r#"
    {
      "created_at": "2026-01-01T00:00:02Z",
      "from": "Notes <no-reply@notes.example>",
      "html": "…",
      "id": "000000000000000000000000",
      "links": "…",
      "subject": "Confirm your e-mail address for Notes",
      "text": "…",
      "to": "user1@example.com"
    }
    "#);
}

#[tokio::test]
async fn the_development_mailbox_keeps_no_more_than_64_mebibytes() {
    let mailbox = DevMailbox::new();
    let mut large = World::new().await.compose("ada@example.com", Purpose::Confirm);
    large.text = "x".repeat(1 << 20);
    large.html.clear();
    for _ in 0..70 {
        mailbox.send(&large, &Claim::unlimited()).await.unwrap();
    }
    assert_eq!(mailbox.messages().len(), 64);
    large.text = "x".repeat(DevMailbox::BYTES + 1);
    mailbox.send(&large, &Claim::unlimited()).await.unwrap();
    assert_eq!(mailbox.messages().len(), 1, "the newest is kept");
}

/// The text, without the link.
fn text(message: &Message) -> String {
    message.text.replace(message.link.as_ref().unwrap(), "LINK")
}

/// The visible text of the HTML, without the link and the styles.
fn key_lines(message: &Message) -> String {
    let link = message.link.as_ref().unwrap().replace('&', "&amp;");
    let key = |line: &&str| {
        ["<html", "<title", "<h1", "<p "]
            .iter()
            .any(|tag| line.starts_with(tag))
    };
    let html = message.html.replace(&link, "LINK");
    html.lines()
        .filter(key)
        .map(without_styles)
        .collect::<Vec<_>>()
        .join("\n")
}

fn without_styles(line: &str) -> String {
    let mut pieces = line.split(" style=\"");
    let first = pieces.next().unwrap().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once('"').unwrap().1)
}

fn lines_with_token(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.contains("token=")).collect()
}

fn unescape(html: &str) -> String {
    html.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}
