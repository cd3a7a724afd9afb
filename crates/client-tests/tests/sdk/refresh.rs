//! Renewing access tokens: once for all calls that wait for it, and never in a loop.

use std::time::Duration;

use doorward_client::{App, Credentials, ErrorCode, User};
use serde_json::json;

use crate::scripted::{Answer, Scripted, login, over, profile};

fn renewed(number: u32) -> Answer {
    Answer::json(201, &json!({ "access_token": format!("access-{number}") }))
}

async fn world() -> (Scripted, App, User) {
    let server = Scripted::start().await;
    let app = server.app();
    let user = server.signed_in(&app).await;
    (server, app, user)
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_the_call_sent_again() {
    let (server, _app, user) = world().await;
    // Any 401 counts, even one without a body.
    for refusal in [
        over(),
        Answer::empty(401),
        Answer::text(401, "text/html", "<h1>no</h1>"),
    ] {
        server.answers([refusal, renewed(2), profile("local-userpass")]);
        user.refresh_profile().await.unwrap();
        assert_eq!(
            server.lines(),
            [
                "GET /api/client/v2.0/auth/profile",
                "POST /api/client/v2.0/auth/session",
                "GET /api/client/v2.0/auth/profile"
            ]
        );
    }
}

#[tokio::test]
async fn a_server_that_refuses_for_ever_is_asked_twice() {
    let (server, _app, user) = world().await;
    server.answers([over(), renewed(2), over()]);
    let refused = user.refresh_profile().await.unwrap_err();
    assert_eq!(refused.error_code(), Some(&ErrorCode::InvalidSession));
    assert!(!refused.is_logged_out(), "the session itself was good");
    assert_eq!(server.asked().len(), 3);
    assert!(user.is_logged_in());
}

#[tokio::test]
async fn a_refresh_that_is_refused_ends_the_session() {
    let (server, app, user) = world().await;
    let gone = Answer::refusal(401, "InvalidSession", "invalid session: failed to find refresh token");
    server.answers([over(), gone]);
    let over = user.refresh_profile().await.unwrap_err();
    assert!(over.is_logged_out());
    assert_eq!(
        over.server_message(),
        Some("invalid session: failed to find refresh token")
    );
    assert_eq!(server.asked().len(), 2);
    assert!(user.refresh_profile().await.unwrap_err().is_logged_out());
    assert!(server.asked().is_empty());
    assert_eq!(app.current_user(), None);
}

#[tokio::test]
async fn a_refresh_that_fails_for_another_reason_keeps_the_session() {
    let (server, _app, user) = world().await;
    server.answers([
        over(),
        Answer::refusal(500, "InternalServerError", "internal server error"),
    ]);
    let failed = user.refresh_profile().await.unwrap_err();
    assert_eq!(failed.status(), Some(500));
    assert!(user.is_logged_in());
    server.answers([over(), renewed(2), profile("local-userpass")]);
    user.refresh_profile().await.unwrap();
}

#[tokio::test]
async fn however_many_calls_wait_one_asks() {
    let (server, _app, user) = world().await;
    server.is_over("access-1");
    let slowly = renewed(2).after(Duration::from_millis(300));
    let again = (0..50).map(|_| profile("local-userpass"));
    server.answers([slowly].into_iter().chain(again));
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let user = user.clone();
            tokio::spawn(async move { user.refresh_profile().await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let lines = server.lines();
    let sessions = lines.iter().filter(|line| line.ends_with("/auth/session")).count();
    assert_eq!(sessions, 1);
    // Calls that began after the renewal were not refused, so they were sent once.
    assert!((51..=101).contains(&lines.len()), "{lines:?}");
}

#[tokio::test]
async fn however_many_calls_wait_one_failure_is_enough() {
    let (server, _app, user) = world().await;
    let slow = Answer::refusal(500, "InternalServerError", "internal server error").after(Duration::from_secs(2));
    server.is_over("access-1");
    server.answers([slow]);
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let user = user.clone();
            tokio::spawn(async move { user.refresh_profile().await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap_err().status(), Some(500));
    }
    let sessions = server
        .lines()
        .iter()
        .filter(|line| line.ends_with("/auth/session"))
        .count();
    assert_eq!(sessions, 1, "they did not ask one after the other");
}

/// Waits until the renewal has reached the server.
async fn renewing(server: &Scripted) {
    while !server.lines().iter().any(|line| line.ends_with("/auth/session")) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn who_logs_in_again_while_the_old_session_is_renewed_or_ends_keeps_the_new_one() {
    let gone = Answer::refusal(401, "InvalidSession", "invalid session: failed to find refresh token");
    for late in [renewed(9), gone] {
        let (server, app, user) = world().await;
        server.answers([over(), late.after(Duration::from_millis(300))]);
        let waits = tokio::spawn({
            let user = user.clone();
            async move { user.refresh_profile().await }
        });
        renewing(&server).await;
        server.answers([login("5f1d7f3b6c9d4e0012345678", "2"), profile("local-userpass")]);
        let credentials = Credentials::email_password("ada@example.com", "password");
        assert_eq!(app.log_in(credentials).await.unwrap(), user);
        server.answers([profile("local-userpass")]);
        let _ = waits.await.unwrap();
        assert_eq!(user.access_token().as_deref(), Some("access-2"));
        assert!(user.is_logged_in());
    }
}

#[tokio::test]
async fn who_logs_out_while_the_session_is_renewed_or_ends_stays_so() {
    let gone = Answer::refusal(401, "InvalidSession", "invalid session: failed to find refresh token");
    for late in [renewed(2), gone] {
        let (server, _app, user) = world().await;
        server.answers([over(), late.after(Duration::from_millis(300)), Answer::empty(204)]);
        let waits = tokio::spawn({
            let user = user.clone();
            async move { user.refresh_profile().await }
        });
        renewing(&server).await;
        user.log_out().await.unwrap();
        assert!(waits.await.unwrap().unwrap_err().is_logged_out());
        assert!(!user.is_logged_in());
    }
}

#[tokio::test]
async fn a_renewal_that_was_given_up_is_nobodys_failure() {
    let (server, _app, user) = world().await;
    let failed = Answer::refusal(500, "InternalServerError", "internal server error");
    server.answers([over(), failed]);
    assert_eq!(user.refresh_profile().await.unwrap_err().status(), Some(500));

    server.is_over("access-1");
    server.answers([
        renewed(2).after(Duration::from_mins(10)),
        renewed(3),
        profile("local-userpass"),
    ]);
    server.asked();
    let impatient = tokio::spawn({
        let user = user.clone();
        async move { user.refresh_profile().await }
    });
    renewing(&server).await;
    let patient = tokio::spawn({
        let user = user.clone();
        async move { user.refresh_profile().await }
    });
    // The second call has been refused. Give it time to wait for the renewal of the first one.
    while server.asked().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    impatient.abort();
    patient.await.unwrap().unwrap();
    assert_eq!(user.access_token().as_deref(), Some("access-3"));
}

#[tokio::test]
async fn only_calls_that_are_safe_to_repeat_are_sent_again_after_a_429() {
    let (server, app, user) = world().await;
    let busy = |seconds: &str| Answer::refusal(429, "", "too many requests").with("retry-after", seconds);
    server.answers([busy("0"), busy("0"), profile("local-userpass")]);
    user.refresh_profile().await.unwrap();
    assert_eq!(server.asked().len(), 3);

    // At most twice, and not if the server asks for a long wait.
    server.answers([busy("0"), busy("0"), busy("0")]);
    assert_eq!(user.refresh_profile().await.unwrap_err().status(), Some(429));
    assert_eq!(server.asked().len(), 3);
    server.answers([busy("3600")]);
    let later = user.refresh_profile().await.unwrap_err();
    assert_eq!(later.retry_after(), Some(Duration::from_hours(1)));
    assert_eq!(server.asked().len(), 1);

    // Registering is not safe to repeat.
    server.answers([busy("0")]);
    let refused = app
        .email_password_auth()
        .register_user("ada@example.com", "password")
        .await
        .unwrap_err();
    assert_eq!(
        (refused.status(), refused.retry_after()),
        (Some(429), Some(Duration::ZERO))
    );
    assert_eq!(server.asked().len(), 1);
}
