//! Logging in by a function of the owner, which returns the external identity of the user.

use doorward_client::{App, Credentials, Error, User};
use serde_json::{Value, json};

use super::World;
use crate::support::{Call, refusal};

/// The provider of function logins, beside that of e-mail addresses, which the other functions of this world serve.
const PROVIDERS: &str = r#"{
    "local-userpass": { "name": "local-userpass", "type": "local-userpass", "disabled": false, "config": {
        "runConfirmationFunction": true, "confirmationFunctionName": "confirmFunc",
        "runResetFunction": true, "resetFunctionName": "resetFunc" } },
    "custom-function": { "name": "custom-function", "type": "custom-function", "disabled": false, "config": {
        "authFunctionName": "logIn" } }
}"#;

async fn world(log_in: &str) -> World {
    world_with(log_in, &["--function-timeout", "2s"]).await
}

/// A world with this login function, and more arguments for the server.
pub(super) async fn world_with(log_in: &str, arguments: &[&str]) -> World {
    let files = [("auth/providers.json", PROVIDERS), ("functions/logIn.js", log_in)];
    World::with_files(&files, arguments).await
}

async fn log_in(app: &App, payload: Value) -> Result<User, Error> {
    app.log_in(Credentials::function(payload)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn c116_the_id_that_the_function_returns_is_the_identity_and_always_the_same_user() {
    let world = world("exports = async ({ id, name }) => (name ? { id, name } : id);").await;
    let (app, elsewhere) = (world.app(), world.app());
    let ada = log_in(&app, json!({ "id": "ada:1" })).await.unwrap();
    assert_eq!(ada.provider_type(), "custom-function");
    assert_eq!((ada.profile().email(), ada.profile().name()), (None, None));
    let [identity] = ada.identities().try_into().unwrap();
    assert_eq!((identity.id(), identity.provider_type()), ("ada:1", "custom-function"));

    let again = log_in(&elsewhere, json!({ "id": "ada:1", "name": "Ada" }))
        .await
        .unwrap();
    assert_eq!(again.id(), ada.id());
    assert_eq!(ada.refresh_profile().await.unwrap().name(), Some("Ada"));
    assert_ne!(
        log_in(&elsewhere, json!({ "id": "Ada:1" })).await.unwrap().id(),
        ada.id()
    );

    // Both sessions work, both end with the user, and the next login makes a new one, as with any other provider.
    ada.refresh_access_token().await.unwrap();
    elsewhere.delete_user(&again).await.unwrap();
    assert!(ada.refresh_access_token().await.unwrap_err().is_logged_out());
    assert_ne!(log_in(&app, json!({ "id": "ada:1" })).await.unwrap().id(), ada.id());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_login_function_takes_may_be_larger_than_other_logins() {
    let world = world("exports = ({ id, more }) => `${id}:${more.length}`;").await;
    let server = world.server();
    let payload = |size: usize| json!({ "id": "ada", "more": "x".repeat(size) });
    let session = server.ask(&Call::log_in_with(&payload(1_000_000))).await.session();
    assert!(
        session.refresh_claims().to_string().contains("ada:1000000"),
        "{:?}",
        session.refresh_claims()
    );
    assert_eq!(server.ask(&Call::log_in_with(&payload(1 << 20))).await, "413");
    let password = "x".repeat(16 << 10);
    assert_eq!(server.ask(&Call::log_in("ada@example.com", &password)).await, "413");
}

#[tokio::test(flavor = "multi_thread")]
async fn c116_the_tokens_name_the_identity() {
    let world = world("exports = ({ id }) => id;").await;
    let session = world
        .server()
        .ask(&Call::log_in_with(&json!({ "id": "ada:1" })))
        .await
        .session();
    let identity = session.refresh_claims()["baas_identity"].clone();
    assert_eq!(
        (&identity["id"], &identity["provider_type"]),
        (&json!("ada:1"), &json!("custom-function"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn c117_what_the_function_throws_reaches_its_client() {
    let world = world("exports = () => { throw new Error('Authentication failed'); };").await;
    assert_eq!(
        refusal(log_in(&world.app(), json!({})).await),
        "401 AuthError Error: Authentication failed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn c118_the_function_gets_what_was_sent_without_what_the_sdk_added() {
    let world = world(
        "exports = (payload, more) => JSON.stringify([payload, more, context.user.type, context.runningAsSystem()]);",
    )
    .await;
    let sdk = json!({ "device": { "sdk": "Realm", "deviceId": { "$oid": "0123456789abcdef01234567" } } });
    let payload = json!({
        "username": "ada", "email": { "a": [null, 1.5] }, "provider": "mine", "n": { "$numberInt": "7" }, "options": sdk,
    });
    let login = world.server().ask(&Call::log_in_with(&payload)).await;
    let profile = world.server().ask(&Call::profile(&login.session())).await.json();
    let id = profile["identities"][0]["id"].as_str().unwrap().to_owned();
    let got: Value = serde_json::from_str(&id).unwrap();
    assert_eq!(
        got,
        json!([
            { "username": "ada", "email": { "a": [null, 1.5] }, "provider": "mine", "n": 7 },
            null,
            "system",
            true
        ])
    );
    assert_eq!(login.json()["device_id"], "0123456789abcdef01234567");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_without_a_valid_external_id_is_refused() {
    let world = world("exports = ({ what }) => { if (what === 'loop') for (;;); return eval(`(${what})`); };").await;
    let app = world.app();
    for what in [
        "0",
        "''",
        "null",
        "undefined",
        "{}",
        "{id: 5}",
        "['x']",
        "'a\\n'",
        "'x'.repeat(1025)",
        "'\\ud800'",
        "loop",
    ] {
        let told = refusal(log_in(&app, json!({ "what": what })).await);
        assert_eq!(told, "401 AuthError unauthorized", "{what}");
    }
    let reply = world.server().ask(&Call::log_in_with(&json!([1]))).await;
    assert_eq!(reply, "400 BadRequest");
    assert_eq!(reply.json()["error"], "invalid json");
    log_in(&app, json!({ "what": "'x'" })).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s75_what_is_called_a_password_or_a_token_reaches_no_log_and_no_answer() {
    let world = world(
        "exports = (payload) => { console.log(payload); throw new Error(Object.values(payload).flat().join()); };",
    )
    .await;
    let payload = json!({
        "password": "open sesame", "token": ["eyJhbGciOi", 271_828], "deeper": [[{ "password": { "of": ["the \"abyss\""] } }]],
        "tokenId": "t-1234", "user": "ada",
    });
    assert_eq!(
        refusal(log_in(&world.app(), payload).await),
        "401 AuthError Error: [object Object],[redacted],[redacted],[redacted],[redacted],ada"
    );
    let ended = world.server.unwrap().stop().await;
    assert!(ended.stderr.contains("ada"), "{}", ended.stderr);
    for secret in ["sesame", "eyJhbGciOi", "271828", "abyss", "t-1234"] {
        assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s77_a_client_hides_its_own_credentials_and_nothing_else_of_the_log() {
    let source =
        "exports = (payload) => { console.log('a redacted line about ' + payload.user); throw payload.text; };";
    let world = world(source).await;
    // Texts that are in every line, parts of what stands for a secret, and more texts than a client has credentials.
    let parts = ["e", "a", " ", "\"", "ada", "redac", "[r", "ted]"].map(str::to_owned);
    let many = (0..10_000).map(|n| format!("text-{n:05}"));
    let tokens: Vec<String> = parts.iter().cycle().take(40).cloned().chain(many).collect();
    let payload = json!({ "password": "open sesame", "token": tokens, "user": "ada", "text": "open sesame, text-09000".repeat(100) });
    let told = refusal(log_in(&world.app(), payload).await);
    assert_eq!(told, format!("401 AuthError {}", "[redacted], text-09000".repeat(100)));
    let ended = world.server.unwrap().stop().await;
    assert!(ended.stderr.contains("a redacted line about ada"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("sesame"), "{}", ended.stderr);
    assert!(ended.stderr.len() < 64_000, "{} bytes", ended.stderr.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_of_the_function_belongs_to_the_login() {
    let source = r#"exports = async ({ id, fail }) => {
        await context.services.get("email").send({ to: "owner@example.com", subject: "Hello", text: id });
        if (fail) throw new Error("no");
        return id;
    };"#;
    let world = world(source).await;
    let app = world.app();
    assert_eq!(
        refusal(log_in(&app, json!({ "id": "eve", "fail": true })).await),
        "401 AuthError Error: no"
    );
    log_in(&app, json!({ "id": "ada" })).await.unwrap();
    let mails = world.mails_to("owner@example.com", 1).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["text"], "ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_disabled_is_none() {
    let disabled = PROVIDERS.replace(
        r#""type": "custom-function", "disabled": false"#,
        r#""type": "custom-function", "disabled": true"#,
    );
    let files = [
        ("auth/providers.json", &*disabled),
        ("functions/logIn.js", "exports = () => 'x';"),
    ];
    let world = World::with_files(&files, &[]).await;
    assert_eq!(
        refusal(log_in(&world.app(), json!({})).await),
        "401 InvalidSession unauthorized"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_called_function_sees_the_user_by_its_identity() {
    let files = [
        ("auth/providers.json", PROVIDERS),
        ("functions/logIn.js", "exports = () => ({ id: 'ada:1', name: 'Ada' });"),
        ("functions/whoAmI.js", "exports = () => context.user;"),
    ];
    let world = World::with_files(&files, &[]).await;
    let ada = log_in(&world.app(), json!({})).await.unwrap();
    let seen: Value = ada.call_function("whoAmI", ()).await.unwrap();
    assert_eq!(
        seen,
        json!({
            "id": ada.id(),
            "type": "normal",
            "data": { "name": "Ada" },
            "custom_data": {},
            "identities": [{ "id": "ada:1", "provider_type": "custom-function", "data": { "name": "Ada" } }],
        })
    );
}
