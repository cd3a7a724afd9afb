//! Nodes that share a PostgreSQL database while their own clocks differ by two minutes: the clock of the database
//! decides, so no claim is taken over early, and that of a dead node not late.

use std::sync::Arc;
use std::time::Duration;

use doorward_core::{
    AppObjectId, ClaimedMail, Clock as _, DeliveryOutcome, MailToken, NewTriggerEvent, Provider, Purpose, SystemClock,
    Timestamp, UserEvent, UserId, UserProfile,
};
use doorward_store::PostgresClock;

use crate::backends::{PostgresDatabase, with_postgres};
use crate::fixtures::{AnyStore, METHODS, new_id, pending, stored_pending, token};

const SKEW: Duration = Duration::from_mins(2);
const LEASE: Duration = Duration::from_secs(15);

/// A node of the database. Its clock is right, ahead or behind.
struct Node {
    store: AnyStore,
    name: &'static str,
    clock: fn(Timestamp) -> Timestamp,
}

impl Node {
    fn now(&self) -> Timestamp {
        (self.clock)(SystemClock.now())
    }

    async fn claim_mail(&self, lease: Duration) -> Vec<ClaimedMail> {
        let now = self.now();
        commit!(self.store, claim_mail(self.name, now, now.plus(lease), 10, false))
    }

    /// A link that works for that long, and its mail.
    async fn promise(&self, app: AppObjectId, address: &str, lifetime: Duration) -> MailToken {
        let ada = stored_pending(&self.store, app, address).await;
        let now = self.now();
        let token = MailToken {
            issued_at: now,
            expires_at: now.plus(lifetime),
            ..token(app, ada.id, Purpose::Confirm)
        };
        commit!(self.store, issue_mail(new_id(), &token));
        token
    }

    async fn spend(&self, token: &MailToken) -> bool {
        let spent = commit!(
            self.store,
            consume_mail_token(token.app, token.purpose, token.id, METHODS, self.now())
        );
        spent.is_some()
    }
}

/// Runs a test with every pair of nodes whose clocks differ.
async fn with_nodes(test: impl AsyncFn(&Node, &Node)) {
    with_postgres(async |database| {
        let nodes = [
            node(&database, "right", |now| now).await,
            node(&database, "ahead", |now| now.plus(SKEW)).await,
            node(&database, "behind", |now| now.minus(SKEW)).await,
        ];
        for one in &nodes {
            for other in nodes.iter().filter(|other| other.name != one.name) {
                test(one, other).await;
            }
        }
    })
    .await;
}

async fn node(database: &PostgresDatabase, name: &'static str, clock: fn(Timestamp) -> Timestamp) -> Node {
    Node {
        store: Arc::new(database.connect_by(PostgresClock::Database).await),
        name,
        clock,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_due_at_once_on_every_node_and_claimed_by_one() {
    with_nodes(async |one, other| {
        one.promise(new_id(), "ada@example.com", Duration::from_mins(30)).await;
        let claimed = other.claim_mail(LEASE).await;
        let [mail] = claimed.as_slice() else {
            panic!("{} promised, {} claimed {claimed:?}", one.name, other.name)
        };
        assert!(
            one.claim_mail(LEASE).await.is_empty(),
            "{} claimed, {} too",
            other.name,
            one.name
        );
        assert!(other.now().since(mail.created_at) < LEASE && mail.created_at.since(other.now()) < LEASE);
        commit!(
            other.store,
            extend_mail_claims(other.name, other.now(), other.now().plus(LEASE))
        );
        assert!(
            one.claim_mail(LEASE).await.is_empty(),
            "{} prolonged its claim",
            other.name
        );
        assert!(read!(one.store, next_mail_due(one.now())).unwrap().since(one.now()) <= LEASE);
        let sent = commit!(
            other.store,
            record_delivery(other.name, mail.id, &DeliveryOutcome::Sent, other.now())
        );
        assert!(sent);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_of_a_dead_node_is_taken_over_when_its_lease_has_lapsed() {
    with_nodes(async |dead, other| {
        let short = Duration::from_millis(300);
        dead.promise(new_id(), "ada@example.com", Duration::from_mins(30)).await;
        assert_eq!(dead.claim_mail(short).await.len(), 1);
        tokio::time::sleep(short * 2).await;
        let [mail] = other.claim_mail(LEASE).await.try_into().unwrap();
        // A retry is due after its pause, whoever looks.
        let retry = DeliveryOutcome::Retry {
            at: other.now().plus(Duration::from_millis(100)),
            reason: "450 try later".to_owned(),
        };
        assert!(commit!(
            other.store,
            record_delivery(other.name, mail.id, &retry, other.now())
        ));
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(dead.claim_mail(LEASE).await.len(), 1);
        commit!(
            dead.store,
            record_delivery(dead.name, mail.id, &DeliveryOutcome::Sent, dead.now())
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_for_its_lifetime_on_every_node() {
    with_nodes(async |one, other| {
        let link = one.promise(new_id(), "ada@example.com", Duration::from_mins(1)).await;
        assert_eq!(commit!(other.store, expire_mail(other.now(), 10)).len(), 0);
        assert!(other.spend(&link).await, "{} issued, {} refused", one.name, other.name);

        let short = Duration::from_millis(100);
        let link = one.promise(new_id(), "bob@example.com", short).await;
        tokio::time::sleep(short * 2).await;
        assert!(
            !other.spend(&link).await,
            "{} issued, {} spent it late",
            one.name,
            other.name
        );
        assert_eq!(commit!(other.store, expire_mail(other.now(), 10)).len(), 1);

        // One that a function hands over is stored as it was made.
        let app = new_id();
        let eve = stored_pending(&one.store, app, "eve@example.com").await;
        let handed_over = MailToken {
            issued_at: one.now(),
            expires_at: one.now().plus(Duration::from_mins(1)),
            ..token(app, eve.id, Purpose::Confirm)
        };
        assert!(commit!(one.store, issue_token(&handed_over, one.now())));
        let stored = read!(other.store, find_mail_token(app, handed_over.id)).unwrap();
        assert_eq!(stored.issued_at, handed_over.issued_at);
        assert!(other.spend(&handed_over).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_stays_reserved_on_every_node_while_a_function_decides() {
    with_nodes(async |one, other| {
        let app = new_id();
        let reserve = async |node: &Node, lease: Duration| {
            let mut reserved = pending(app, "ada@example.com");
            reserved.created_at = node.now();
            commit!(node.store, reserve_registration(&reserved, node.now().plus(lease)))
        };
        let short = Duration::from_millis(300);
        assert!(reserve(one, LEASE).await);
        assert!(
            !reserve(other, LEASE).await,
            "{} reserved, {} too",
            one.name,
            other.name
        );
        commit!(one.store, release_all_reservations());
        assert!(reserve(one, short).await);
        tokio::time::sleep(short * 2).await;
        assert!(reserve(other, LEASE).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_to_a_trigger_is_due_at_once_on_every_node_and_claimed_by_one() {
    with_nodes(async |one, other| {
        let app: AppObjectId = new_id();
        let event = NewTriggerEvent {
            event: UserEvent::Login,
            user: &UserProfile {
                id: new_id::<UserId>(),
                app,
                identities: Vec::new(),
            },
            providers: &[Provider::EmailPassword],
            triggers: &["t"],
            at: one.now(),
        };
        commit!(one.store, queue_trigger_event(&event));
        assert!(read!(other.store, next_delivery_due(&[app], other.now())).unwrap() <= other.now());
        let claim = async |node: &Node, lease: Duration| {
            let now = node.now();
            commit!(
                node.store,
                claim_deliveries(node.name, &[app], now, now.plus(lease), 10)
            )
        };
        let short = Duration::from_millis(300);
        assert_eq!(claim(other, short).await.len(), 1);
        assert!(
            claim(one, LEASE).await.is_empty(),
            "{} claimed, {} too",
            other.name,
            one.name
        );
        tokio::time::sleep(short * 2).await;
        let [delivery] = claim(one, LEASE).await.try_into().unwrap();
        let (now, pause) = (one.now(), Duration::from_millis(100));
        commit!(
            one.store,
            postpone_delivery(one.name, &delivery, now, now.plus(pause), 1)
        );
        tokio::time::sleep(pause * 2).await;
        assert_eq!(claim(other, LEASE).await.len(), 1);
        assert!(commit!(
            other.store,
            finish_delivery(other.name, &delivery, other.now())
        ));
    })
    .await;
}
