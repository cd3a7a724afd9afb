//! Registrations, and what a transaction is.

use std::sync::Arc;

use doorward_core::{AppObjectId, PendingRegistration, Purpose, Registration, RegistrationId, StoreError};

use crate::fixtures::{
    AnyStore, at, count_true, email, hash, issued, login, new_id, pending, signed_in, stored_confirmed, stored_pending,
    token, works,
};

pub(crate) async fn a_registration_is_found_by_address_and_by_id(store: AnyStore) {
    let app: AppObjectId = new_id();
    let pending = Registration::Pending(stored_pending(&store, app, "ada@example.com").await);
    let confirmed = Registration::Confirmed(stored_confirmed(&store, app, "bob@example.com").await);
    for registration in [pending, confirmed] {
        let by_address = read!(store, find_registration(app, registration.email()));
        assert_eq!(by_address.as_ref(), Some(&registration));
        let by_id = read!(store, find_registration_by_id(app, registration.id()));
        assert_eq!(by_id.as_ref(), Some(&registration));
    }
    assert_eq!(read!(store, find_registration(app, &email("eve@example.com"))), None);
    assert_eq!(read!(store, find_registration_by_id(app, new_id())), None);
}

pub(crate) async fn an_address_is_taken_whether_pending_or_confirmed(store: AnyStore) {
    let app: AppObjectId = new_id();
    stored_pending(&store, app, "ada@example.com").await;
    stored_confirmed(&store, app, "bob@example.com").await;
    for address in ["ada@example.com", "bob@example.com"] {
        let again = PendingRegistration {
            password: hash("another"),
            ..pending(app, address)
        };
        assert!(!commit!(
            store,
            insert_registration(&Registration::Pending(again.clone()))
        ));
        assert!(!commit!(
            store,
            insert_registration(&Registration::Confirmed(again.clone().confirm(at(1))))
        ));
        assert_eq!(read!(store, find_registration_by_id(app, again.id)), None);
        let kept = read!(store, find_registration(app, &email(address))).unwrap();
        assert_eq!(kept.password(), &hash("first"));
    }
}

pub(crate) async fn addresses_are_compared_byte_for_byte(store: AnyStore) {
    let app: AppObjectId = new_id();
    let longest = "x".repeat(254);
    // Case, Unicode composition, lookalikes, spaces: texts that a collation might find equal.
    let different = [
        "ada@example.com",
        "Ada@example.com",
        "ADA@EXAMPLE.COM",
        "ada@example.com ",
        " ada@example.com",
        "\u{e9}@example.com",
        "e\u{301}@example.com",
        "k@example.com",
        "\u{212a}@example.com",
        "strasse@example.com",
        "stra\u{df}e@example.com",
        "i@example.com",
        "\u{131}@example.com",
        "zero\u{200b}width@example.com",
        "zerowidth@example.com",
        "😀@example.com",
        "%@example.com",
        "_@example.com",
        &longest,
    ];
    for address in different {
        stored_pending(&store, app, address).await;
    }
    for address in different {
        let found = read!(store, find_registration(app, &email(address))).unwrap();
        assert_eq!(found.email().as_str(), address);
    }
}

pub(crate) async fn a_registration_is_confirmed_once(store: AnyStore) {
    let app: AppObjectId = new_id();
    let pending = stored_pending(&store, app, "ada@example.com").await;
    assert!(commit!(store, confirm_registration(pending.id, at(5))));
    assert!(!commit!(store, confirm_registration(pending.id, at(9))));
    assert!(!commit!(store, confirm_registration(new_id(), at(5))));
    let found = read!(store, find_registration_by_id(app, pending.id));
    assert_eq!(found, Some(Registration::Confirmed(pending.confirm(at(5)))));
}

pub(crate) async fn s16_of_200_racers_one_registers_an_address(store: AnyStore) {
    let app: AppObjectId = new_id();
    let racers: Vec<_> = (0..200)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                commit!(
                    store,
                    insert_registration(&Registration::Pending(pending(app, "ada@example.com")))
                )
            })
        })
        .collect();
    assert_eq!(count_true(racers).await, 1);
}

pub(crate) async fn a_dropped_transaction_leaves_nothing(store: AnyStore) {
    let app: AppObjectId = new_id();
    let registration = pending(app, "ada@example.com");
    {
        let mut tx = store.begin().await.unwrap();
        assert!(
            tx.insert_registration(&Registration::Pending(registration.clone()))
                .await
                .unwrap()
        );
        // Other callers do not see it before the commit, and their reads do not wait for it.
        assert_eq!(read!(store, find_registration(app, &registration.email)), None);
    }
    let free_again = commit!(
        store,
        insert_registration(&Registration::Pending(pending(app, "ada@example.com")))
    );
    assert!(free_again);
    assert_eq!(read!(store, find_registration_by_id(app, registration.id)), None);
}

pub(crate) async fn a_transaction_with_a_failed_statement_cannot_be_committed(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let bob = pending(app, "bob@example.com");
    let impostor = PendingRegistration {
        id: ada.id,
        ..pending(app, "eve@example.com")
    };

    let mut tx = store.begin().await.unwrap();
    assert!(
        tx.insert_registration(&Registration::Pending(bob.clone()))
            .await
            .unwrap()
    );
    let failed = tx.insert_registration(&Registration::Pending(impostor)).await;
    assert!(matches!(failed, Err(StoreError::Unexpected(_))), "{failed:?}");
    assert!(tx.confirm_registration(ada.id, at(1)).await.is_err());
    assert!(tx.commit().await.is_err());

    assert_eq!(read!(store, find_registration_by_id(app, bob.id)), None);
    assert_eq!(read!(store, find_registration(app, &email("eve@example.com"))), None);
    assert_eq!(
        read!(store, find_registration_by_id(app, ada.id)),
        Some(Registration::Pending(ada))
    );
}

pub(crate) async fn a_transaction_reads_what_it_has_written(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = pending(app, "ada@example.com");
    let mut tx = store.begin().await.unwrap();
    tx.ping().await.unwrap();
    assert_eq!(tx.find_registration(app, &ada.email).await.unwrap(), None);
    let stored = Registration::Pending(ada.clone());
    assert!(tx.insert_registration(&stored).await.unwrap());
    assert_eq!(
        tx.find_registration(app, &ada.email).await.unwrap(),
        Some(stored.clone())
    );
    let token = token(app, ada.id, Purpose::Confirm);
    tx.issue_mail(new_id(), &token).await.unwrap();
    assert_eq!(tx.find_mail_token(app, token.id).await.unwrap(), Some(token.clone()));
    assert_eq!(tx.next_mail_due(at(0)).await.unwrap(), Some(token.issued_at));
    assert!(tx.confirm_registration(ada.id, at(5)).await.unwrap());
    let confirmed = Registration::Confirmed(ada.confirm(at(5)));
    let found = tx.find_registration_by_id(app, confirmed.id()).await.unwrap();
    assert_eq!(found.as_ref(), Some(&confirmed));
    // Other callers see none of it before the commit.
    assert_eq!(read!(store, find_registration_by_id(app, confirmed.id())), None);
    assert_eq!(read!(store, next_mail_due(at(0))), None);
    tx.commit().await.unwrap();
    assert_eq!(
        read!(store, find_registration_by_id(app, confirmed.id())),
        Some(confirmed)
    );
}

pub(crate) async fn a_new_password_ends_sessions_and_voids_links(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let bob = stored_confirmed(&store, app, "bob@example.com").await;
    let (_, adas) = signed_in(&store, &ada).await;
    let (_, bobs) = signed_in(&store, &bob).await;
    let (confirm, _) = issued(&store, app, ada.id, Purpose::Confirm).await;
    let (reset, _) = issued(&store, app, ada.id, Purpose::Reset).await;
    let (bobs_reset, _) = issued(&store, app, bob.id, Purpose::Reset).await;

    assert!(commit!(store, set_password(ada.id, &hash("second"), at(5))));

    let found = read!(store, find_registration_by_id(app, ada.id)).unwrap();
    assert_eq!(found.password(), &hash("second"));
    assert_eq!(read!(store, find_session(app, adas.id)), None);
    for token in [confirm, reset] {
        assert!(!works(&store, &token).await);
        let voided = read!(store, find_mail_token(app, token.id)).unwrap();
        assert_eq!((voided.used_at, voided.voided_at), (None, Some(at(5))));
    }
    // Another user's sessions stay as they were.
    assert!(read!(store, find_session(app, bobs.id)).is_some());
    assert!(works(&store, &bobs_reset).await);
    assert_eq!(
        commit!(store, open_session(&login(&ada))),
        doorward_core::store::OpenedSession::Stale
    );
    assert!(!commit!(
        store,
        set_password(new_id::<RegistrationId>(), &hash("second"), at(5))
    ));
}

pub(crate) async fn a_reserved_address_is_taken_and_otherwise_unknown(store: AnyStore) {
    let app: AppObjectId = new_id();
    let reserved = pending(app, "ada@example.com");
    assert!(commit!(store, reserve_registration(&reserved, at(35))));

    let again = pending(app, "ada@example.com");
    assert!(!commit!(store, reserve_registration(&again, at(35))));
    assert!(!commit!(
        store,
        insert_registration(&Registration::Pending(again.clone()))
    ));

    assert_eq!(read!(store, find_registration(app, &reserved.email)), None);
    assert_eq!(read!(store, find_registration_by_id(app, reserved.id)), None);
    assert!(!commit!(store, confirm_registration(reserved.id, at(1))));
    assert!(!commit!(store, set_password(reserved.id, &hash("another"), at(1))));
    // The address is free in another app.
    assert!(commit!(
        store,
        reserve_registration(&pending(new_id(), "ada@example.com"), at(35))
    ));
}

pub(crate) async fn a_reservation_becomes_what_it_was_for(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = pending(app, "ada@example.com");
    let bob = pending(app, "bob@example.com");
    for reserved in [&ada, &bob] {
        assert!(commit!(store, reserve_registration(reserved, at(35))));
    }
    let ada = Registration::Pending(ada);
    let bob = Registration::Confirmed(bob.confirm(at(2)));
    for decided in [&ada, &bob] {
        assert!(commit!(store, settle_reservation(decided)));
        assert!(!commit!(store, settle_reservation(decided)), "once");
        assert!(
            !commit!(store, release_reservation(decided.id())),
            "it is a registration"
        );
        let found = read!(store, find_registration(app, decided.email()));
        assert_eq!(found.as_ref(), Some(decided));
    }
}

pub(crate) async fn a_released_address_is_free(store: AnyStore) {
    let app: AppObjectId = new_id();
    let reserved = pending(app, "ada@example.com");
    commit!(store, reserve_registration(&reserved, at(35)));
    assert!(commit!(store, release_reservation(reserved.id)));
    assert!(!commit!(store, release_reservation(reserved.id)));
    assert!(!commit!(
        store,
        settle_reservation(&Registration::Pending(reserved.clone()))
    ));
    assert_eq!(
        stored_pending(&store, app, "ada@example.com").await.email,
        reserved.email,
        "it can be registered"
    );
}

pub(crate) async fn a_lapsed_reservation_gives_way_and_cannot_be_settled(store: AnyStore) {
    let app: AppObjectId = new_id();
    let slow = pending(app, "ada@example.com");
    commit!(store, reserve_registration(&slow, at(35)));
    let early = PendingRegistration {
        created_at: at(34),
        ..pending(app, "ada@example.com")
    };
    assert!(!commit!(store, reserve_registration(&early, at(69))));
    let next = PendingRegistration {
        created_at: at(35),
        ..pending(app, "ada@example.com")
    };
    assert!(commit!(store, reserve_registration(&next, at(70))));
    // The slow flow comes back, and finds that its reservation has lapsed.
    assert!(!commit!(
        store,
        settle_reservation(&Registration::Confirmed(slow.clone().confirm(at(36))))
    ));
    assert!(!commit!(store, release_reservation(slow.id)));
    assert!(commit!(store, settle_reservation(&Registration::Pending(next.clone()))));
    let found = read!(store, find_registration(app, &next.email)).unwrap();
    assert_eq!(found.id(), next.id);
}

pub(crate) async fn s16_of_200_racers_one_keeps_an_address(store: AnyStore) {
    let app: AppObjectId = new_id();
    let racers: Vec<_> = (0..200)
        .map(|_| {
            let (store, reserved) = (Arc::clone(&store), pending(app, "ada@example.com"));
            tokio::spawn(async move { commit!(store, reserve_registration(&reserved, at(35))) })
        })
        .collect();
    assert_eq!(count_true(racers).await, 1);
}

pub(crate) async fn every_reservation_is_released_at_start_up(store: AnyStore) {
    let app: AppObjectId = new_id();
    let reserved = pending(app, "ada@example.com");
    commit!(store, reserve_registration(&reserved, at(35)));
    let eve = stored_pending(&store, app, "eve@example.com").await;
    assert!(commit!(store, release_all_reservations()) >= 1);
    assert!(!commit!(store, settle_reservation(&Registration::Pending(reserved))));
    assert!(read!(store, find_registration(app, &eve.email)).is_some());
}
