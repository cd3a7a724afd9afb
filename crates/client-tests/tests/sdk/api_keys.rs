//! API keys, with the requests and answers of App Services: Doorward's server does not serve them yet.

use doorward_client::{ErrorCode, UserState};
use serde_json::json;

use crate::scripted::{Answer, Scripted};

const ID: &str = "5f1d7f3b6c9d4e00cccccccc";

#[tokio::test]
async fn a_key_is_made_listed_switched_off_and_deleted() {
    let server = Scripted::start().await;
    let app = server.app();
    let user = server.signed_in(&app).await;
    let keys = user.api_keys();
    let told = json!({ "_id": ID, "key": "a".repeat(64), "name": "backup", "disabled": false });
    let known = json!({ "_id": ID, "name": "backup", "disabled": true });
    server.answers([
        Answer::json(201, &told),
        Answer::json(200, &json!([known])),
        Answer::json(200, &known),
        Answer::empty(204),
        Answer::empty(204),
        Answer::empty(204),
    ]);
    let made = keys.create("backup").await.unwrap();
    assert_eq!((made.id(), made.name(), made.is_enabled()), (ID, "backup", true));
    assert_eq!(made.value().unwrap().len(), 64);
    assert!(!format!("{made:?}").contains("aaaa"));
    let all = keys.fetch_all().await.unwrap();
    assert_eq!((all.len(), all[0].is_enabled(), all[0].value()), (1, false, None));
    assert_eq!(keys.fetch(ID).await.unwrap().as_ref(), all.first());
    keys.disable(ID).await.unwrap();
    keys.enable(ID).await.unwrap();
    keys.delete(ID).await.unwrap();

    let asked = server.asked();
    let root = "/api/client/v2.0/auth/api_keys";
    assert_eq!(
        asked.iter().map(|asked| asked.line.as_str()).collect::<Vec<_>>(),
        [
            &format!("POST {root}"),
            &format!("GET {root}"),
            &format!("GET {root}/{ID}"),
            &format!("PUT {root}/{ID}/disable"),
            &format!("PUT {root}/{ID}/enable"),
            &format!("DELETE {root}/{ID}"),
        ]
    );
    assert_eq!(asked[0].body, json!({ "name": "backup" }));
    assert!(
        asked
            .iter()
            .all(|asked| asked.bearer.as_deref() == Some("Bearer refresh-1"))
    );
}

#[tokio::test]
async fn a_key_that_is_not_there_is_none_to_fetch_or_delete_and_an_error_to_switch() {
    let server = Scripted::start().await;
    let app = server.app();
    let user = server.signed_in(&app).await;
    let keys = user.api_keys();
    let not_found = || Answer::refusal(404, "APIKeyNotFound", "API key not found");
    server.answers([not_found(), not_found(), not_found(), not_found()]);
    assert_eq!(keys.fetch(ID).await.unwrap(), None);
    keys.delete(ID).await.unwrap();
    for switched in [keys.enable(ID).await, keys.disable(ID).await] {
        assert_eq!(switched.unwrap_err().error_code(), Some(&ErrorCode::APIKeyNotFound));
    }
    server.asked();
    // What is not an id would make another path.
    for id in ["", "..", "../session", "a/b", "x?y"] {
        assert_eq!(
            keys.delete(id).await.unwrap_err().to_string(),
            "the id of an API key is 24 hexadecimal characters"
        );
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_refused_session_logs_the_user_out() {
    let server = Scripted::start().await;
    let app = server.app();
    let user = server.signed_in(&app).await;
    server.answers([Answer::refusal(
        401,
        "InvalidSession",
        "invalid session: failed to find refresh token",
    )]);
    let over = user.api_keys().fetch_all().await.unwrap_err();
    assert!(over.is_logged_out());
    assert_eq!(user.state(), UserState::LoggedOut);
    assert_eq!(server.asked().len(), 1, "nothing is renewed with what was refused");
}
