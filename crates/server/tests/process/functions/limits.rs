//! Limits on what reaches the owner's functions.

use serde_json::json;

use super::{FAIL, PASSWORD, World, logins};
use crate::support::{Call, Reply};

const ADA: &str = "ada@example.com";

async fn ask(world: &World, call: &Call) -> Reply {
    world.server().client().try_ask(call).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_the_function_called_five_times_and_then_once_every_two_minutes() {
    let world = World::new().await;
    world.pending(ADA).await;
    // One call was that of the registration.
    for _ in 0..4 {
        world.service.will_answer(FAIL);
        assert_eq!(ask(&world, &Call::retry(ADA)).await, "400 BadRequest");
    }
    assert_eq!(ask(&world, &Call::retry(ADA)).await, "429");
    assert_eq!(ask(&world, &Call::reset_by_function(ADA, PASSWORD)).await, "429");
    let called = world.service.asked(5).await.len();
    assert_eq!(called, 5, "a refused call does not reach the function");
    world.service.will_answer(FAIL);
    assert_eq!(
        ask(&world, &Call::register("eve@example.com", PASSWORD)).await,
        "400 BadRequest"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s43_a_guess_through_the_reset_function_counts_as_a_failed_login() {
    let world = World::new().await;
    world.registered(ADA).await;
    for _ in 0..4 {
        world.service.will_answer(FAIL);
        assert_eq!(ask(&world, &Call::reset_by_function(ADA, "a wrong guess")).await, "400");
    }
    for _ in 0..6 {
        assert_eq!(
            ask(&world, &Call::log_in(ADA, "a wrong guess")).await,
            "401 InvalidPassword"
        );
    }
    assert_eq!(ask(&world, &Call::log_in(ADA, "a wrong guess")).await, "429");
}

#[tokio::test(flavor = "multi_thread")]
async fn s59_t13_what_a_login_function_refuses_counts_for_the_network() {
    let log_in = "exports = ({ id }) => { if (!id) throw new Error('no'); return id; };";
    let world = logins::world_with(
        log_in,
        &[
            "--trusted-proxy",
            "127.0.0.0/8",
            "--limits-failed-logins-of-network",
            "5/1h",
        ],
    )
    .await;
    let from = |address: &str, payload| Call::log_in_with(&payload).forwarded_for(address);
    for _ in 0..5 {
        assert_eq!(
            ask(&world, &from("198.51.100.1", json!({ "id": "ada" }))).await.status,
            200
        );
        assert_eq!(ask(&world, &from("198.51.100.1", json!({}))).await, "401 AuthError");
    }
    assert_eq!(ask(&world, &from("198.51.100.1", json!({ "id": "ada" }))).await, "429");
    assert_eq!(
        ask(&world, &from("198.51.100.2", json!({ "id": "ada" }))).await.status,
        200
    );
}
