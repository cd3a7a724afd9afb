//! More passwords than can be hashed in time.

use std::sync::Arc;
use std::time::Duration;

use doorward_testkit::TestApp;

use crate::support::concurrency;

#[tokio::test(flavor = "multi_thread")]
async fn s12_a_full_queue_refuses_immediately_says_when_to_come_back_and_recovers() {
    let deadline = Duration::from_millis(500);
    let app = Arc::new(TestApp::builder().auto_confirm().queue_deadline(deadline).start().await);
    app.registered("ada").await;
    let ada = app.user("bob").await;
    // A core would need two seconds for its share of these.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let refusals = concurrency(400 * cores, |_| {
        let app = Arc::clone(&app);
        async move {
            let reply = app.anonymous().log_in("ada@example.com", "ada-password").await;
            (reply.status() != 200).then(|| (reply.error(), reply.header("retry-after").map(str::to_owned)))
        }
    })
    .await;
    let refusals: Vec<_> = refusals.into_iter().flatten().collect();
    assert!(!refusals.is_empty(), "400 hashes for each core fit into half a second");
    for (error, retry_after) in refusals {
        assert_eq!(error, "429 - too many requests");
        assert!(retry_after.unwrap().parse::<u64>().unwrap() >= 1);
    }
    assert_eq!(app.anonymous().profile(&ada.access_token).await.status(), 200);
    assert_eq!(
        app.anonymous().log_in("ada@example.com", "ada-password").await.status(),
        200
    );
}
