//! Mailed tokens.

use std::sync::Arc;

use doorward_core::{AppObjectId, MailToken, Purpose, Timestamp};

use crate::fixtures::{AnyStore, METHODS, at, count_true, issued, new_id, stored_pending, token, works};

pub(crate) async fn a_token_is_found_as_it_was_issued(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    for purpose in Purpose::ALL {
        let (token, _) = issued(&store, app, ada.id, purpose).await;
        assert_eq!(read!(store, find_mail_token(app, token.id)), Some(token));
    }
    assert_eq!(read!(store, find_mail_token(app, new_id())), None);
}

pub(crate) async fn a_token_is_consumed_once(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    for purpose in Purpose::ALL {
        let (token, _) = issued(&store, app, ada.id, purpose).await;
        let spend = async || commit!(store, consume_mail_token(app, purpose, token.id, METHODS, at(7)));
        assert_eq!(spend().await, Some(ada.id));
        assert_eq!(spend().await, None);
        let row = read!(store, find_mail_token(app, token.id));
        assert_eq!(
            row,
            Some(MailToken {
                used_at: Some(at(7)),
                ..token
            })
        );
    }
    assert_eq!(
        commit!(store, consume_mail_token(app, Purpose::Reset, new_id(), METHODS, at(7))),
        None
    );
}

pub(crate) async fn a_newer_token_voids_older_ones_of_its_purpose(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let bob = stored_pending(&store, app, "bob@example.com").await;
    let (old, _) = issued(&store, app, ada.id, Purpose::Reset).await;
    let (confirm, _) = issued(&store, app, ada.id, Purpose::Confirm).await;
    let (bobs, _) = issued(&store, app, bob.id, Purpose::Reset).await;
    let (used, _) = issued(&store, app, bob.id, Purpose::Confirm).await;
    commit!(
        store,
        consume_mail_token(app, Purpose::Confirm, used.id, METHODS, at(1))
    )
    .unwrap();

    let new = MailToken {
        issued_at: at(60),
        ..token(app, ada.id, Purpose::Reset)
    };
    commit!(store, issue_mail(new_id(), &new));
    commit!(store, issue_mail(new_id(), &token(app, bob.id, Purpose::Confirm)));

    assert!(!works(&store, &old).await);
    assert_eq!(
        read!(store, find_mail_token(app, old.id)).unwrap().voided_at,
        Some(at(60))
    );
    for token in [&new, &confirm, &bobs] {
        assert!(works(&store, token).await, "{token:?}");
    }
    // A spent token stays spent; it does not become a replaced one.
    assert_eq!(read!(store, find_mail_token(app, used.id)).unwrap().voided_at, None);
}

pub(crate) async fn s32_a_token_of_one_purpose_is_refused_for_the_other(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let (confirm, _) = issued(&store, app, ada.id, Purpose::Confirm).await;
    let (reset, _) = issued(&store, app, ada.id, Purpose::Reset).await;
    for (purpose, token) in [(Purpose::Reset, confirm), (Purpose::Confirm, reset)] {
        assert_eq!(
            commit!(store, consume_mail_token(app, purpose, token.id, METHODS, at(1))),
            None
        );
        assert!(works(&store, &token).await, "a refused attempt spends nothing");
    }
}

pub(crate) async fn a_token_issued_under_other_methods_is_refused(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let (token, _) = issued(&store, app, ada.id, Purpose::Confirm).await;
    for other in ["function/email", "", "email/email ", "EMAIL/EMAIL"] {
        assert_eq!(
            commit!(store, consume_mail_token(app, Purpose::Confirm, token.id, other, at(1))),
            None
        );
    }
    assert!(works(&store, &token).await);
}

pub(crate) async fn a_token_works_until_the_millisecond_that_it_expires(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    for (purpose, early, spent) in [(Purpose::Confirm, 0, None), (Purpose::Reset, 1, Some(ada.id))] {
        let (token, _) = issued(&store, app, ada.id, purpose).await;
        let moment = Timestamp::from_millis(token.expires_at.as_millis() - early);
        assert_eq!(
            commit!(store, consume_mail_token(app, purpose, token.id, METHODS, moment)),
            spent
        );
    }
}

pub(crate) async fn s29_of_200_racers_one_consumes_a_confirm_token(store: AnyStore) {
    race(&[store], Purpose::Confirm).await;
}

pub(crate) async fn s29_of_200_racers_one_consumes_a_reset_token(store: AnyStore) {
    race(&[store], Purpose::Reset).await;
}

/// 200 tasks spend one token side by side, spread over the nodes.
pub(crate) async fn race(nodes: &[AnyStore], purpose: Purpose) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&nodes[0], app, "ada@example.com").await;
    let (token, _) = issued(&nodes[0], app, ada.id, purpose).await;
    let racers: Vec<_> = (0..200)
        .map(|racer| {
            let store = Arc::clone(&nodes[racer % nodes.len()]);
            tokio::spawn(
                async move { commit!(store, consume_mail_token(app, purpose, token.id, METHODS, at(1))).is_some() },
            )
        })
        .collect();
    assert_eq!(count_true(racers).await, 1);
}

pub(crate) async fn a_consumption_that_is_rolled_back_leaves_the_token_usable(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let (token, _) = issued(&store, app, ada.id, Purpose::Reset).await;
    for _ in 0..3 {
        assert!(works(&store, &token).await);
    }
    assert_eq!(
        commit!(store, consume_mail_token(app, Purpose::Reset, token.id, METHODS, at(1))),
        Some(ada.id)
    );
}

pub(crate) async fn of_mails_issued_side_by_side_one_token_is_left_usable(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { issued(&store, app, ada.id, Purpose::Reset).await.0 })
        })
        .collect();
    let mut tokens = Vec::new();
    for task in tasks {
        tokens.push(task.await.unwrap());
    }
    let mut usable = 0;
    for token in &tokens {
        usable += usize::from(works(&store, token).await);
    }
    assert_eq!(usable, 1);
}

pub(crate) async fn no_mail_is_promised_to_an_unknown_registration(store: AnyStore) {
    let app: AppObjectId = new_id();
    let (token, mail) = issued(&store, app, new_id(), Purpose::Reset).await;
    assert_eq!(read!(store, find_mail_token(app, token.id)), None);
    assert!(!commit!(
        store,
        record_delivery("worker", mail, &doorward_core::DeliveryOutcome::Sent, at(1))
    ));
    assert_eq!(read!(store, next_mail_due()), None);
}

pub(crate) async fn a_token_without_a_mail_replaces_older_ones(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let (mailed, _) = issued(&store, app, ada.id, Purpose::Confirm).await;
    let handed_over = token(app, ada.id, Purpose::Confirm);
    assert!(commit!(store, issue_token(&handed_over)));
    assert!(!works(&store, &mailed).await);
    assert!(works(&store, &handed_over).await);
}

pub(crate) async fn no_token_is_issued_to_an_unknown_or_reserved_registration(store: AnyStore) {
    let app: AppObjectId = new_id();
    let reserved = crate::fixtures::pending(app, "bob@example.com");
    commit!(store, reserve_registration(&reserved, at(35)));
    for useless in [
        token(app, reserved.id, Purpose::Confirm),
        token(app, reserved.id, Purpose::Reset),
        token(app, new_id(), Purpose::Reset),
    ] {
        assert!(!commit!(store, issue_token(&useless)));
        assert_eq!(read!(store, find_mail_token(app, useless.id)), None);
    }
}
