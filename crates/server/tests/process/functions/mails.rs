//! Mails that functions send: promised with what the function decided, and readable in no database.

use super::{FAIL, World};
use crate::support::Call;

const ADA: &str = "ada@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_of_a_function_is_sent_whatever_the_function_decides() {
    let world = World::new().await;
    world.service.will_answer(FAIL);
    world.told(Call::register(ADA, "password")).await;
    let mails = world.mails_to(ADA, 1).await;
    assert_eq!(mails[0]["subject"], "Confirm");
    assert_eq!(mails[0]["links"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_throws_has_sent_nothing() {
    let world = World::new().await;
    world.service.will_answer("not JSON");
    world.told(Call::register(ADA, "password")).await;
    world.registered("bob@example.com").await;
    // Bob's mail was promised later, and is here: Ada's is not on its way.
    world.mails_to("bob@example.com", 1).await;
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
    let session = world.signed_in("eve@example.com").await;
    assert_eq!(
        world
            .ask(Call::function(&session, "idle", &serde_json::json!([])))
            .await,
        "200"
    );
    assert_eq!(world.mails_to("bob@example.com", 1).await.len(), 1);
    let reply = world
        .ask(Call::function(&session, "flood", &serde_json::json!([22])))
        .await;
    let sorry = "a call can send at most 20 mails";
    assert_eq!(reply.json(), serde_json::json!([sorry, sorry]));
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
    let session = world.signed_in("bob@example.com").await;
    let mut told = Vec::new();
    for mail in [
        r#"{"to":"ada@example.com","subject":"s","text":"t"}"#,
        r#"{"to":"no address","subject":"s","text":"t"}"#,
        r#"{"to":"ada@example.com\r\nBcc: eve@example.com","subject":"s","text":"t"}"#,
        r#"{"to":["ada@example.com","eve@example.com"],"subject":"s","text":"t"}"#,
        r#"{"to":"ada@example.com","subject":"s"}"#,
        "{}",
    ] {
        let mail: serde_json::Value = serde_json::from_str(mail).unwrap();
        let reply = world
            .ask(Call::function(&session, "send", &serde_json::json!([mail])))
            .await;
        told.push(reply.body);
    }
    assert_eq!(
        told.iter().filter(|answer| *answer == "\"sent\"").count(),
        1,
        "{told:?}"
    );
    assert_eq!(world.mails_to(ADA, 1).await.len(), 1);
}
