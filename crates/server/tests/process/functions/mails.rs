//! Mails that functions send: promised with what the function decided, and readable in no database.

use serde_json::json;

use super::{FAIL, World};
use crate::support::refusal;

const ADA: &str = "ada@example.com";
const BOB: &str = "bob@example.com";
const EVE: &str = "eve@example.com";

const FAILED: &str = r#"400 BadRequest failed to confirm user "ada@example.com""#;

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_of_a_function_is_sent_whatever_the_function_decides() {
    let world = World::new().await;
    world.service.will_answer(FAIL);
    assert_eq!(refusal(world.register(ADA).await), FAILED);
    let mails = world.mails_to(ADA, 1).await;
    assert_eq!(mails[0]["subject"], "Confirm");
    assert_eq!(mails[0]["links"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_throws_has_sent_nothing() {
    let world = World::new().await;
    world.service.will_answer("not JSON");
    assert_eq!(refusal(world.register(ADA).await), FAILED);
    world.registered(BOB).await;
    // Bob's mail was promised later and has come, so Ada's was never promised.
    world.mails_to(BOB, 1).await;
    assert!(world.mails_to(ADA, 0).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_a_function_does_not_wait_for_is_sent_and_a_flood_is_not() {
    let source = r#"
        exports = (times) => {
          const refused = [];
          for (let n = 0; n < times; n += 1) {
            const mail = { to: "ada@example.com", subject: `number ${n}`, text: "t" };
            context.services.get("email").send(mail).catch((error) => refused.push(error.message));
          }
          return new Promise((resolve) => setTimeout(() => resolve(refused), times > 1 ? 50 : 0));
        };
    "#;
    let idle = r#"
        exports = () => {
          context.services.get("email").send({ to: "bob@example.com", subject: "s", text: "t" });
        };
    "#;
    let world = World::with(&[("flood.js", source), ("idle.js", idle)], &[]).await;
    let eve = world.signed_in(EVE).await;
    let () = eve.call_function("idle", ()).await.unwrap();
    assert_eq!(world.mails_to(BOB, 1).await.len(), 1);
    let refused: Vec<String> = eve.call_function("flood", [22]).await.unwrap();
    let sorry = "a call can send at most 20 mails";
    assert_eq!(refused, [sorry, sorry]);
    assert_eq!(world.mails_to(ADA, 20).await.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn t15_a_function_cannot_send_what_no_mail_can_be() {
    let source = r#"
        exports = async (mail) => {
          try {
            await context.services.get("email").send(mail);
            return "sent";
          } catch (error) {
            return error.message;
          }
        };
    "#;
    let world = World::with(&[("send.js", source)], &[]).await;
    let bob = world.signed_in(BOB).await;
    let mut told = Vec::new();
    for mail in [
        json!({ "to": ADA, "subject": "s", "text": "t" }),
        json!({ "to": "no address", "subject": "s", "text": "t" }),
        json!({ "to": "ada@example.com\r\nBcc: eve@example.com", "subject": "s", "text": "t" }),
        json!({ "to": [ADA, EVE], "subject": "s", "text": "t" }),
        json!({ "to": ADA, "subject": "s" }),
        json!({}),
    ] {
        let answer: String = bob.call_function("send", [mail]).await.unwrap();
        told.push(answer);
    }
    assert_eq!(told.iter().filter(|answer| *answer == "sent").count(), 1, "{told:?}");
    assert_eq!(world.mails_to(ADA, 1).await.len(), 1);
}
