//! A server that stops finishes the calls that it accepted, and leaves no process behind.

use super::{PASSWORD, PENDING, World};
use crate::support::refusal;

const ADA: &str = "ada@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_flight_is_finished_before_the_server_ends() {
    let mut world = World::new().await;
    world.service.hold();
    world.service.will_answer(PENDING);
    let registering = world.registering(ADA);
    world.service.asked(1).await;
    let server = world.server.take().unwrap();
    server.terminate();
    world.service.let_go();
    registering.await.unwrap().unwrap();
    assert!(server.ended().await.status.success());

    world.server = Some(world.program.start().await);
    assert_eq!(refusal(world.log_in(ADA, PASSWORD).await), "401 AuthError unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_client_has_gone_is_finished_too() {
    let mut world = World::new().await;
    world.service.hold();
    world.service.will_answer(PENDING);
    let impatient = world.registering(ADA);
    world.service.asked(1).await;
    impatient.abort();
    let _ = impatient.await;
    let server = world.server.take().unwrap();
    server.terminate();
    world.service.let_go();
    assert!(server.ended().await.status.success());

    world.server = Some(world.program.start().await);
    assert_eq!(refusal(world.log_in(ADA, PASSWORD).await), "401 AuthError unauthorized");
}
