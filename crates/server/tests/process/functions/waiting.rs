//! While a function runs: the address is reserved, no registration is stored, no other client waits, and a client that
//! disconnects changes nothing.

use std::time::Duration;

use super::{PASSWORD, PENDING, SUCCESS, World};
use crate::support::{Call, refusal};

const ADA: &str = "ada@example.com";

const TAKEN: &str = "409 AccountNameInUse name already in use";
const WRONG: &str = "401 InvalidPassword unauthorized";

#[tokio::test(flavor = "multi_thread")]
async fn while_the_function_runs_its_address_is_taken_and_otherwise_unknown() {
    let world = World::new().await;
    world.service.hold();
    world.service.will_answer(SUCCESS);
    let registering = world.registering(ADA);
    world.service.asked(1).await;

    assert_eq!(refusal(world.register(ADA).await), TAKEN);
    assert_eq!(refusal(world.log_in(ADA, PASSWORD).await), WRONG);
    let app = world.app();
    let auth = app.email_password_auth();
    for answer in [
        world.retry(ADA).await,
        auth.resend_confirmation_email(ADA).await,
        auth.send_reset_password_email(ADA).await,
        world.reset(ADA, "new-password").await,
    ] {
        assert_eq!(refusal(answer), "404 UserNotFound user not found");
    }

    world.service.let_go();
    registering.await.unwrap().unwrap();
    world.log_in(ADA, PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_of_concurrent_registrations_of_an_address_one_calls_the_function() {
    let world = World::new().await;
    world.service.hold();
    world.service.will_answer(PENDING);
    let clients: Vec<_> = (0..20)
        .map(|_| {
            // Not by the SDK, which does not repeat a registration that is refused because too many hashes wait.
            let client = world.server().client().clone();
            tokio::spawn(async move { client.ask(&Call::register(ADA, PASSWORD)).await.to_string() })
        })
        .collect();
    world.service.asked(1).await;
    // The losers do not wait for the winner: the service answers the winner only after all of them are refused.
    let mut answers = Vec::new();
    for client in clients {
        if answers.len() == 19 {
            world.service.let_go();
        }
        let answer = tokio::time::timeout(Duration::from_millis(500), client);
        match answer.await {
            Ok(answer) => answers.push(answer.unwrap()),
            // This is the winner; it is counted below.
            Err(_) => world.service.let_go(),
        }
    }
    assert!(
        answers
            .iter()
            .filter(|answer| *answer == "409 AccountNameInUse")
            .count()
            >= 19
    );
    assert_eq!(world.service.asked(1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_function_decides_is_kept_when_the_client_has_gone() {
    let world = World::new().await;
    world.service.hold();
    world.service.will_answer(SUCCESS);
    let impatient = world.registering(ADA);
    world.service.asked(1).await;
    impatient.abort();
    let _ = impatient.await;
    world.service.let_go();
    world.mails_to(ADA, 1).await;
    world.log_in(ADA, PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn t18_a_function_that_takes_too_long_fails_and_its_address_is_free_again() {
    let world = World::with(&[], &["--function-timeout", "1s"]).await;
    world.service.hold();
    assert_eq!(
        refusal(world.register(ADA).await),
        r#"400 BadRequest failed to confirm user "ada@example.com""#
    );
    world.service.let_go();
    world.registered(ADA).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t02_an_address_that_a_crash_left_kept_is_free_after_the_restart() {
    let mut world = World::new().await;
    world.service.hold();
    let registering = world.registering(ADA);
    world.service.asked(1).await;
    world.server.take().unwrap().kill().await;
    let error = registering.await.unwrap().unwrap_err();
    assert_eq!(error.status(), None, "nobody was told anything: {error:?}");

    world.server = Some(world.program.start().await);
    world.service.let_go();
    assert_eq!(refusal(world.log_in(ADA, PASSWORD).await), WRONG);
    world.registered(ADA).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_functions_run_in_parallel_as_there_are_workers() {
    let world = World::with(&[], &["--function-workers", "5"]).await;
    world.service.hold();
    let waiting: Vec<_> = (0..5)
        .map(|n| {
            world.service.will_answer(SUCCESS);
            world.registering(&format!("user{n}@example.com"))
        })
        .collect();
    assert_eq!(world.service.asked(5).await.len(), 5);
    world.service.let_go();
    for client in waiting {
        client.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_that_wait_delay_no_other_request() {
    let world = World::new().await;
    let bob = world.signed_in("bob@example.com").await;
    world.service.hold();
    let busy: Vec<_> = (0..8)
        .map(|n| world.registering(&format!("user{n}@example.com")))
        .collect();
    world.service.asked(2).await;
    for _ in 0..20 {
        bob.refresh_profile().await.unwrap();
        assert_eq!(world.server().ask(&Call::get("/readyz")).await, "200");
    }
    world.service.let_go();
    for client in busy {
        let _ = client.await;
    }
}
