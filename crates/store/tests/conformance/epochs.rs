//! What a new epoch ends, and what it leaves.

use doorward_core::store::{EndedEpoch, OpenedSession};
use doorward_core::{AppObjectId, DeliveryOutcome, KeyId, Purpose, SealedMail};

use crate::fixtures::{AnyStore, METHODS, at, issued, login, new_id, signed_in, stored_confirmed, try_login, works};

pub(crate) async fn s84_an_epoch_ends_links_sessions_and_waiting_mails(store: AnyStore) {
    let (notes, diary): (AppObjectId, AppObjectId) = (new_id(), new_id());
    let ada = stored_confirmed(&store, notes, "ada@example.com").await;
    let bob = stored_confirmed(&store, diary, "bob@example.com").await;
    let (_, session) = signed_in(&store, &ada).await;
    signed_in(&store, &bob).await;
    let (link, _) = issued(&store, notes, ada.id, Purpose::Reset).await;
    issued(&store, diary, bob.id, Purpose::Reset).await;
    commit!(store, promise_sealed_mail(new_id(), &sealed(notes), at(0)));

    let ended = commit!(store, end_epoch(at(1), 500));
    let all = EndedEpoch {
        tokens: 2,
        sessions: 2,
        mails: 3,
    };
    assert_eq!(ended, all, "those of every app");
    assert_eq!(commit!(store, end_epoch(at(1), 500)), EndedEpoch::default());
    assert!(!works(&store, &link).await);
    assert_eq!(read!(store, find_session(notes, session.id)), None);
    assert!(commit!(store, claim_mail("worker", at(2), at(60), 10, false)).is_empty());

    assert!(
        matches!(try_login(&store, &login(&ada)).await, OpenedSession::Session(_)),
        "the account stays"
    );
    let (link, _) = issued(&store, notes, ada.id, Purpose::Reset).await;
    assert!(works(&store, &link).await, "new links work");
    assert_eq!(commit!(store, claim_mail("worker", at(2), at(60), 10, false)).len(), 1);
}

pub(crate) async fn s84_a_mail_in_hand_does_not_wait_again_after_an_epoch(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let (_, mail) = issued(&store, app, ada.id, Purpose::Reset).await;
    assert_eq!(commit!(store, claim_mail("worker", at(1), at(60), 1, false)).len(), 1);
    assert_eq!(commit!(store, end_epoch(at(2), 500)).mails, 1);
    let retry = DeliveryOutcome::Retry {
        at: at(3),
        reason: "busy".to_owned(),
    };
    assert!(!commit!(store, record_delivery("worker", mail, &retry, at(2))));
    assert_eq!(read!(store, next_mail_due(at(2))), None);
}

pub(crate) async fn s84_what_is_over_does_not_count_as_ended_by_an_epoch(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let (spent, _) = issued(&store, app, ada.id, Purpose::Reset).await;
    let (expired, _) = issued(&store, app, ada.id, Purpose::Confirm).await;
    assert!(commit!(store, consume_mail_token(app, Purpose::Reset, spent.id, METHODS, at(1))).is_some());
    assert_eq!(commit!(store, end_epoch(expired.expires_at, 500)).tokens, 0);
    let spent = read!(store, find_mail_token(app, spent.id)).unwrap();
    assert_eq!(
        (spent.used_at, spent.voided_at),
        (Some(at(1)), None),
        "the record of its use stays"
    );
}

pub(crate) async fn an_epoch_ends_sessions_and_mails_in_batches(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    for _ in 0..5 {
        signed_in(&store, &ada).await;
        commit!(store, promise_sealed_mail(new_id(), &sealed(app), at(0)));
    }
    for left in [2, 2, 1, 0] {
        let ended = commit!(store, end_epoch(at(1), 2));
        assert_eq!((ended.sessions, ended.mails), (left, left));
    }
}

fn sealed(app: AppObjectId) -> SealedMail {
    SealedMail {
        app,
        key: KeyId("key-1".to_owned()),
        sealed: vec![7; 64],
        expires_at: at(3600),
    }
}
