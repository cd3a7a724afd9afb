//! Which rows are deleted once they can no longer be used or queried.

use doorward_core::store::NewSession;
use doorward_core::{AppObjectId, DeliveryOutcome, MailToken, Purpose};

use crate::fixtures::{AnyStore, at, issued, login, new_id, stored_confirmed, token, try_login};

pub(crate) async fn what_ended_before_is_swept_and_nothing_else(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let short = NewSession {
        expires_at: at(99),
        ..login(&ada)
    };
    let long = NewSession {
        expires_at: at(100),
        ..login(&ada)
    };
    try_login(&store, &short).await;
    try_login(&store, &long).await;
    let (token, mail) = issued(&store, app, ada.id, Purpose::Reset).await;
    commit!(store, claim_mail("worker", at(1), at(60), 1, false));
    commit!(store, record_delivery("worker", mail, &DeliveryOutcome::Sent, at(50)));

    assert_eq!(commit!(store, sweep(at(0), at(50))), 0);
    assert_eq!(commit!(store, sweep(at(0), at(100))), 2, "a session and a mail");
    assert_eq!(read!(store, find_session(app, short.id)), None);
    assert!(read!(store, find_session(app, long.id)).is_some());
    assert!(read!(store, find_mail_token(app, token.id)).is_some());
    assert_eq!(
        commit!(store, sweep(at(0), at(1801))),
        2,
        "the other session and the token"
    );
    assert_eq!(read!(store, find_mail_token(app, token.id)), None);
    assert!(read!(store, find_registration(app, &ada.email)).is_some());
}

pub(crate) async fn a_token_stays_as_long_as_its_mail(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let (token, mail) = issued(&store, app, ada.id, Purpose::Reset).await;
    // The worker was away for long, and found the token expired.
    commit!(store, claim_mail("worker", at(5000), at(5060), 1, false));
    commit!(
        store,
        record_delivery("worker", mail, &DeliveryOutcome::Expired, at(5000))
    );
    assert_eq!(commit!(store, sweep(at(0), at(4000))), 0);
    assert!(read!(store, find_mail_token(app, token.id)).is_some());
    assert_eq!(commit!(store, sweep(at(0), at(5001))), 2);
    assert_eq!(read!(store, find_mail_token(app, token.id)), None);
}

pub(crate) async fn a_sweep_looks_at_a_bounded_number_of_tokens(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let mut tx = store.begin().await.unwrap();
    for seconds in 0..501 {
        let handed_over = MailToken {
            expires_at: at(seconds),
            ..token(app, ada.id, Purpose::Reset)
        };
        assert!(tx.issue_token(&handed_over, at(0)).await.unwrap());
    }
    tx.commit().await.unwrap();
    assert_eq!(commit!(store, sweep(at(0), at(501))), 500);
    assert_eq!(commit!(store, sweep(at(0), at(501))), 1);
    assert_eq!(commit!(store, sweep(at(0), at(501))), 0);
}

pub(crate) async fn a_waiting_mail_is_never_swept(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    issued(&store, app, ada.id, Purpose::Reset).await;
    assert_eq!(commit!(store, sweep(at(0), at(1_000_000))), 0);
    assert_eq!(
        commit!(store, claim_mail("worker", at(1_000_000), at(1_000_060), 1, false)).len(),
        1
    );
}

pub(crate) async fn a_reservation_is_swept_when_it_has_lapsed(store: AnyStore) {
    let app: AppObjectId = new_id();
    let reserved = crate::fixtures::pending(app, "ada@example.com");
    commit!(store, reserve_registration(&reserved, at(35)));
    assert_eq!(commit!(store, sweep(at(0), at(35))), 0);
    assert_eq!(commit!(store, sweep(at(0), at(36))), 1);
    assert!(!commit!(store, release_reservation(reserved.id)));
}
