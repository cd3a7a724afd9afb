//! Mails that functions wrote: sealed in the outbox, and sent unchanged.

use std::sync::Arc;
use std::time::Duration;

use doorward_core::{
    Clock as _, DeliveryOutcome, EmailAddress, FunctionMail, KeyId, MailId, OsEntropy, SealedMail, TokenKeys,
};
use doorward_mail::{DevMailbox, SmtpTransport};
use doorward_testkit::smtp_server::{SmtpOptions, SmtpServer};

use crate::support::World;

fn mail(text: &str, html: &str) -> FunctionMail {
    FunctionMail {
        to: EmailAddress::parse("ada@example.com").unwrap(),
        subject: "Your code\r\nBcc: eve@example.com".to_owned(),
        text: text.to_owned(),
        html: html.to_owned(),
    }
}

async fn promise(world: &World, keys: &TokenKeys, mail: &FunctionMail) -> MailId {
    let id = world.new_mail_id();
    let now = world.clock.now();
    let (key, sealed) = keys.seal(id, mail, &OsEntropy);
    let sealed = SealedMail {
        app: world.app.object_id,
        key,
        sealed,
        expires_at: now.plus(Duration::from_hours(1)),
    };
    let mut tx = world.store.begin().await.unwrap();
    tx.promise_sealed_mail(id, &sealed, now).await.unwrap();
    tx.commit().await.unwrap();
    id
}

#[tokio::test]
async fn a_function_s_mail_is_sent_as_it_was_written_with_a_subject_on_one_line() {
    let world = World::new().await;
    let mailbox = DevMailbox::new();
    let text = "Go to https://notes.example.com/c?token=1&tokenId=2 (or notes://c), please.";
    let html = "<a href='https://notes.example.com/c?token=1&amp;tokenId=2'>here</a> or <b>never</b>";
    let id = promise(&world, &world.keys, &mail(text, html)).await;
    let worker = world.worker(&mailbox);
    assert_eq!(worker.deliver_due().await.unwrap(), [(id, DeliveryOutcome::Sent)]);
    let [message] = mailbox.messages().try_into().unwrap();
    assert_eq!(message.to, "ada@example.com");
    assert_eq!(message.subject, "Your code Bcc: eve@example.com");
    assert_eq!((message.text.as_str(), message.html.as_str()), (text, html));
    assert_eq!(
        message.links,
        ["https://notes.example.com/c?token=1&tokenId=2", "notes://c"]
    );
}

#[tokio::test]
async fn s56_a_mail_with_one_body_is_that_body_over_smtp() {
    let world = World::new().await;
    let server = SmtpServer::start(SmtpOptions::default()).await;
    let relay = format!("smtp://127.0.0.1:{}", server.port());
    let worker = world.worker_on(Arc::new(SmtpTransport::from_url(&relay).unwrap()));
    promise(&world, &world.keys, &mail("only text", "")).await;
    promise(&world, &world.keys, &mail("", "<p>only html</p>")).await;
    assert_eq!(worker.deliver_due().await.unwrap().len(), 2);
    let mails = server.wait_for(2, Duration::from_secs(10)).await;
    let source = |n: usize| mails[n].raw.clone();
    let (text, html) = if source(0).contains("only text") {
        (source(0), source(1))
    } else {
        (source(1), source(0))
    };
    assert!(text.contains("Content-Type: text/plain") && !text.contains("multipart"));
    assert!(html.contains("Content-Type: text/html") && !html.contains("multipart"));
    assert!(!text.contains("\nBcc:"), "{text}");
}

#[tokio::test]
async fn a_sealed_mail_waits_for_its_key_and_ends_when_it_is_of_no_more_use() {
    let world = World::new().await;
    let mailbox = DevMailbox::new();
    let key = KeyId("elsewhere".to_owned());
    let keys = TokenKeys::new(key.clone(), [(key, [9; 32].as_slice())]).unwrap();
    let id = promise(&world, &keys, &mail("text", "")).await;
    let worker = world.worker(&mailbox);
    let outcomes = worker.deliver_due().await.unwrap();
    let [(_, DeliveryOutcome::Retry { reason, .. })] = outcomes.as_slice() else {
        panic!("{outcomes:?}")
    };
    assert_eq!(reason, "the key elsewhere that opens it is not here");
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(worker.deliver_due().await.unwrap(), [(id, DeliveryOutcome::Expired)]);
    assert!(mailbox.messages().is_empty());
}
