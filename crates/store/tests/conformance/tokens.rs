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

pub(crate) async fn s31_a_newer_token_voids_none(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let (old, _) = issued(&store, app, ada.id, Purpose::Reset).await;
    let new = MailToken {
        issued_at: at(600),
        expires_at: at(2400),
        ..token(app, ada.id, Purpose::Reset)
    };
    commit!(store, issue_mail(new_id(), &new));
    let handed_over = token(app, ada.id, Purpose::Reset);
    assert!(commit!(store, issue_token(&handed_over, at(0))));
    for token in [&old, &new, &handed_over] {
        assert!(works(&store, token).await, "{token:?}");
        assert_eq!(read!(store, find_mail_token(app, token.id)).as_ref(), Some(token));
    }
}

pub(crate) async fn s31_spending_a_token_voids_all_others_of_the_registration(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let bob = stored_pending(&store, app, "bob@example.com").await;
    let (reset, _) = issued(&store, app, ada.id, Purpose::Reset).await;
    let (confirm, _) = issued(&store, app, ada.id, Purpose::Confirm).await;
    let (bobs, _) = issued(&store, app, bob.id, Purpose::Reset).await;
    let handed_over = token(app, ada.id, Purpose::Confirm);
    assert!(commit!(store, issue_token(&handed_over, at(0))));

    // Also after the tokens have been seen to work, and after a spending that was rolled back.
    assert!(works(&store, &reset).await && works(&store, &confirm).await);
    let spent = commit!(
        store,
        consume_mail_token(app, Purpose::Confirm, confirm.id, METHODS, at(5))
    );
    assert_eq!(spent, Some(ada.id));
    for void in [&reset, &handed_over] {
        assert!(!works(&store, void).await);
        let row = read!(store, find_mail_token(app, void.id)).unwrap();
        assert_eq!((row.used_at, row.voided_at), (None, Some(at(5))));
    }
    // A spent token stays spent; it does not become a void one.
    let row = read!(store, find_mail_token(app, confirm.id)).unwrap();
    assert_eq!((row.used_at, row.voided_at), (Some(at(5)), None));
    assert!(works(&store, &bobs).await);
}

pub(crate) async fn an_expired_token_stays_expired(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let (old, _) = issued(&store, app, ada.id, Purpose::Reset).await;
    let new = MailToken {
        issued_at: at(1800),
        expires_at: at(3600),
        ..token(app, ada.id, Purpose::Reset)
    };
    commit!(store, issue_mail(new_id(), &new));
    commit!(
        store,
        consume_mail_token(app, Purpose::Reset, new.id, METHODS, at(1801))
    )
    .unwrap();
    assert_eq!(read!(store, find_mail_token(app, old.id)), Some(old));
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

pub(crate) async fn of_mails_issued_side_by_side_one_is_stored(store: AnyStore) {
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
    let mut stored = Vec::new();
    for token in tokens {
        stored.extend(read!(store, find_mail_token(app, token.id)));
    }
    let [token] = stored.as_slice() else {
        panic!("{stored:?}")
    };
    assert!(works(&store, token).await);
    assert_eq!(commit!(store, claim_mail("worker", at(1), at(60), 10, false)).len(), 1);
}

pub(crate) async fn no_mail_is_promised_to_an_unknown_registration(store: AnyStore) {
    let app: AppObjectId = new_id();
    let (token, mail) = issued(&store, app, new_id(), Purpose::Reset).await;
    assert_eq!(read!(store, find_mail_token(app, token.id)), None);
    assert!(!commit!(
        store,
        record_delivery("worker", mail, &doorward_core::DeliveryOutcome::Sent, at(1))
    ));
    assert_eq!(read!(store, next_mail_due(at(0))), None);
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
        assert!(!commit!(store, issue_token(&useless, at(0))));
        assert_eq!(read!(store, find_mail_token(app, useless.id)), None);
    }
}
