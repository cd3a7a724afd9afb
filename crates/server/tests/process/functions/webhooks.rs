//! Functions that are web services: signed calls whose answer decides as a script's does.

use doorward_functions::WebhookSecret;
use serde_json::json;

use super::{FAIL, SUCCESS};
use crate::support::{AppDir, Call, OwnerService, Program, Server};

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
        let data = tempfile::tempdir().unwrap();
        // The address of a web service is the operator's own: it needs no --function-http-allow.
        let program = Program::serve(app.path(), data.path().to_str().unwrap()).env("DOORWARD_SECRET_hookSecret", SECRET);
        Self {
            server: program.start().await,
            service,
            _app: app,
            _data: data,
        }
    }

    async fn told(&self, call: Call) -> String {
        let reply = self.server.ask(&call).await;
        let error = reply.json()["error"].as_str().unwrap_or_default().to_owned();
        format!("{reply} {error}").trim_end().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s78_a_web_service_decides_by_a_signed_call() {
    let world = World::new().await;
    world.service.will_answer(SUCCESS);
    assert_eq!(world.told(Call::register(ADA, "password")).await, "201");
    assert_eq!(world.told(Call::log_in(ADA, "password")).await, "200");

    let asked = world.service.asked(1).await.remove(0);
    assert_eq!(asked.header("content-type"), "application/json");
    let (id, time) = (asked.header("webhook-id"), asked.header("webhook-timestamp"));
    let expected = WebhookSecret::parse(SECRET).sign(id, time.parse().unwrap(), &asked.body);
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
            world.told(Call::register(ADA, "password")).await,
            r#"400 BadRequest failed to confirm user "ada@example.com""#,
            "{status} {body}"
        );
    }
    world.service.will_answer(SUCCESS);
    assert_eq!(world.told(Call::register(ADA, "password")).await, "201");
    world.service.will_answer(SUCCESS);
    assert_eq!(
        world
            .told(Call::reset_by_function(ADA, "new-password", &json!([])))
            .await,
        "200"
    );
    assert_eq!(world.told(Call::log_in(ADA, "new-password")).await, "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_service_whose_secret_nobody_provides_is_a_start_up_error() {
    let app = AppDir::without_confirmation();
    let hook = json!([{ "name": "hook", "url": "https://hooks.example.com/", "secret_name": "hookSecret" }]);
    app.write("functions/config.json", &hook.to_string());
    let data = tempfile::tempdir().unwrap();
    let ended = Program::serve(app.path(), data.path().to_str().unwrap()).run().await;
    assert!(!ended.status.success());
    assert!(
        ended.stderr.contains("signed with the secret `hookSecret`, and nobody provides it"),
        "{}",
        ended.stderr
    );
}
