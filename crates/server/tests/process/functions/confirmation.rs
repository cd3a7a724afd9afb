//! What a confirmation function decides, on registering and on a retry.

use super::{FAIL, PASSWORD, PENDING, SUCCESS, World};
use crate::support::refusal;

const ADA: &str = "ada@example.com";
const BOB: &str = "bob@example.com";
const EVE: &str = "eve@example.com";

const FAILED: &str = r#"400 BadRequest failed to confirm user "ada@example.com""#;
const TAKEN: &str = "409 AccountNameInUse name already in use";
const UNCONFIRMED: &str = "401 AuthError unauthorized";
const SPENT: &str = "400 UserpassTokenInvalid userpass token is expired or invalid";
const CONFIRMED: &str = "400 UserAlreadyConfirmed already confirmed";
const NOBODY: &str = "404 UserNotFound user not found";

#[tokio::test(flavor = "multi_thread")]
async fn c028_and_s21_a_function_that_fails_leaves_no_registration() {
    let world = World::new().await;
    for _ in 0..2 {
        world.service.will_answer(FAIL);
        assert_eq!(refusal(world.register(ADA).await), FAILED);
    }
    assert_eq!(
        refusal(world.log_in(ADA, PASSWORD).await),
        "401 InvalidPassword unauthorized"
    );
    // The address is free.
    world.registered(ADA).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s21_and_s76_whatever_is_no_answer_counts_as_fail() {
    let world = World::with(&[], &["--limits", "off"]).await;
    for nonsense in [
        "{}",
        "null",
        "7",
        r#""success""#,
        r#"["success"]"#,
        r#"{"status":"Success"}"#,
        r#"{"status":true}"#,
        r#"{"status":["success"]}"#,
        "not JSON: the function throws",
    ] {
        world.service.will_answer(nonsense);
        assert_eq!(refusal(world.register(ADA).await), FAILED, "{nonsense}");
    }
    world.registered(ADA).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c031_a_function_that_succeeds_confirms_immediately() {
    let world = World::new().await;
    world.registered(ADA).await;
    world.log_in(ADA, PASSWORD).await.unwrap();
    assert_eq!(refusal(world.register(ADA).await), TAKEN);
    // For a taken address the function is not called.
    assert_eq!(world.service.asked(1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn c032_and_c034_a_function_that_waits_leaves_a_pending_user_until_its_pair_is_used() {
    let world = World::new().await;
    let pair = world.pending(ADA).await;
    assert_eq!(refusal(world.log_in(ADA, PASSWORD).await), UNCONFIRMED);
    assert_eq!(refusal(world.register(ADA).await), TAKEN);
    world.confirm(&pair).await.unwrap();
    world.log_in(ADA, PASSWORD).await.unwrap();
    assert_eq!(refusal(world.confirm(&pair).await), SPENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_status_waits_too() {
    let world = World::new().await;
    world.service.will_answer(r#"{"status":""}"#);
    world.register(ADA).await.unwrap();
    assert_eq!(refusal(world.log_in(ADA, PASSWORD).await), UNCONFIRMED);
}

#[tokio::test(flavor = "multi_thread")]
async fn t04_a_token_pair_of_an_answer_that_was_not_pending_confirms_nothing() {
    let world = World::new().await;
    world.service.will_answer(FAIL);
    assert_eq!(refusal(world.register(ADA).await), FAILED);
    let of_the_failure = world.pair(ADA).await;
    world.service.will_answer(PENDING);
    world.register(ADA).await.unwrap();
    world.mails_to(ADA, 2).await;
    let pair = world.pair(ADA).await;
    assert_eq!(refusal(world.confirm(&of_the_failure).await), SPENT);
    world.confirm(&pair).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn c048_and_c049_a_confirmation_mail_is_refused_where_a_function_confirms() {
    let world = World::new().await;
    world.registered(ADA).await;
    world.pending(BOB).await;
    let app = world.app();
    let auth = app.email_password_auth();
    assert_eq!(refusal(auth.resend_confirmation_email(ADA).await), CONFIRMED);
    assert_eq!(
        refusal(auth.resend_confirmation_email(BOB).await),
        "400 please use confirm via function"
    );
    assert_eq!(refusal(auth.resend_confirmation_email(EVE).await), NOBODY);
}

#[tokio::test(flavor = "multi_thread")]
async fn c051_and_c052_a_retry_calls_the_function_again_and_confirms_once() {
    let world = World::new().await;
    world.pending(ADA).await;
    world.service.will_answer(SUCCESS);
    world.retry(ADA).await.unwrap();
    world.log_in(ADA, PASSWORD).await.unwrap();
    assert_eq!(refusal(world.retry(ADA).await), CONFIRMED);
    assert_eq!(
        world.service.asked(2).await.len(),
        2,
        "a confirmed user is not asked about"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn c053_and_c054_and_c055_no_function_is_called_for_an_unknown_address() {
    let world = World::new().await;
    for unknown in ["test@gmail.com", "nobody-7f3a@example.com", "foo"] {
        assert_eq!(refusal(world.retry(unknown).await), NOBODY);
    }
    assert!(world.service.asked(0).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn c056_and_s22_a_retry_that_fails_takes_nothing_away() {
    let world = World::new().await;
    let pair = world.pending(ADA).await;
    world.service.will_answer(FAIL);
    assert_eq!(refusal(world.retry(ADA).await), FAILED);
    // The older token pair still works.
    world.confirm(&pair).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s31_after_a_retry_that_waits_both_pairs_work_until_one_is_used() {
    let world = World::new().await;
    let older = world.pending(ADA).await;
    world.service.will_answer(PENDING);
    world.retry(ADA).await.unwrap();
    world.mails_to(ADA, 2).await;
    let newer = world.pair(ADA).await;
    world.confirm(&older).await.unwrap();
    assert_eq!(refusal(world.confirm(&newer).await), SPENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_and_the_address_are_checked_before_the_function_runs() {
    let world = World::new().await;
    let app = world.app();
    let auth = app.email_password_auth();
    assert_eq!(
        refusal(auth.register_user(ADA, "short").await),
        "400 BadRequest password must be between 6 and 128 characters"
    );
    assert_eq!(
        refusal(auth.register_user("no address", PASSWORD).await),
        "400 BadRequest email invalid"
    );
    assert!(world.service.asked(0).await.is_empty());
}
