//! Fail-over between a primary and its synchronous standby: what was acknowledged survives, and nothing is restarted.

mod long;

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};
use tokio::time::sleep;

use crate::support::{Call, Client, Cluster, Door, Figures, Letter, PASSWORD, Purpose, Server, Site};

/// Within this time after the new primary takes writes, the servers do too.
const RECOVERY: Duration = Duration::from_secs(5);
const MAIL: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn on_a_standby_the_server_is_not_ready_and_after_its_promotion_it_goes_on() {
    let (primary, standby) = pair();
    let mut door = Door::to(primary.address()).await;
    let database = format!("postgres://doorward@127.0.0.1:{}/postgres", door.port());
    let site = Site::new(&database).await;
    let server = site.program.start().await;
    let ada = "ada@example.com";
    assert_eq!(server.ask(&Call::register(ada, PASSWORD)).await, "201");
    let letter = Letter::read(&site.relay.wait_for(1, MAIL).await[0]);

    // A proxy that only looks whether a port is open leads to the standby.
    door.lead_to(standby.address()).await;
    not_ready(&server).await;
    for call in [
        Call::confirm(&letter),
        Call::register("bob@example.com", PASSWORD),
        Call::send(Purpose::Reset, ada),
    ] {
        assert_eq!(server.ask(&call).await, "503 InternalServerError");
    }
    // A server that is started now says why it cannot.
    let refused = site.program.run().await;
    assert!(
        !refused.status.success() && refused.stderr.contains("the database takes no writes"),
        "{refused:?}"
    );

    primary.kill();
    standby.promote();
    ready(&server).await;
    assert_eq!(server.ask(&Call::confirm(&letter)).await, "200");
    assert_eq!(server.ask(&Call::confirm(&letter)).await, "400 UserpassTokenInvalid");
    assert_eq!(server.ask(&Call::register("bob@example.com", PASSWORD)).await, "201");

    // The primary restarts: the pool is full of connections that are broken.
    standby.kill();
    not_ready(&server).await;
    standby.start();
    ready(&server).await;
    for _ in 0..40 {
        assert_eq!(server.ask(&Call::log_in(ada, PASSWORD)).await, "200");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_hosts_the_promoted_one_takes_over_under_load_and_nothing_is_lost_or_doubled() {
    let (primary, standby) = pair();
    let hosts = format!("{},{}", primary.address(), standby.address());
    let database = format!("postgres://doorward@{hosts}/postgres?target_session_attrs=read-write");
    let site = Site::new(&database).await;
    let (a, b) = tokio::join!(site.program.start(), site.program.start());
    let load = Load::on(&[&a, &b]);
    load.during(async {
        sleep(Duration::from_secs(1)).await;
        primary.kill();
        standby.promote();
        ready(&a).await;
        ready(&b).await;
        sleep(Duration::from_secs(1)).await;
    })
    .await;
    load.is_kept(&site, &[&a, &b], &standby).await;
}

fn pair() -> (Cluster, Cluster) {
    let primary = Cluster::primary();
    let standby = Cluster::standby_of(&primary);
    (primary, standby)
}

/// Clients that register until they are stopped.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    /// The nodes that are asked now.
    nodes: Mutex<Vec<Client>>,
    acknowledged: Mutex<Vec<String>>,
    refused: Mutex<HashMap<String, usize>>,
}

impl Load {
    fn on(nodes: &[&Server]) -> Self {
        let load = Self::default();
        load.ask(nodes);
        load
    }

    /// Asks these nodes from now on.
    fn ask(&self, nodes: &[&Server]) {
        *self.nodes.lock().unwrap() = nodes.iter().map(|node| node.client().clone()).collect();
    }

    /// Asks one node instead of another from now on.
    fn replace(&self, node: &Server, by: &Server) {
        for client in self.nodes.lock().unwrap().iter_mut() {
            if client.url() == node.url() {
                *client = by.client().clone();
            }
        }
    }

    fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// Stops the clients once this future has ended.
    async fn during(&self, work: impl Future<Output = ()>) {
        let clients = (0..4).map(|client| self.register(client));
        tokio::join!(join_all(clients), async {
            work.await;
            self.stop.store(true, Ordering::Relaxed);
        });
    }

    async fn register(&self, client: usize) {
        for number in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let email = format!("user-{client}-{number}@example.com");
            let node = {
                let nodes = self.nodes.lock().unwrap();
                nodes[(client + number) % nodes.len()].clone()
            };
            match node.try_ask(&Call::register(&email, PASSWORD)).await {
                Ok(reply) if reply == "201" => self.acknowledged.lock().unwrap().push(email),
                // It waits in a queue that is too long for this machine.
                Ok(reply) if reply.status == 429 => sleep(Duration::from_millis(100)).await,
                Ok(reply) => {
                    let answer = format!("{} {}", reply.status, reply.body);
                    *self.refused.lock().unwrap().entry(answer).or_default() += 1;
                }
                // The node was stopped: the next request goes to another.
                Err(_) => sleep(Duration::from_millis(10)).await,
            }
        }
    }

    async fn is_kept(&self, site: &Site, nodes: &[&Server], database: &Cluster) {
        self.is_kept_but_for(site, nodes, database, &HashSet::new()).await;
    }

    /// Nothing is lost, no token works twice, and no mail came twice but to these recipients.
    async fn is_kept_but_for(&self, site: &Site, nodes: &[&Server], database: &Cluster, twice: &HashSet<String>) {
        let refused = self.refused.lock().unwrap().clone();
        assert!(refused.keys().all(|answer| answer.starts_with("503 ")), "{refused:?}");
        let acknowledged = self.acknowledged.lock().unwrap().clone();
        assert!(acknowledged.len() > 20, "{} registrations", acknowledged.len());

        let url = format!("postgres://doorward@{}/postgres", database.address());
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let rows = connection.fetch_all("SELECT email FROM registrations").await.unwrap();
        let kept: HashSet<String> = rows.iter().map(|row| row.get(0)).collect();
        let lost: Vec<_> = acknowledged.iter().filter(|email| !kept.contains(*email)).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");

        site.relay.wait_for(kept.len(), MAIL).await;
        for node in nodes {
            let url = node.metrics_url().await;
            Figures::wait_for(&url, "doorward_outbox_mails{state=\"waiting\"}", 0, MAIL).await;
        }
        let letters: Vec<_> = site.relay.mails().iter().map(Letter::read).collect();
        let mailed: HashSet<_> = letters.iter().map(|letter| letter.to.clone()).collect();
        assert_eq!(mailed, kept, "everyone who is registered got a mail");
        let mut seen = HashSet::new();
        let doubled = letters.iter().filter(|letter| !seen.insert(&letter.to));
        let doubled: Vec<_> = doubled.filter(|letter| !twice.contains(&letter.to)).collect();
        assert!(doubled.is_empty(), "no mail came twice: {doubled:?}");
        // A token is accepted once, whichever node is asked.
        for letter in letters.iter().take(20) {
            let confirm = Call::confirm(letter);
            let answers = join_all(nodes.iter().map(|node| node.ask(&confirm))).await;
            assert_eq!(
                answers.iter().filter(|answer| **answer == "200").count(),
                1,
                "{answers:?}"
            );
        }
    }
}

async fn ready(server: &Server) {
    let begun = Instant::now();
    while server.ask(&Call::get("/readyz")).await.status != 200 {
        assert!(begun.elapsed() < RECOVERY, "the server has not recovered");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn not_ready(server: &Server) {
    let begun = Instant::now();
    while server.ask(&Call::get("/readyz")).await.status != 503 {
        assert!(begun.elapsed() < RECOVERY, "the server says that it is ready");
        sleep(Duration::from_millis(50)).await;
    }
}
