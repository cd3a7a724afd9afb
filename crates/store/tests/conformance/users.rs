//! Users: disabling and deleting.

use std::sync::Arc;

use doorward_core::store::Opened;
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
        identities: vec![Identity::Email {
            id: ada.id,
            email: ada.email,
        }],
    };
    assert_eq!(store.find_user(app, user).await.unwrap(), Some(profile));
    assert_eq!(store.find_user(app, new_id()).await.unwrap(), None);
}

pub(crate) async fn a_disabled_user_loses_its_sessions_and_links_until_it_is_enabled(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let (user, session) = signed_in(&store, &ada).await;
    let (reset, _) = issued(&store, app, ada.id, Purpose::Reset).await;

    assert!(commit!(store, set_user_disabled(app, user, true, at(5))));
    assert_eq!(store.find_session(app, session.id).await.unwrap(), None);
    assert!(!works(&store, &reset).await);
    assert_eq!(
        store.find_mail_token(app, reset.id).await.unwrap().unwrap().voided_at,
        Some(at(5))
    );
    let refused = login(&ada);
    assert_eq!(commit!(store, open_session(&refused)), Opened::Disabled);
    assert_eq!(store.find_session(app, refused.id).await.unwrap(), None);
    assert!(
        commit!(store, set_user_disabled(app, user, true, at(6))),
        "to disable twice is no error"
    );

    let (later, _) = issued(&store, app, ada.id, Purpose::Reset).await;
    assert!(commit!(store, set_user_disabled(app, user, false, at(7))));
    assert_eq!(signed_in(&store, &ada).await.0, user);
    assert_eq!(
        store.find_session(app, session.id).await.unwrap(),
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

    assert_eq!(store.find_user(app, user).await.unwrap(), None);
    assert_eq!(store.find_registration(app, &ada.email).await.unwrap(), None);
    assert_eq!(store.find_session(app, session.id).await.unwrap(), None);
    for token in [confirm, reset] {
        assert_eq!(store.find_mail_token(app, token.id).await.unwrap(), None);
    }
    assert!(!commit!(
        store,
        record_delivery("worker", mail, &DeliveryOutcome::Sent, at(2))
    ));
    assert_eq!(
        store
            .count_mail()
            .await
            .unwrap()
            .iter()
            .map(|(_, count)| count)
            .sum::<u64>(),
        1
    );
    // Bob keeps what he has.
    assert!(store.find_user(app, bobs_user).await.unwrap().is_some());
    assert!(store.find_session(app, bobs_session.id).await.unwrap().is_some());
    assert!(works(&store, &bobs_reset).await);
    // The address is free, for somebody else.
    let next = stored_confirmed(&store, app, "ada@example.com").await;
    assert_ne!(signed_in(&store, &next).await.0, user);
}

pub(crate) async fn what_is_not_there_is_neither_disabled_nor_deleted(store: AnyStore) {
    let app: AppObjectId = new_id();
    let user: UserId = new_id();
    assert!(!commit!(store, set_user_disabled(app, user, true, at(1))));
    assert!(!commit!(store, set_user_disabled(app, user, false, at(1))));
    assert!(!commit!(store, delete_user(app, user)));
}

/// Everything that changes one account, at once: whatever wins, nobody is answered with a deadlock.
pub(crate) async fn confirming_and_resetting_and_deleting_at_once_never_fails(store: AnyStore) {
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
                if let Opened::Session(user) = try_login(&store, &session).await {
                    commit!(store, end_user_sessions(app, user));
                    commit!(store, set_user_disabled(app, user, true, at(2)));
                    commit!(store, delete_user(app, user));
                }
            }));
            let store = node();
            tasks.push(tokio::spawn(async move {
                commit!(store, claim_mail("worker", at(1), at(60), 10, false));
                commit!(store, sweep(at(0)));
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
    }
}
