//! Functions that are called after an event of an account: made, logged in, deleted.

use std::time::Duration;

use doorward_client::Credentials;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{PASSWORD, SUCCESS, World};
use crate::support::{Asked, with_database};

const ADA: &str = "ada@example.com";

/// Sends the event to the service, and throws the service's answer unless that is empty.
const TELL: &str = r#"
    exports = async (event) => {
      const body = { ...event, time: event.time instanceof Date, asSystem: context.runningAsSystem(), by: context.user.type };
      const said = await context.http.post({ url: context.values.get("service"), body, encodeBodyAsJSON: true });
      if (said.body.text()) throw new Error(said.body.text());
    };
"#;

fn trigger(name: &str, operation: &str, providers: &[&str]) -> String {
    json!({
        "name": name,
        "type": "AUTHENTICATION",
        "disabled": false,
        "config": { "operation_type": operation, "providers": providers },
        "function_name": "tell",
    })
    .to_string()
}

/// A world whose confirmation function does not call the service, so that only triggers do.
async fn world(triggers: &[(&str, &str)], arguments: &[&str]) -> World {
    let triggers: Vec<_> = triggers
        .iter()
        .map(|(name, operation)| {
            (
                format!("triggers/{name}.json"),
                trigger(name, operation, &["local-userpass"]),
            )
        })
        .collect();
    let confirm = format!("exports = () => ({SUCCESS});");
    let mut files = vec![("functions/tell.js", TELL), ("functions/confirmFunc.js", &*confirm)];
    files.extend(triggers.iter().map(|(name, text)| (&**name, &**text)));
    World::with_files(&files, arguments).await
}

/// The events that the service has received, once there are at least so many.
async fn heard(world: &World, times: usize) -> Vec<Value> {
    let asked = world.service.asked(times).await;
    asked.iter().map(Asked::json).collect()
}

fn operations(heard: &[Value]) -> Vec<&str> {
    heard
        .iter()
        .map(|event| event["operationType"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn creation_logins_and_deletion_are_delivered_in_order() {
    let world = world(&[("create", "CREATE"), ("login", "LOGIN"), ("delete", "DELETE")], &[]).await;
    for _ in 0..4 {
        world.service.will_answer("");
    }
    world.register(ADA).await.unwrap();
    let ada = world.log_in(ADA, PASSWORD).await.unwrap();
    world.log_in(ADA, PASSWORD).await.unwrap();
    ada.refresh_access_token().await.unwrap();
    ada.app().delete_user(&ada).await.unwrap();

    let heard = heard(&world, 4).await;
    assert_eq!(operations(&heard), ["CREATE", "LOGIN", "LOGIN", "DELETE"]);
    let identities = ada.identities();
    let identity = identities[0].id();
    for event in &heard {
        assert_eq!(
            *event,
            json!({
                "operationType": event["operationType"],
                "providers": ["local-userpass"],
                "user": {
                    "id": ada.id(),
                    "type": "normal",
                    "data": { "email": ADA },
                    "custom_data": {},
                    "identities": [{ "id": identity, "provider_type": "local-userpass", "data": { "email": ADA } }],
                },
                "time": true,
                "asSystem": true,
                "by": "system",
            })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_providers_that_a_trigger_names_set_it_off() {
    let providers = r#"{
        "local-userpass": { "name": "local-userpass", "type": "local-userpass", "disabled": false, "config": { "autoConfirm": true } },
        "custom-function": { "name": "custom-function", "type": "custom-function", "disabled": false,
            "config": { "authFunctionName": "logIn" } }
    }"#;
    let by_function = trigger("byFunction", "LOGIN", &["custom-function", "anon-user"]);
    let off = trigger("off", "LOGIN", &["local-userpass"]).replace("\"disabled\":false", "\"disabled\":true");
    let files = [
        ("auth/providers.json", providers),
        ("functions/logIn.js", "exports = ({ id }) => id;"),
        ("functions/tell.js", TELL),
        ("triggers/byFunction.json", &*by_function),
        ("triggers/off.json", &*off),
    ];
    let world = World::with_files(&files, &[]).await;
    world.service.will_answer("");
    world.register(ADA).await.unwrap();
    world.log_in(ADA, PASSWORD).await.unwrap();
    let app = world.app();
    let ada = app
        .log_in(Credentials::function(json!({ "id": "ada:1" })))
        .await
        .unwrap();
    let heard = heard(&world, 1).await;
    assert_eq!(heard[0]["user"]["id"], ada.id());
    assert_eq!(heard[0]["providers"], json!(["custom-function"]));
    assert_eq!(heard.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_throws_or_takes_too_long_is_logged_and_not_called_again() {
    let world = world(&[("login", "LOGIN")], &["--function-timeout", "1s"]).await;
    world.register(ADA).await.unwrap();
    world.service.will_answer("it broke");
    world.log_in(ADA, PASSWORD).await.unwrap();
    world.server().logs("Error: it broke").await;
    world.service.hold();
    world.service.will_answer("");
    world.log_in(ADA, PASSWORD).await.unwrap();
    world.server().logs("it took too long").await;
    world.service.let_go();
    world.service.will_answer("");
    world.log_in(ADA, PASSWORD).await.unwrap();
    assert_eq!(heard(&world, 3).await.len(), 3);
    let ended = world.server.unwrap().stop().await;
    assert_eq!(ended.stderr.matches("a hook failed").count(), 2, "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_next_event_of_its_user_waits_for_a_trigger() {
    let world = world(&[("login", "LOGIN")], &["--function-workers", "4"]).await;
    for _ in 0..4 {
        world.service.will_answer("");
    }
    world.register(ADA).await.unwrap();
    world.register("bob@example.com").await.unwrap();
    world.service.hold();
    let ada = world.log_in(ADA, PASSWORD).await.unwrap();
    heard(&world, 1).await;
    // Ada has her session while the trigger runs, and other clients are served.
    ada.refresh_access_token().await.unwrap();
    world.log_in(ADA, PASSWORD).await.unwrap();
    let bob = world.log_in("bob@example.com", PASSWORD).await.unwrap();
    let beside = heard(&world, 2).await;
    assert_eq!(beside[1]["user"]["id"], bob.id(), "Ada's second login waits");
    world.service.let_go();
    let last = heard(&world, 3).await;
    assert_eq!(last[2]["user"]["id"], ada.id());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_in_flight_in_a_killed_server_is_repeated() {
    let mut world = world(&[("login", "LOGIN")], &[]).await;
    world.register(ADA).await.unwrap();
    world.service.hold();
    world.service.will_answer("");
    world.log_in(ADA, PASSWORD).await.unwrap();
    world.log_in(ADA, PASSWORD).await.unwrap();
    heard(&world, 1).await;
    world.server.take().unwrap().kill().await;
    world.service.let_go();
    world.service.will_answer("");
    world.service.will_answer("");
    world.server = Some(world.program.start().await);
    let heard = heard(&world, 3).await;
    assert_eq!(heard[0], heard[1]);
    assert_eq!(operations(&heard), ["LOGIN"; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_lets_a_trigger_end_and_its_delivery_is_not_repeated() {
    let mut world = world(&[("login", "LOGIN")], &["--function-workers", "1"]).await;
    world.register(ADA).await.unwrap();
    world.register("bob@example.com").await.unwrap();
    world.service.hold();
    world.service.will_answer("");
    let ada = world.log_in(ADA, PASSWORD).await.unwrap();
    heard(&world, 1).await;
    let bob = world.log_in("bob@example.com", PASSWORD).await.unwrap();
    let server = world.server.take().unwrap();
    server.terminate();
    tokio::time::sleep(Duration::from_millis(200)).await;
    world.service.let_go();
    assert!(server.ended().await.status.success());
    // Bob's login has waited behind Ada's; the next server delivers it.
    world.service.will_answer("");
    world.server = Some(world.program.start().await);
    let told = heard(&world, 2).await;
    assert_eq!(
        (&told[0]["user"]["id"], &told[1]["user"]["id"]),
        (&json!(ada.id()), &json!(bob.id()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_can_send_mail_even_about_a_deleted_user() {
    let goodbye = r#"exports = async ({ user }) => {
        await context.services.get("email").send({ to: user.data.email, subject: "Goodbye", text: user.id });
    };"#;
    let trigger = trigger("bye", "DELETE", &["local-userpass"]);
    let confirm = format!("exports = () => ({SUCCESS});");
    let files = [
        ("functions/tell.js", goodbye),
        ("functions/confirmFunc.js", &*confirm),
        ("triggers/bye.json", &*trigger),
    ];
    let world = World::with_files(&files, &[]).await;
    world.register(ADA).await.unwrap();
    let ada = world.log_in(ADA, PASSWORD).await.unwrap();
    ada.app().delete_user(&ada).await.unwrap();
    let mails = world.mails_to(ADA, 1).await;
    assert_eq!(mails[0]["text"], ada.id());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_of_many_users_is_delivered_once() {
    let world = world(&[("create", "CREATE"), ("login", "LOGIN")], &[]).await;
    for _ in 0..60 {
        world.service.will_answer("");
    }
    let users = join_all((0..10).map(async |n| {
        let email = format!("user{n}@example.com");
        world.register(&email).await.unwrap();
        let user = world.log_in(&email, PASSWORD).await.unwrap();
        world.log_in(&email, PASSWORD).await.unwrap();
        user
    }))
    .await;
    let heard = heard(&world, 30).await;
    assert_eq!(heard.len(), 30);
    for user in users {
        let of_user: Vec<_> = heard
            .iter()
            .filter(|event| event["user"]["id"] == user.id())
            .cloned()
            .collect();
        assert_eq!(operations(&of_user), ["CREATE", "LOGIN", "LOGIN"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_servers_one_delivers_an_event_and_the_other_takes_over_when_that_is_killed() {
    with_database(async |database, _door| {
        // The claim of a dead server lapses after this and 30 s.
        let arguments = ["--database", &*database, "--function-timeout", "1s"];
        let mut world = world(&[("create", "CREATE"), ("login", "LOGIN")], &arguments).await;
        let other = world.program.start().await;
        for _ in 0..20 {
            world.service.will_answer("");
        }
        for n in 0..10 {
            let email = format!("user{n}@example.com");
            world.register(&email).await.unwrap();
            let app = other.app();
            app.log_in(Credentials::email_password(&email, PASSWORD)).await.unwrap();
        }
        let told = heard(&world, 20).await;
        assert_eq!(operations(&told).iter().filter(|event| **event == "CREATE").count(), 10);

        // Only the first server is left to begin the delivery.
        assert!(other.stop().await.status.success());
        world.register(ADA).await.unwrap();
        world.service.hold();
        world.service.will_answer("");
        let ada = world.log_in(ADA, PASSWORD).await.unwrap();
        heard(&world, 21).await;
        world.server.take().unwrap().kill().await;
        world.service.let_go();
        world.service.will_answer("");
        world.service.will_answer("");
        world.server = Some(world.program.start().await);
        let told = heard(&world, 23).await;
        assert_eq!(operations(&told[20..]), ["CREATE", "CREATE", "LOGIN"]);
        assert!(told[20..].iter().all(|event| event["user"]["id"] == ada.id()));
    })
    .await;
}
