//! What a reset function decides.

use doorward_client::ErrorCode;
use serde_json::json;

use super::{FAIL, PASSWORD, PENDING, RESET, SUCCESS, World};
use crate::support::refusal;

const ADA: &str = "ada@example.com";
const EVE: &str = "eve@example.com";

const FAILED: &str = r#"400 failed to reset password for user "ada@example.com""#;
const WRONG: &str = "401 InvalidPassword unauthorized";
const NOBODY: &str = "404 UserNotFound user not found";

#[tokio::test(flavor = "multi_thread")]
async fn c062_a_reset_mail_is_refused_where_a_function_resets() {
    let world = World::new().await;
    world.registered(ADA).await;
    let app = world.app();
    let auth = app.email_password_auth();
    assert_eq!(
        refusal(auth.send_reset_password_email(ADA).await),
        "400 please use reset password via function"
    );
    assert_eq!(refusal(auth.send_reset_password_email(EVE).await), NOBODY);
}

#[tokio::test(flavor = "multi_thread")]
async fn c072_and_s34_a_function_that_succeeds_sets_the_password_and_ends_the_sessions() {
    let world = World::new().await;
    let user = world.signed_in(ADA).await;
    world.service.will_answer(SUCCESS);
    world.reset(ADA, "new-password").await.unwrap();
    assert_eq!(refusal(world.log_in(ADA, PASSWORD).await), WRONG);
    world.log_in(ADA, "new-password").await.unwrap();
    let error = user.refresh_access_token().await.unwrap_err();
    assert!(error.is_logged_out());
    assert_eq!(error.error_code(), Some(&ErrorCode::InvalidSession));
}

#[tokio::test(flavor = "multi_thread")]
async fn c074_the_function_gets_what_the_client_sends_along_with_its_types() {
    let world = World::new().await;
    world.registered(ADA).await;
    world.service.will_answer(FAIL);
    let extra =
        json!(["say-the-magic-word", { "$numberInt": "42" }, { "$numberDouble": "1.5" }, null, { "a": [true] }]);
    let app = world.app();
    let auth = app.email_password_auth();
    let asked = auth.call_reset_password_function(ADA, "new-password", &extra).await;
    assert_eq!(refusal(asked), FAILED);
    let asked = world.service.asked(2).await.remove(1).json();
    assert_eq!(asked["username"], ADA);
    assert_eq!(asked["password"], "new-password");
    assert_eq!(asked["currentPasswordValid"], false);
    assert_eq!(asked["extra"], extra);
}

#[tokio::test(flavor = "multi_thread")]
async fn s43_the_function_receives_whether_the_password_is_the_current_one() {
    let world = World::new().await;
    world.registered(ADA).await;
    world.service.will_answer(FAIL);
    assert_eq!(refusal(world.reset(ADA, PASSWORD).await), FAILED);
    assert_eq!(
        world.service.asked(2).await.remove(1).json()["currentPasswordValid"],
        true
    );
}

/// Throws what the function must not tell the client, and answers nothing that the client could see otherwise.
const TALKATIVE: &str = r"
    exports = ({ currentPasswordValid }) => {
      console.log(`valid: ${currentPasswordValid}`);
      throw new Error(`valid: ${currentPasswordValid}`);
    };
";

#[tokio::test(flavor = "multi_thread")]
async fn s43_a_reset_does_not_tell_its_caller_whether_the_password_is_the_current_one() {
    for (answer, function) in [(FAIL, RESET), (PENDING, RESET), (FAIL, TALKATIVE)] {
        let world = World::with(&[("resetFunc.js", function)], &[]).await;
        world.registered(ADA).await;
        let mut answers = Vec::new();
        for password in [PASSWORD, "another-password"] {
            world.service.will_answer(answer);
            let body = json!({ "email": ADA, "password": password, "arguments": [] });
            let path = "auth/providers/local-userpass/reset/call";
            let answer = world.server().post_raw(path, &[], &body).await;
            answers.push(without_ids(&answer));
        }
        assert_eq!(answers[0], answers[1]);
        assert!(!answers[0].contains("valid: "), "{}", answers[0]);
        // The function did know, and the password is still the one that it was.
        if function == TALKATIVE {
            let ended = world.server.unwrap().stop().await;
            for told in ["valid: true", "valid: false"] {
                assert!(ended.stderr.contains(told), "{}", ended.stderr);
            }
        } else {
            let asked = world.service.asked(3).await;
            assert_eq!(asked[1].json()["currentPasswordValid"], true);
            assert_eq!(asked[2].json()["currentPasswordValid"], false);
            world.log_in(ADA, PASSWORD).await.unwrap();
        }
    }
}

/// An answer without what is new in each: the time, and the id of the request wherever it stands.
fn without_ids(answer: &str) -> String {
    let id = answer
        .lines()
        .find_map(|line| line.strip_prefix("x-appservices-request-id: "));
    let answer = answer.replace(id.expect("an answer has a request id"), "[request]");
    let lines = answer.lines().filter(|line| !line.starts_with("date: "));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn c075_a_function_that_fails_changes_nothing() {
    let world = World::new().await;
    world.registered(ADA).await;
    world.service.will_answer(FAIL);
    let error = world.reset(ADA, "new-password").await.unwrap_err();
    assert!(error.link().unwrap().contains("logs?co_id="), "{error:?}");
    assert_eq!(refusal::<()>(Err(error)), FAILED);
    world.log_in(ADA, PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn c076_no_function_is_called_for_an_unknown_address() {
    let world = World::new().await;
    assert_eq!(refusal(world.reset(EVE, "new-password").await), NOBODY);
    assert!(world.service.asked(0).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn c077_and_c064_while_a_reset_waits_the_old_password_works_and_the_pair_sets_its_own() {
    let world = World::new().await;
    world.registered(ADA).await;
    world.service.will_answer(PENDING);
    world.reset(ADA, "asked-for").await.unwrap();
    assert_eq!(refusal(world.log_in(ADA, "asked-for").await), WRONG);
    world.log_in(ADA, PASSWORD).await.unwrap();
    world.mails_to(ADA, 2).await;
    let pair = world.pair(ADA).await;
    let app = world.app();
    let auth = app.email_password_auth();
    auth.reset_password("sent-with-the-pair", &pair).await.unwrap();
    world.log_in(ADA, "sent-with-the-pair").await.unwrap();
    assert_eq!(refusal(world.log_in(ADA, "asked-for").await), WRONG);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_reset_leaves_an_earlier_pair_alive() {
    let world = World::new().await;
    world.registered(ADA).await;
    world.service.will_answer(PENDING);
    world.reset(ADA, "asked-for").await.unwrap();
    world.mails_to(ADA, 2).await;
    let pair = world.pair(ADA).await;
    world.service.will_answer(FAIL);
    assert_eq!(refusal(world.reset(ADA, "again-asked").await), FAILED);
    let app = world.app();
    let auth = app.email_password_auth();
    auth.reset_password("new-password", &pair).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_registration_can_be_reset_and_stays_pending() {
    let world = World::new().await;
    let pair = world.pending(ADA).await;
    world.service.will_answer(SUCCESS);
    world.reset(ADA, "new-password").await.unwrap();
    assert_eq!(
        refusal(world.log_in(ADA, "new-password").await),
        "401 AuthError unauthorized"
    );
    // A new password voids every token pair.
    assert_eq!(
        refusal(world.confirm(&pair).await),
        "400 UserpassTokenInvalid userpass token is expired or invalid"
    );
    world.service.will_answer(SUCCESS);
    world.retry(ADA).await.unwrap();
    world.log_in(ADA, "new-password").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_is_checked_before_the_function_runs() {
    let world = World::new().await;
    world.registered(ADA).await;
    assert_eq!(
        refusal(world.reset(ADA, "short").await),
        "400 BadRequest password must be between 6 and 128 characters"
    );
    assert_eq!(world.service.asked(1).await.len(), 1, "only the registration asked");
}

/// A word of the protocol as a password must not be taken out of the answer as a secret.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_a_status_changes_no_answer() {
    let world = World::new().await;
    world.registered(ADA).await;
    for password in ["success", "pending"] {
        world.service.will_answer(SUCCESS);
        world.reset(ADA, password).await.unwrap();
        world.log_in(ADA, password).await.unwrap();
    }
}
