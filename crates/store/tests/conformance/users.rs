//! Users: disabling and deleting.

use std::sync::Arc;

use doorward_core::store::OpenedSession;
use doorward_core::{AppObjectId, DeliveryOutcome, Identity, Purpose, UserId, UserProfile};

use crate::fixtures::{
    AnyStore, METHODS, at, hash, issued, login, new_id, signed_in, stored_confirmed, stored_pending, try_login, works,
};

pub(crate) async fn a_user_is_found_with_its_identity(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let (user, _) = signed_in(&store, &ada).await;
    let profile = UserProfile {
        id: user,
        app,
        identities: vec![Identity::of_registration(ada.id, &ada.email)],
    };
    assert_eq!(read!(store, find_user(app, user)), Some(profile));
    assert_eq!(read!(store, find_user(app, new_id())), None);
}

pub(crate) async fn a_disabled_user_loses_its_sessions_and_links_until_it_is_enabled(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let (user, session) = signed_in(&store, &ada).await;
    let (reset, _) = issued(&store, app, ada.id, Purpose::Reset).await;

    assert!(commit!(store, set_user_disabled(app, user, true, at(5))));
    assert_eq!(read!(store, find_session(app, session.id)), None);
    assert!(!works(&store, &reset).await);
    assert_eq!(
        read!(store, find_mail_token(app, reset.id)).unwrap().voided_at,
        Some(at(5))
    );
    let refused = login(&ada);
    assert_eq!(commit!(store, open_session(&refused)), OpenedSession::Disabled);
    assert_eq!(read!(store, find_session(app, refused.id)), None);
    assert!(
        commit!(store, set_user_disabled(app, user, true, at(6))),
        "to disable twice is no error"
    );

    let (later, _) = issued(&store, app, ada.id, Purpose::Reset).await;
    assert!(commit!(store, set_user_disabled(app, user, false, at(7))));
    assert_eq!(signed_in(&store, &ada).await.0, user);
    assert_eq!(
        read!(store, find_session(app, session.id)),
        None,
        "an ended session stays ended"
    );
    assert!(works(&store, &later).await, "enabling voids nothing");
}

pub(crate) async fn deleting_a_user_deletes_all_that_it_had(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let bob = stored_confirmed(&store, app, "bob@example.com").await;
    let (user, session) = signed_in(&store, &ada).await;
    let (bobs_user, bobs_session) = signed_in(&store, &bob).await;
    let (confirm, _) = issued(&store, app, ada.id, Purpose::Confirm).await;
    let (reset, mail) = issued(&store, app, ada.id, Purpose::Reset).await;
    let (bobs_reset, _) = issued(&store, app, bob.id, Purpose::Reset).await;
    let claimed = commit!(store, claim_mail("worker", at(1), at(60), 10, false));
    assert_eq!(claimed.len(), 3);

    assert!(commit!(store, delete_user(app, user)));
    assert!(!commit!(store, delete_user(app, user)));

    assert_eq!(read!(store, find_user(app, user)), None);
    assert_eq!(read!(store, find_registration(app, &ada.email)), None);
    assert_eq!(read!(store, find_session(app, session.id)), None);
    for token in [confirm, reset] {
        assert_eq!(read!(store, find_mail_token(app, token.id)), None);
    }
    assert!(!commit!(
        store,
        record_delivery("worker", mail, &DeliveryOutcome::Sent, at(2))
    ));
    assert_eq!(
        read!(store, count_mail()).iter().map(|(_, count)| count).sum::<u64>(),
        1
    );
    // Bob keeps his user, his session and his token.
    assert!(read!(store, find_user(app, bobs_user)).is_some());
    assert!(read!(store, find_session(app, bobs_session.id)).is_some());
    assert!(works(&store, &bobs_reset).await);
    // The address is free for another user.
    let next = stored_confirmed(&store, app, "ada@example.com").await;
    assert_ne!(signed_in(&store, &next).await.0, user);
}

pub(crate) async fn unknown_users_are_neither_disabled_nor_deleted(store: AnyStore) {
    let app: AppObjectId = new_id();
    let user: UserId = new_id();
    assert!(!commit!(store, set_user_disabled(app, user, true, at(1))));
    assert!(!commit!(store, set_user_disabled(app, user, false, at(1))));
    assert!(!commit!(store, delete_user(app, user)));
}

/// Every flow that changes one account, in parallel: in any order, no caller gets a deadlock.
pub(crate) async fn confirming_and_resetting_and_deleting_in_parallel_never_fails(store: AnyStore) {
    let app: AppObjectId = new_id();
    for round in 0..15 {
        let pending = stored_pending(&store, app, &format!("ada{round}@example.com")).await;
        let (confirm, _) = issued(&store, app, pending.id, Purpose::Confirm).await;
        let (reset, _) = issued(&store, app, pending.id, Purpose::Reset).await;
        let confirmed = pending.clone().confirm(at(1));
        let id = pending.id;
        let mut tasks = Vec::new();
        let node = || Arc::clone(&store);
        let store = node();
        tasks.push(tokio::spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let spent = tx
                .consume_mail_token(app, Purpose::Confirm, confirm.id, METHODS, at(1))
                .await
                .unwrap();
            if spent.is_some() {
                tx.confirm_registration(id, at(1)).await.unwrap();
            }
            tx.commit().await.unwrap();
        }));
        let store = node();
        tasks.push(tokio::spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let spent = tx
                .consume_mail_token(app, Purpose::Reset, reset.id, METHODS, at(1))
                .await
                .unwrap();
            if spent.is_some() {
                tx.set_password(id, &hash("second"), at(1)).await.unwrap();
            }
            tx.commit().await.unwrap();
        }));
        for _ in 0..2 {
            let store = node();
            tasks.push(tokio::spawn(async move {
                issued(&store, app, id, Purpose::Reset).await;
                issued(&store, app, id, Purpose::Confirm).await;
            }));
            let (store, session) = (node(), login(&confirmed));
            tasks.push(tokio::spawn(async move {
                if let OpenedSession::Session(user) = try_login(&store, &session).await {
                    commit!(store, end_user_sessions(app, user));
                    commit!(store, set_user_disabled(app, user, true, at(2)));
                    commit!(store, delete_user(app, user));
                }
            }));
            let store = node();
            tasks.push(tokio::spawn(async move {
                commit!(store, claim_mail("worker", at(1), at(60), 10, false));
                commit!(store, sweep(at(0), at(0)));
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
    }
}
