//! Logins by all providers, linking, custom data and function calls, with the requests and answers of App Services:
//! Doorward's server does not serve all of them yet.

use doorward_client::{Credentials, ErrorCode, UserState};
use serde_json::{Value, json};

use crate::scripted::{Answer, Scripted, login, profile};

const USER: &str = "5f1d7f3b6c9d4e0012345678";

/// The body of a login without what it says about the device.
fn sent(mut body: Value) -> Value {
    let options = body.as_object_mut().unwrap().remove("options").unwrap();
    assert_eq!(options["device"]["sdk"], "doorward-client");
    body
}

#[tokio::test]
async fn every_provider_has_its_body_and_its_path() {
    let server = Scripted::start().await;
    let app = server.app();
    for (credentials, provider, body) in [
        (
            Credentials::new_anonymous(),
            "anon-user",
            json!({ "provider": "anon-user" }),
        ),
        (
            Credentials::email_password("ada@example.com", "pass word"),
            "local-userpass",
            json!({ "provider": "local-userpass", "username": "ada@example.com", "password": "pass word" }),
        ),
        (
            Credentials::api_key("abc"),
            "api-key",
            json!({ "provider": "api-key", "key": "abc" }),
        ),
        (
            Credentials::jwt("a.b.c"),
            "custom-token",
            json!({ "provider": "custom-token", "token": "a.b.c" }),
        ),
        // A login function gets its payload, without the provider's name.
        (
            Credentials::function(json!({ "username": "ada", "n": 1 })),
            "custom-function",
            json!({ "username": "ada", "n": 1 }),
        ),
    ] {
        server.answers([login(USER, "1"), profile(provider)]);
        let user = app.log_in(credentials).await.unwrap();
        assert_eq!((user.id(), user.provider_type().as_str()), (USER, provider));
        let [asked, then] = server.asked().try_into().unwrap();
        assert_eq!(
            asked.line,
            format!("POST /api/client/v2.0/app/notes-abcde/auth/providers/{provider}/login")
        );
        assert_eq!(sent(asked.body), body);
        assert_eq!(asked.bearer, None);
        assert_eq!(then.line, "GET /api/client/v2.0/auth/profile");
        assert_eq!(then.bearer.unwrap(), "Bearer access-1");
    }
    let no_object = app.log_in(Credentials::function("a text")).await.unwrap_err();
    assert_eq!(
        no_object.to_string(),
        "the payload of a login function must be an object"
    );
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn an_anonymous_user_is_used_again_and_gone_when_it_logs_out() {
    let server = Scripted::start().await;
    let app = server.app();
    server.answers([login(USER, "1"), profile("anon-user")]);
    let first = app.log_in(Credentials::anonymous()).await.unwrap();
    assert_eq!(server.asked().len(), 2);
    assert_eq!(app.log_in(Credentials::anonymous()).await.unwrap(), first);
    assert!(server.asked().is_empty());
    server.answers([login("5f1d7f3b6c9d4e0087654321", "2"), profile("anon-user")]);
    let second = app.log_in(Credentials::new_anonymous()).await.unwrap();
    assert_ne!(second, first);
    server.asked();

    server.answers([Answer::empty(204)]);
    first.log_out().await.unwrap();
    assert_eq!(server.lines(), ["DELETE /api/client/v2.0/auth/session"]);
    assert_eq!(first.state(), UserState::Removed);
    assert_eq!(app.all_users(), [second]);
}

#[tokio::test]
async fn linking_adds_an_identity_and_keeps_the_session() {
    let server = Scripted::start().await;
    let app = server.app();
    server.answers([login(USER, "1"), profile("anon-user")]);
    let user = app.log_in(Credentials::anonymous()).await.unwrap();
    server.asked();

    let both = json!({
        "identities": [
            { "id": "a", "provider_type": "anon-user" },
            { "id": "b", "provider_type": "local-userpass" },
        ],
        "data": { "email": "ada@example.com" },
        "type": "normal",
    });
    let linked = json!({ "access_token": "access-2", "device_id": "d", "user_id": USER });
    server.answers([
        profile("anon-user"),
        Answer::json(200, &linked),
        Answer::json(200, &both),
    ]);
    user.link_credentials(Credentials::email_password("ada@example.com", "password"))
        .await
        .unwrap();
    let asked = server.asked();
    assert_eq!(
        asked[1].line,
        "POST /api/client/v2.0/app/notes-abcde/auth/providers/local-userpass/login?link=true"
    );
    assert_eq!(asked[1].bearer.as_deref(), Some("Bearer access-1"));
    assert_eq!(
        asked[2].bearer.as_deref(),
        Some("Bearer access-2"),
        "the profile is asked for with the new token"
    );
    let identities = user.identities();
    assert_eq!(
        identities
            .iter()
            .map(|identity| (identity.id(), identity.provider_type()))
            .collect::<Vec<_>>(),
        [("a", "anon-user"), ("b", "local-userpass")]
    );
    // The user is no longer anonymous, so an anonymous login makes another user.
    server.answers([login("5f1d7f3b6c9d4e0087654321", "3"), profile("anon-user")]);
    assert_ne!(app.log_in(Credentials::anonymous()).await.unwrap(), user);
}

#[tokio::test]
async fn a_link_that_is_refused_is_asked_for_once() {
    let server = Scripted::start().await;
    let app = server.app();
    let user = server.signed_in(&app).await;
    let credentials = || Credentials::function(json!({ "id": "x" }));
    server.answers([
        profile("local-userpass"),
        Answer::refusal(401, "InvalidSession", "unauthorized: a user already exists"),
    ]);
    let refused = user.link_credentials(credentials()).await.unwrap_err();
    assert_eq!(refused.error_code(), Some(&ErrorCode::InvalidSession));
    assert_eq!(server.asked().len(), 2);
    assert!(user.is_logged_in(), "it is the credentials that were refused");

    let other = json!({ "access_token": "access-2", "user_id": "5f1d7f3b6c9d4e0000000000" });
    server.answers([profile("local-userpass"), Answer::json(200, &other)]);
    let mistaken = user.link_credentials(credentials()).await.unwrap_err();
    assert_eq!(mistaken.to_string(), "the server answered for another user");
    assert_eq!(user.access_token().unwrap(), "access-1");

    let anonymous = user.link_credentials(Credentials::anonymous()).await.unwrap_err();
    assert_eq!(anonymous.to_string(), "anonymous credentials cannot be linked");
}

#[tokio::test]
async fn custom_data_is_what_the_access_token_carries() {
    use base64::Engine as _;
    let token = |claims: Value| {
        let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims.to_string());
        format!("eyJhbGciOiJIUzI1NiJ9.{payload}.c2lnbmF0dXJl")
    };
    let server = Scripted::start().await;
    let app = server.app();
    let user = server.signed_in(&app).await;
    assert_eq!(user.custom_data(), None, "not even a token");
    for (claims, expected) in [
        (json!({ "exp": 1 }), None),
        (
            json!({ "user_data": { "colour": "blue" } }),
            Some(json!({ "colour": "blue" })),
        ),
    ] {
        server.answers([Answer::json(201, &json!({ "access_token": token(claims) }))]);
        assert_eq!(user.refresh_custom_data().await.unwrap(), expected);
        assert_eq!(user.custom_data(), expected);
    }
}

#[derive(serde::Deserialize, Debug, PartialEq)]
struct Person {
    name: String,
    age: u32,
}

#[tokio::test]
async fn a_function_is_called_with_its_arguments_and_returns_what_was_asked_for() {
    let server = Scripted::start().await;
    let app = server.app();
    let user = server.signed_in(&app).await;
    server.answers([
        Answer::json(200, &json!({ "$numberInt": "6" })),
        Answer::json(200, &json!({ "$undefined": true })),
        Answer::json(200, &json!({ "name": "Ada", "age": { "$numberLong": "36" } })),
        Answer::json(200, &json!("a text")),
    ]);
    assert_eq!(user.call_function::<i64>("sum", [1, 2, 3]).await.unwrap(), 6);
    user.call_function::<()>("touch", ()).await.unwrap();
    let ada = Person {
        name: "Ada".to_owned(),
        age: 36,
    };
    assert_eq!(user.call_function::<Person>("find", ("Ada", true)).await.unwrap(), ada);
    let mistaken = user.call_function::<i64>("text", ()).await.unwrap_err();
    assert_eq!(
        mistaken.to_string(),
        "the function returned something else than was asked for"
    );

    let asked = server.asked();
    assert_eq!(asked[0].line, "POST /api/client/v2.0/app/notes-abcde/functions/call");
    assert_eq!(asked[0].bearer.as_deref(), Some("Bearer access-1"));
    assert_eq!(asked[0].body, json!({ "name": "sum", "arguments": [1, 2, 3] }));
    assert_eq!(asked[1].body, json!({ "name": "touch", "arguments": [] }));
    assert_eq!(asked[2].body, json!({ "name": "find", "arguments": ["Ada", true] }));

    let no_array = user.call_function::<()>("sum", 5).await.unwrap_err();
    assert_eq!(no_array.to_string(), "the arguments must be a tuple, an array or a Vec");
    server.answers([Answer::refusal(400, "FunctionExecutionError", "TypeError: it broke")]);
    let threw = user.call_function::<()>("oops", ()).await.unwrap_err();
    assert_eq!(threw.error_code(), Some(&ErrorCode::FunctionExecutionError));
    assert_eq!(threw.server_message(), Some("TypeError: it broke"));
}
