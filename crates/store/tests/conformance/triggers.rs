//! Deliveries to triggers.

use doorward_core::{
    AppObjectId, ClaimedDelivery, ExternalId, Identity, NewTriggerEvent, Profile, Provider, Timestamp, UserEvent,
    UserId, UserProfile,
};

use crate::fixtures::{AnyStore, at, email, new_id, signed_in, stored_confirmed};

fn new_user(app: AppObjectId) -> UserProfile {
    UserProfile {
        id: new_id(),
        app,
        identities: vec![
            Identity::of_registration(new_id(), &email("ada@example.com")),
            Identity {
                provider: Provider::CustomFunction,
                id: ExternalId::parse("ada, \"the first\"").unwrap(),
                profile: Profile {
                    email: None,
                    name: Some("Ada".to_owned()),
                },
            },
        ],
    }
}

async fn queue(store: &AnyStore, event: UserEvent, user: &UserProfile, triggers: &[&str], at: Timestamp) {
    let providers = [Provider::EmailPassword, Provider::CustomFunction];
    let event = NewTriggerEvent {
        event,
        user,
        providers: &providers,
        triggers,
        at,
    };
    commit!(store, queue_trigger_event(&event));
}

async fn claim(store: &AnyStore, app: AppObjectId, worker: &str, now: u64) -> Vec<ClaimedDelivery> {
    commit!(store, claim_deliveries(worker, &[app], at(now), at(now + 60), 10))
}

pub(crate) async fn an_event_is_claimed_as_it_was_queued(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = new_user(app);
    queue(&store, UserEvent::Delete, &ada, &["onDelete"], at(1)).await;
    assert_eq!(read!(store, next_delivery_due(&[app], at(0))), Some(at(1)));
    assert_eq!(claim(&store, app, "worker", 0).await, []);
    let claimed = claim(&store, app, "worker", 1).await;
    let [delivery] = claimed.as_slice() else {
        panic!("{claimed:?}")
    };
    assert_eq!(
        delivery,
        &ClaimedDelivery {
            id: delivery.id,
            trigger: "onDelete".to_owned(),
            event: UserEvent::Delete,
            providers: vec![Provider::EmailPassword, Provider::CustomFunction],
            user: ada,
            at: at(1),
            attempts: 0,
        }
    );
    assert_eq!(read!(store, count_deliveries()), 1);
    assert!(commit!(store, finish_delivery("worker", &delivery, at(2))));
    assert_eq!(read!(store, count_deliveries()), 0);
    assert_eq!(read!(store, next_delivery_due(&[app], at(0))), None);
}

pub(crate) async fn events_of_one_user_are_delivered_in_order_and_others_beside_them(store: AnyStore) {
    let app: AppObjectId = new_id();
    let (ada, bob) = (new_user(app), new_user(app));
    queue(&store, UserEvent::Create, &ada, &["first", "second"], at(1)).await;
    queue(&store, UserEvent::Login, &ada, &["first"], at(1)).await;
    queue(&store, UserEvent::Login, &bob, &["first"], at(1)).await;
    let mut order = Vec::new();
    let mut delivered_to_bob = 0;
    loop {
        let claimed = claim(&store, app, "worker", 2).await;
        if claimed.is_empty() {
            break;
        }
        // No other event of a user while one is claimed.
        assert_eq!(claim(&store, app, "another", 2).await, []);
        for delivery in claimed {
            if delivery.user == ada {
                order.push((delivery.event, delivery.trigger.clone()));
            } else {
                delivered_to_bob += 1;
            }
            assert!(commit!(store, finish_delivery("worker", &delivery, at(2))));
        }
    }
    let event = |event, trigger: &str| (event, trigger.to_owned());
    assert_eq!(
        order,
        [
            event(UserEvent::Create, "first"),
            event(UserEvent::Create, "second"),
            event(UserEvent::Login, "first")
        ]
    );
    assert_eq!(delivered_to_bob, 1);
}

pub(crate) async fn a_claim_that_lapsed_is_taken_over(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = new_user(app);
    queue(&store, UserEvent::Login, &ada, &["onLogin"], at(1)).await;
    let [delivery] = claim(&store, app, "crashed", 1).await.try_into().unwrap();
    assert_eq!(read!(store, next_delivery_due(&[app], at(0))), Some(at(61)));
    assert_eq!(claim(&store, app, "worker", 60).await, []);
    assert_eq!(claim(&store, app, "worker", 61).await, std::slice::from_ref(&delivery));
    assert!(!commit!(store, finish_delivery("crashed", &delivery, at(2))));
    commit!(store, postpone_delivery("crashed", &delivery, at(0), at(500), 1));
    assert!(commit!(store, finish_delivery("worker", &delivery, at(2))));
}

pub(crate) async fn what_is_postponed_keeps_its_place(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = new_user(app);
    queue(&store, UserEvent::Create, &ada, &["t"], at(1)).await;
    queue(&store, UserEvent::Login, &ada, &["t"], at(1)).await;
    let [create] = claim(&store, app, "worker", 1).await.try_into().unwrap();
    commit!(store, postpone_delivery("worker", &create, at(0), at(5), 3));
    assert_eq!(claim(&store, app, "worker", 4).await, [], "the login waits behind it");
    assert_eq!(read!(store, next_delivery_due(&[app], at(0))), Some(at(5)));
    let again = ClaimedDelivery { attempts: 3, ..create };
    assert_eq!(claim(&store, app, "another", 5).await, std::slice::from_ref(&again));
    assert!(commit!(store, finish_delivery("another", &again, at(6))));
    let [login] = claim(&store, app, "another", 6).await.try_into().unwrap();
    assert_eq!((login.event, login.attempts), (UserEvent::Login, 0));
    assert_eq!(commit!(store, release_delivery_claims()), 1);
    assert_eq!(claim(&store, app, "worker", 6).await, [login]);
}

pub(crate) async fn deliveries_for_apps_of_other_servers_are_not_claimed(store: AnyStore) {
    let (app, elsewhere): (AppObjectId, AppObjectId) = (new_id(), new_id());
    for _ in 0..20 {
        queue(&store, UserEvent::Login, &new_user(elsewhere), &["t"], at(1)).await;
    }
    let ada = new_user(app);
    queue(&store, UserEvent::Login, &ada, &["t"], at(2)).await;
    assert_eq!(read!(store, next_delivery_due(&[app], at(0))), Some(at(2)));
    let [delivery] = claim(&store, app, "worker", 2).await.try_into().unwrap();
    assert_eq!(delivery.user, ada);
    assert_eq!(read!(store, next_delivery_due(&[], at(0))), None);
    assert_eq!(read!(store, next_delivery_due(&[elsewhere, app], at(0))), Some(at(1)));
    let both = commit!(store, claim_deliveries("worker", &[app, elsewhere], at(2), at(60), 30));
    assert_eq!(both.len(), 20);
}

pub(crate) async fn an_event_that_comes_while_another_is_delivered_is_not_lost(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = new_user(app);
    queue(&store, UserEvent::Create, &ada, &["t"], at(1)).await;
    let mut delivered = Vec::new();
    // In each round, one task empties the queue while another fills it.
    for _ in 0..50 {
        let [one] = claim(&store, app, "worker", 2).await.try_into().unwrap();
        let queueing = {
            let (store, ada) = (store.clone(), ada.clone());
            tokio::spawn(async move { queue(&store, UserEvent::Login, &ada, &["t"], at(1)).await })
        };
        assert!(commit!(store, finish_delivery("worker", &one, at(2))));
        queueing.await.unwrap();
        delivered.push(one.id);
    }
    assert_eq!(read!(store, count_deliveries()), 1);
    assert!(delivered.is_sorted());
}

pub(crate) async fn workers_that_claim_side_by_side_deliver_everything_once(store: AnyStore) {
    let app: AppObjectId = new_id();
    let users: Vec<_> = (0..10).map(|_| new_user(app)).collect();
    for event in [UserEvent::Create, UserEvent::Login, UserEvent::Login] {
        for user in &users {
            queue(&store, event, user, &["t"], at(1)).await;
        }
    }
    let workers = (0..6).map(|n| {
        let (store, worker) = (store.clone(), format!("worker{n}"));
        tokio::spawn(async move {
            let mut delivered = Vec::new();
            while read!(store, count_deliveries()) > 0 {
                for one in commit!(store, claim_deliveries(&worker, &[app], at(1), at(60), 3)) {
                    assert!(commit!(store, finish_delivery(&worker, &one, at(1))));
                    delivered.push(one.id);
                }
            }
            delivered
        })
    });
    let mut all = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        all.extend(worker.await.unwrap());
    }
    all.sort_unstable();
    let before = all.len();
    all.dedup();
    assert_eq!((before, all.len()), (30, 30));
}

pub(crate) async fn an_event_of_a_change_that_was_rolled_back_is_not_delivered(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = new_user(app);
    let mut tx = store.begin().await.unwrap();
    let event = NewTriggerEvent {
        event: UserEvent::Login,
        user: &ada,
        providers: &[Provider::EmailPassword],
        triggers: &["t"],
        at: at(1),
    };
    tx.queue_trigger_event(&event).await.unwrap();
    drop(tx);
    assert_eq!(read!(store, count_deliveries()), 0);
}

pub(crate) async fn a_transaction_sees_the_user_that_it_has_made(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let (user, _): (UserId, _) = signed_in(&store, &ada).await;
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.find_user(app, user).await.unwrap().unwrap().id, user);
    assert_eq!(tx.find_user(new_id(), user).await.unwrap(), None);
    assert!(tx.delete_user(app, user).await.unwrap());
    assert_eq!(tx.find_user(app, user).await.unwrap(), None);
    tx.commit().await.unwrap();
}

pub(crate) async fn what_waits_is_never_swept(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = new_user(app);
    queue(&store, UserEvent::Login, &ada, &["t"], at(1)).await;
    assert_eq!(commit!(store, sweep(at(0), at(9_999_999))), 0);
    assert_eq!(read!(store, count_deliveries()), 1);
}
