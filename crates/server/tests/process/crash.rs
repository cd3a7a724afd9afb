//! `kill -9` at random moments under load: every acknowledged change holds, no link works twice, and no promised mail
//! is lost.
//!
//! One database and one relay live through all kills. Clients take accounts from registration to deletion and record
//! every acknowledged answer; an answer that never came leaves two possibilities, and the next login decides.
//! Each process of the server sends its mails from an address of its own, so a mail that came twice from one
//! process was repeated without need.

mod life;
mod post;
mod stage;
mod verdict;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use doorward_testkit::smtp_server::{SmtpOptions, SmtpServer};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::support::{Figures, Program, Server, notes, unused_port};
use life::Life;
use post::Post;
use stage::Stage;

const CLIENTS: u64 = 16;

#[tokio::test(flavor = "multi_thread")]
async fn s83_nothing_acknowledged_is_lost_to_kill_9() {
    let rounds = number("DOORWARD_CRASH_ROUNDS").unwrap_or(50);
    let seed = number("DOORWARD_CRASH_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish() >> 32);
    println!("{rounds} rounds; to repeat these kills: DOORWARD_CRASH_SEED={seed}");

    let relay = Arc::new(SmtpServer::start(SmtpOptions::default()).await);
    let stage = Arc::new(Stage::new(unused_port(), Post::of(&relay), seed));
    let machine = Machine::new(&stage, &relay);

    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let mut life = Life::new(&stage, number);
        clients.spawn(async move { life.live_again_and_again().await });
    }
    clients.spawn(stage::audit(Arc::clone(&stage)));

    let mut chance = StdRng::seed_from_u64(seed);
    for round in 0..rounds {
        let mut server = machine.start(round);
        // Now and then the kill falls into the start itself.
        if !chance.random_ratio(1, 5) {
            server.ready().await;
        }
        let time_to_live = Duration::from_millis(chance.random_range(50..=800));
        tokio::select! {
            () = sleep(time_to_live) => {}
            Some(ended) = clients.join_next() => ended.unwrap_or_else(|error| resume_unwind(error.into_panic())),
        }
        machine.kill(server).await;
    }

    let mut server = machine.start(rounds);
    server.ready().await;
    stage.close();
    let finish = async {
        while let Some(ended) = clients.join_next().await {
            ended.unwrap_or_else(|error| resume_unwind(error.into_panic()));
        }
    };
    timeout(Duration::from_mins(1), finish)
        .await
        .expect("the clients finish their lives");
    machine.kill(server).await;

    // Every acknowledged change must survive the last kill.
    let server = machine.start(rounds + 1);
    let server = outbox_is_empty(server).await;
    println!("{} processes: {}", rounds + 2, verdict::pronounce(&stage).await);
    let ended = server.stop().await;
    assert!(ended.status.success(), "{ended:?}");
}

/// The server, its database and its relay, while the server is killed again and again.
struct Machine {
    program: Program,
    _data: TempDir,
}

impl Machine {
    fn new(stage: &Stage, relay: &SmtpServer) -> Self {
        let data = TempDir::new().unwrap();
        let listen = format!("127.0.0.1:{}", stage.server_port());
        let smtp = format!("smtp://127.0.0.1:{}", relay.port());
        let program = Program::new([
            "serve",
            &notes(),
            "--listen",
            &listen,
            "--metrics-listen",
            "127.0.0.1:0",
        ])
        .with(["--data-dir", data.path().to_str().unwrap(), "--smtp", &smtp])
        // A client repeats what a kill left unanswered, more often than people do.
        .with(["--limits-mails-to-recipient", "1000/1s"])
        .with(["--limits-failed-logins-of-account", "1000/1s"]);
        Self { program, _data: data }
    }

    /// Starts the server. The domain of the sender stays, because the `Message-ID`s are made with it.
    fn start(&self, process: u64) -> Server {
        let from = format!("process-{process}@doorward.test");
        self.program.clone().with(["--mail-from", &from]).spawn()
    }

    async fn kill(&self, mut server: Server) {
        let ran = server.runs();
        let ended = server.kill().await;
        assert!(ran, "the server ended by itself: {ended:?}");
        assert!(
            !ended.stderr.contains("ERROR") && !ended.stderr.contains("panicked"),
            "{}",
            ended.stderr
        );
    }
}

async fn outbox_is_empty(mut server: Server) -> Server {
    server.ready().await;
    let url = server.metrics_url().await;
    let waiting = "doorward_outbox_mails{state=\"waiting\"}";
    Figures::wait_for(&url, waiting, 0, Duration::from_mins(1)).await;
    server
}

fn number(variable: &str) -> Option<u64> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test has no configuration but its environment"
    )]
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} must be a number, not {text:?}")),
    )
}
