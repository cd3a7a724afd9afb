//! Functions that are web services: signed calls whose answer decides as a script's does.

use doorward_client::{Credentials, Error, User};
use doorward_functions::WebhookSecret;
use serde_json::json;

use super::{FAIL, PASSWORD, SUCCESS};
use crate::support::{AppDir, Asked, OwnerService, Program, Server, refusal};

const ADA: &str = "ada@example.com";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct World {
    server: Server,
    service: OwnerService,
    _app: AppDir,
    _data: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A world with more files in the app directory, or others in place of the usual ones.
    async fn with(files: &[(&str, &str)]) -> Self {
        let service = OwnerService::start().await;
        let app = AppDir::new(
            "notes-abcde",
            &json!({
                "runConfirmationFunction": true,
                "confirmationFunctionName": "hook",
                "runResetFunction": true,
                "resetFunctionName": "hook",
            }),
        );
        let hook = json!([{ "name": "hook", "url": service.url(), "secret_name": "hookSecret", "private": true }]);
        app.write("functions/config.json", &hook.to_string());
        for (name, text) in files {
            app.write(name, text);
        }
        let data = tempfile::tempdir().unwrap();
        // The address of a web service is the operator's own: it needs no --function-http-allow.
        let program = Program::serve(app.path(), data.path().to_str().unwrap())
            .with(["--limits", "off"])
            .env("DOORWARD_SECRET_hookSecret", SECRET);
        Self {
            server: program.start().await,
            service,
            _app: app,
            _data: data,
        }
    }

    async fn register(&self) -> Result<(), Error> {
        let app = self.server.app();
        app.email_password_auth().register_user(ADA, PASSWORD).await
    }

    async fn log_in(&self, password: &str) -> Result<User, Error> {
        self.server
            .app()
            .log_in(Credentials::email_password(ADA, password))
            .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s78_a_web_service_decides_by_a_signed_call() {
    let world = World::new().await;
    world.service.will_answer(SUCCESS);
    world.register().await.unwrap();
    world.log_in(PASSWORD).await.unwrap();

    let asked = world.service.asked(1).await.remove(0);
    assert_eq!(asked.header("content-type"), "application/json");
    let (id, time) = (asked.header("webhook-id"), asked.header("webhook-timestamp"));
    let expected = WebhookSecret::parse(SECRET)
        .unwrap()
        .sign(id, time.parse().unwrap(), &asked.body);
    assert_eq!(asked.header("webhook-signature"), expected[2].1);
    let argument = &asked.json()["data"]["arguments"][0];
    assert_eq!(argument["username"], ADA);
    assert_eq!(argument["token"].as_str().unwrap().len(), 128);
    assert_eq!(argument["tokenId"].as_str().unwrap().len(), 24);
}

#[tokio::test(flavor = "multi_thread")]
async fn t18_anything_but_a_2xx_with_an_object_is_fail() {
    let world = World::new().await;
    for (status, body) in [
        (500, SUCCESS),
        (302, SUCCESS),
        (404, SUCCESS),
        (200, r#"["success"]"#),
        (200, "success"),
        (200, ""),
        (200, FAIL),
        (200, r#"{"status":"yes"}"#),
    ] {
        world.service.will_answer_with(status, body);
        assert_eq!(
            refusal(world.register().await),
            r#"400 BadRequest failed to confirm user "ada@example.com""#,
            "{status} {body}"
        );
    }
    world.service.will_answer(SUCCESS);
    world.register().await.unwrap();
    world.service.will_answer(SUCCESS);
    let app = world.server.app();
    let auth = app.email_password_auth();
    auth.call_reset_password_function(ADA, "new-password", ())
        .await
        .unwrap();
    world.log_in("new-password").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_service_without_its_secret_is_a_start_up_error() {
    let app = AppDir::without_confirmation();
    let hook = json!([{ "name": "hook", "url": "https://hooks.example.com/", "secret_name": "hookSecret" }]);
    app.write("functions/config.json", &hook.to_string());
    let data = tempfile::tempdir().unwrap();
    let ended = Program::serve(app.path(), data.path().to_str().unwrap()).run().await;
    assert!(!ended.status.success());
    assert!(
        ended
            .stderr
            .contains("signed with the secret `hookSecret`, and nobody provides it"),
        "{}",
        ended.stderr
    );
}

/// The triggers and logins of an app whose every function is the web service.
const ON_LOGIN: (&str, &str) = (
    "triggers/onLogin.json",
    r#"{ "name": "onLogin", "type": "AUTHENTICATION", "disabled": false, "function_name": "hook",
        "config": { "operation_type": "LOGIN", "providers": ["local-userpass"] } }"#,
);
const PROVIDERS: (&str, &str) = (
    "auth/providers.json",
    r#"{ "local-userpass": { "name": "local-userpass", "type": "local-userpass", "disabled": false, "config": { "autoConfirm": true } },
        "custom-function": { "name": "custom-function", "type": "custom-function", "disabled": false,
            "config": { "authFunctionName": "hook" } } }"#,
);

#[tokio::test(flavor = "multi_thread")]
async fn s78_a_delivery_is_sent_again_as_the_same_message_until_it_is_answered() {
    let world = World::with(&[ON_LOGIN, PROVIDERS]).await;
    world.register().await.unwrap();
    // Out of service, then in service; the body of an answer to a delivery does not matter.
    world.service.will_answer_with(503, "");
    world.service.will_answer_with(204, "");
    world.log_in(PASSWORD).await.unwrap();
    // A 404 is an answer too, so the delivery is not repeated.
    world.service.will_answer_with(404, "");
    world.log_in(PASSWORD).await.unwrap();
    world.service.will_answer("{}");
    world.log_in(PASSWORD).await.unwrap();

    let asked = world.service.asked(4).await;
    let ids: Vec<_> = asked.iter().map(|asked| asked.header("webhook-id")).collect();
    assert_eq!(ids[0], ids[1]);
    assert!(ids[1] != ids[2] && ids[2] != ids[3], "{ids:?}");
    let seconds = |asked: &Asked| asked.header("webhook-timestamp").parse::<i64>().unwrap();
    assert!(
        seconds(&asked[1]) > seconds(&asked[0]),
        "each attempt says when it is made"
    );
    for asked in &asked {
        let event = &asked.json()["data"]["arguments"][0];
        assert_eq!(event["operationType"], "LOGIN");
        let expected =
            WebhookSecret::parse(SECRET)
                .unwrap()
                .sign(asked.header("webhook-id"), seconds(asked), &asked.body);
        assert_eq!(asked.header("webhook-signature"), expected[2].1);
    }
    let ended = world.server.stop().await;
    assert_eq!(ended.stderr.matches("a hook failed").count(), 2, "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn external_identities_from_a_web_service_have_the_bounds_of_those_from_a_script() {
    let world = World::with(&[PROVIDERS]).await;
    let app = world.server.app();
    for (name, expected) in [("x".repeat(1_024), true), ("x".repeat(1_025), false)] {
        world
            .service
            .will_answer(&json!({ "id": "ada:1", "name": name }).to_string());
        let user = app.log_in(Credentials::function(json!({}))).await;
        assert_eq!(user.is_ok(), expected, "{user:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t18_a_page_of_a_proxy_lets_no_user_be_made() {
    let on_creation = (
        "auth/custom_user_data.json",
        r#"{ "enabled": false, "on_user_creation_function_name": "hook" }"#,
    );
    let world = World::with(&[PROVIDERS, on_creation]).await;
    world.register().await.unwrap();
    for (status, body) in [(200, "<p>Please sign in</p>"), (204, ""), (503, "{}")] {
        world.service.will_answer_with(status, body);
        let refused = refusal(world.log_in(PASSWORD).await);
        assert_eq!(refused, "401 AuthError failed to create user", "{status} {body}");
    }
    world.service.will_answer("{}");
    world.log_in(PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s78_a_secret_that_could_be_guessed_stops_the_start_and_is_named_by_check() {
    let app = AppDir::without_confirmation();
    let hook = r#"[{ "name": "hook", "url": "https://hooks.example.com/", "secret_name": "hookSecret" }]"#;
    app.write("functions/config.json", hook);
    let secrets = tempfile::tempdir().unwrap();
    let secrets_dir = secrets.path().to_str().unwrap();
    let data = tempfile::tempdir().unwrap();
    let data_dir = data.path().join("data");
    for (text, flaw) in [
        ("", "it is empty"),
        ("\n", "it is empty"),
        ("whsec_\n", "it is empty"),
        ("whsec_c2VzYW1lc2VzYW1l\n", "it has fewer than 24 bytes"),
        ("sesame sesame\n", "it has fewer than 24 bytes"),
        ("whsec_sesame, open, sesame!!!\n", "what follows `whsec_` is not base64"),
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n\n",
            "what follows `whsec_` is not base64",
        ),
    ] {
        std::fs::write(secrets.path().join("hookSecret"), text).unwrap();
        let problem = format!("the secret \"hookSecret\" cannot sign calls: {flaw}");
        let start = Program::serve(app.path(), data_dir.to_str().unwrap()).with(["--secrets", secrets_dir]);
        let started = start.run().await;
        assert_eq!(started.status.code(), Some(1), "{text:?}");
        let check = Program::new(["check", app.path(), "--secrets", secrets_dir])
            .run()
            .await;
        assert_eq!(check.status.code(), Some(1), "{text:?}");
        assert!(
            check.stdout.contains("functions/config.json, `/0/secret_name`, line 1"),
            "{check:?}"
        );
        for said in [&started.stderr, &check.stdout] {
            assert!(said.contains(&problem), "{text:?}: {said}");
            let value = text.trim_end().trim_start_matches("whsec_");
            assert!(value.is_empty() || !said.contains(value), "{said}");
        }
    }
    assert!(!data_dir.exists(), "a start that fails makes nothing");
    std::fs::write(secrets.path().join("hookSecret"), SECRET).unwrap();
    let check = Program::new(["check", app.path(), "--secrets", secrets_dir])
        .run()
        .await;
    assert_eq!(check.status.code(), Some(0), "{check:?}");
}
