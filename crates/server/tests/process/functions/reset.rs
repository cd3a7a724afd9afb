//! What a reset function decides.

use serde_json::json;

use super::{FAIL, PENDING, SUCCESS, World};
use crate::support::{Call, Purpose};

const ADA: &str = "ada@example.com";

fn reset(email: &str, password: &str) -> Call {
    Call::reset_by_function(email, password, &json!([]))
}

#[tokio::test(flavor = "multi_thread")]
async fn c062_a_reset_mail_is_refused_where_a_function_resets() {
    let world = World::new().await;
    world.registered(ADA).await;
    assert_eq!(
        world.told(Call::send(Purpose::Reset, ADA)).await,
        "400 please use reset password via function"
    );
    assert_eq!(
        world.told(Call::send(Purpose::Reset, "eve@example.com")).await,
        "404 UserNotFound user not found"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn c072_and_s34_a_function_that_succeeds_sets_the_password_and_ends_the_sessions() {
    let world = World::new().await;
    let session = world.signed_in(ADA).await;
    world.service.will_answer(SUCCESS);
    assert_eq!(world.told(reset(ADA, "new-password")).await, "200");
    assert_eq!(
        world.told(Call::log_in(ADA, "password")).await,
        "401 InvalidPassword unauthorized"
    );
    assert_eq!(world.told(Call::log_in(ADA, "new-password")).await, "200");
    assert!(world.told(Call::refresh(&session)).await.starts_with("401 InvalidSession"));
}

#[tokio::test(flavor = "multi_thread")]
async fn c074_the_function_gets_what_the_client_sends_along_with_its_types() {
    let world = World::new().await;
    world.registered(ADA).await;
    world.service.will_answer(FAIL);
    let extra = json!(["say-the-magic-word", { "$numberInt": "42" }, { "$numberDouble": "1.5" }, null, { "a": [true] }]);
    world.told(Call::reset_by_function(ADA, "new-password", &extra)).await;
    let asked = world.service.asked(2).await.remove(1).json();
    assert_eq!(asked["username"], ADA);
    assert_eq!(asked["password"], "new-password");
    assert_eq!(asked["currentPasswordValid"], false);
    assert_eq!(
        asked["extra"],
        json!(["say-the-magic-word", { "$numberInt": "42" }, { "$numberDouble": "1.5" }, null, { "a": [true] }])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s43_the_function_is_told_whether_the_password_is_the_current_one() {
    let world = World::new().await;
    world.registered(ADA).await;
    world.service.will_answer(FAIL);
    world.told(reset(ADA, "password")).await;
    assert_eq!(world.service.asked(2).await.remove(1).json()["currentPasswordValid"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn c075_a_function_that_fails_changes_nothing() {
    let world = World::new().await;
    world.registered(ADA).await;
    world.service.will_answer(FAIL);
    let reply = world.ask(reset(ADA, "new-password")).await;
    let body = reply.json();
    assert_eq!(reply, "400");
    assert_eq!(body["error"], r#"failed to reset password for user "ada@example.com""#);
    assert!(body["link"].as_str().unwrap().contains("logs?co_id="));
    assert_eq!(world.told(Call::log_in(ADA, "password")).await, "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn c076_nobody_is_asked_about_who_is_not_there() {
    let world = World::new().await;
    assert_eq!(
        world.told(reset("eve@example.com", "new-password")).await,
        "404 UserNotFound user not found"
    );
    assert!(world.service.asked(0).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn c077_and_c064_while_a_reset_waits_the_old_password_works_and_the_pair_sets_its_own() {
    let world = World::new().await;
    world.registered(ADA).await;
    world.service.will_answer(PENDING);
    assert_eq!(world.told(reset(ADA, "asked-for")).await, "200");
    assert_eq!(
        world.told(Call::log_in(ADA, "asked-for")).await,
        "401 InvalidPassword unauthorized"
    );
    assert_eq!(world.told(Call::log_in(ADA, "password")).await, "200");
    world.mails_to(ADA, 2).await;
    let pair = world.letter(ADA).await;
    assert_eq!(world.told(Call::reset(&pair, "sent-with-the-pair")).await, "200");
    assert_eq!(world.told(Call::log_in(ADA, "sent-with-the-pair")).await, "200");
    assert_eq!(
        world.told(Call::log_in(ADA, "asked-for")).await,
        "401 InvalidPassword unauthorized"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_reset_leaves_an_earlier_pair_alive() {
    let world = World::new().await;
    world.registered(ADA).await;
    world.service.will_answer(PENDING);
    world.told(reset(ADA, "asked-for")).await;
    world.mails_to(ADA, 2).await;
    let pair = world.letter(ADA).await;
    world.service.will_answer(FAIL);
    world.told(reset(ADA, "again-asked")).await;
    assert_eq!(world.told(Call::reset(&pair, "new-password")).await, "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_registration_can_be_reset_and_stays_pending() {
    let world = World::new().await;
    let pair = world.pending(ADA).await;
    world.service.will_answer(SUCCESS);
    assert_eq!(world.told(reset(ADA, "new-password")).await, "200");
    assert_eq!(
        world.told(Call::log_in(ADA, "new-password")).await,
        "401 AuthError unauthorized"
    );
    // A new password voids every pair.
    assert_eq!(
        world.told(Call::confirm(&pair)).await,
        "400 UserpassTokenInvalid userpass token is expired or invalid"
    );
    world.service.will_answer(SUCCESS);
    assert_eq!(world.told(Call::retry(ADA)).await, "200");
    assert_eq!(world.told(Call::log_in(ADA, "new-password")).await, "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_is_checked_before_the_function_runs() {
    let world = World::new().await;
    world.registered(ADA).await;
    assert_eq!(
        world.told(reset(ADA, "short")).await,
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
        assert_eq!(world.told(reset(ADA, password)).await, "200");
        assert_eq!(world.told(Call::log_in(ADA, password)).await, "200");
    }
}
