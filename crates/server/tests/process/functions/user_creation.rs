//! The function that the server calls before it makes a user, and that can forbid it.

use doorward_client::{Credentials, User};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{PASSWORD, World};
use crate::support::refusal;

const USER_DATA: &str = r#"{ "enabled": false, "on_user_creation_function_name": "onCreate" }"#;

/// The service decides by its answer: the function throws a text, and an empty answer lets the server make the user.
const ON_CREATE: &str = r#"
    exports = async (user) => {
      const said = await context.http.post({
        url: context.values.get("service"),
        body: { user, system: context.runningAsSystem() },
        encodeBodyAsJSON: true,
      });
      if (said.body.text()) throw new Error(said.body.text());
    };
"#;

const ADA: &str = "ada@example.com";
const REFUSED: &str = "401 AuthError failed to create user";

async fn world() -> World {
    let files = [
        ("auth/custom_user_data.json", USER_DATA),
        ("functions/onCreate.js", ON_CREATE),
    ];
    World::with_files(&files, &["--function-timeout", "2s"]).await
}

/// The users that the function has received since the registration, once there are at least so many.
async fn told(world: &World, times: usize) -> Vec<Value> {
    let asked = world.service.asked(times + 1).await;
    asked[1..].iter().map(|asked| asked.json()["user"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_called_before_the_first_login_makes_the_user_and_never_again() {
    let world = world().await;
    world.registered(ADA).await;
    world.service.will_answer("");
    let user = world.log_in(ADA, PASSWORD).await.unwrap();
    let asked = world.service.asked(2).await;
    let body = asked[1].json();
    assert_eq!(body["system"], true);
    let identity = &body["user"]["identities"][0];
    assert_eq!(
        body["user"],
        json!({
            "id": user.id(),
            "type": "normal",
            "data": { "email": ADA },
            "identities": [{ "id": identity["id"], "provider_type": "local-userpass", "data": { "email": ADA } }],
        })
    );
    assert_eq!(user.identities()[0].id(), identity["id"]);

    assert_eq!(world.log_in(ADA, PASSWORD).await.unwrap().id(), user.id());
    assert_eq!(world.service.asked(2).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn if_it_throws_or_takes_too_long_there_is_no_user_and_the_next_attempt_sends_the_same_id() {
    let world = world().await;
    world.registered(ADA).await;
    world.service.will_answer("not on the list");
    assert_eq!(refusal(world.log_in(ADA, PASSWORD).await), REFUSED);
    // The service holds its answer until the function has run out of time.
    world.service.hold();
    world.service.will_answer("");
    assert_eq!(refusal(world.log_in(ADA, PASSWORD).await), REFUSED);
    world.service.let_go();
    world.service.will_answer("");
    let made = world.log_in(ADA, PASSWORD).await.unwrap();
    for user in told(&world, 3).await {
        assert_eq!(user["id"], made.id());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_calls_no_function() {
    let world = world().await;
    world.registered(ADA).await;
    assert_eq!(
        refusal(world.log_in(ADA, "another password").await),
        "401 InvalidPassword unauthorized"
    );
    assert_eq!(world.service.asked(1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_first_logins_are_one_user() {
    let world = world().await;
    world.registered(ADA).await;
    for _ in 0..4 {
        world.service.will_answer("");
    }
    let logins = join_all((0..4).map(|_| world.log_in(ADA, PASSWORD))).await;
    let asked = told(&world, 1).await;
    let users: Vec<User> = logins.into_iter().map(Result::unwrap).collect();
    for user in &users {
        assert_eq!(user.id(), users[0].id());
        user.refresh_access_token().await.unwrap();
    }
    assert!(asked.iter().all(|user| user["id"] == users[0].id()), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_meanwhile_sends_the_same_id_after_its_start() {
    let mut world = world().await;
    world.registered(ADA).await;
    world.service.hold();
    world.service.will_answer("");
    let waiting = world.logging_in(ADA);
    let before = told(&world, 1).await;
    world.server.take().unwrap().kill().await;
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(
        error.status(),
        None,
        "nobody was told that there is a session: {error:?}"
    );
    world.service.let_go();

    world.server = Some(world.program.start().await);
    world.service.will_answer("");
    assert_eq!(before[0]["id"], world.log_in(ADA, PASSWORD).await.unwrap().id());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_leaves_a_user() {
    let world = world().await;
    world.registered(ADA).await;
    world.service.hold();
    world.service.will_answer("");
    let impatient = world.logging_in(ADA);
    let before = told(&world, 1).await;
    impatient.abort();
    let _ = impatient.await;
    world.service.let_go();
    // A login before the user is made would call the function once more.
    let server = world.server.as_ref().unwrap();
    server.terminate();
    let mut world = world;
    assert!(world.server.take().unwrap().ended().await.status.success());
    world.server = Some(world.program.start().await);
    assert_eq!(before[0]["id"], world.log_in(ADA, PASSWORD).await.unwrap().id());
    assert_eq!(told(&world, 1).await.len(), 1, "it was not asked again");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_called_for_function_logins_too() {
    let providers = r#"{ "custom-function": { "name": "custom-function", "type": "custom-function", "disabled": false,
        "config": { "authFunctionName": "logIn" } } }"#;
    let files = [
        ("auth/custom_user_data.json", USER_DATA),
        ("auth/providers.json", providers),
        ("functions/onCreate.js", ON_CREATE),
        ("functions/logIn.js", "exports = ({ id }) => ({ id, name: 'Ada' });"),
    ];
    let world = World::with_files(&files, &[]).await;
    let app = world.app();
    let ada = || Credentials::function(json!({ "id": "ada:1" }));
    world.service.will_answer("no");
    assert_eq!(refusal(app.log_in(ada()).await), REFUSED);
    world.service.will_answer("");
    let user = app.log_in(ada()).await.unwrap();
    let asked = world.service.asked(2).await;
    for asked in &asked {
        assert_eq!(
            asked.json()["user"],
            json!({
                "id": user.id(),
                "type": "normal",
                "data": { "name": "Ada" },
                "identities": [{ "id": "ada:1", "provider_type": "custom-function", "data": { "name": "Ada" } }],
            })
        );
    }
    assert_eq!(app.log_in(ada()).await.unwrap(), user);
    assert_eq!(world.service.asked(2).await.len(), 2);
}
