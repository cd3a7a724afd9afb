//! Sessions and the users that the first login makes.

use std::sync::Arc;

use doorward_core::store::OpenedSession;
use doorward_core::{AppObjectId, ConfirmedRegistration, Registration, Session, UserId};

use crate::fixtures::{AnyStore, at, hash, login, new_id, signed_in, stored_confirmed, stored_pending, try_login};

pub(crate) async fn the_first_login_makes_the_user_and_later_logins_find_it(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let bob = stored_confirmed(&store, app, "bob@example.com").await;
    let (user, first) = signed_in(&store, &ada).await;
    let (again, second) = signed_in(&store, &ada).await;
    assert_eq!(again, user);
    assert_ne!(signed_in(&store, &bob).await.0, user);
    for login in [first, second] {
        let session = Session {
            id: login.id,
            app,
            user,
            device: login.device,
            created_at: login.created_at,
            expires_at: login.expires_at,
            user_disabled: false,
        };
        assert_eq!(read!(store, find_session(app, login.id)), Some(session));
    }
}

pub(crate) async fn concurrent_first_logins_make_one_user(store: AnyStore) {
    let app: AppObjectId = new_id();
    for round in 0..5 {
        let ada = stored_confirmed(&store, app, &format!("ada{round}@example.com")).await;
        let logins: Vec<_> = (0..20)
            .map(|_| {
                let (store, ada) = (Arc::clone(&store), ada.clone());
                tokio::spawn(async move { signed_in(&store, &ada).await.0 })
            })
            .collect();
        let mut users = Vec::new();
        for login in logins {
            users.push(login.await.unwrap());
        }
        users.dedup();
        assert_eq!(users.len(), 1, "{users:?}");
        assert_eq!(commit!(store, end_user_sessions(app, users[0])), 20);
    }
}

pub(crate) async fn a_pending_registration_opens_no_session(store: AnyStore) {
    let app: AppObjectId = new_id();
    let pending = stored_pending(&store, app, "ada@example.com").await;
    let login = login(&pending.confirm(at(0)));
    assert_eq!(commit!(store, open_session(&login)), OpenedSession::Stale);
    assert_eq!(commit!(store, plan_user(&login.identity, new_id(), at(0))), None);
    assert!(!commit!(store, make_user(&login.identity, at(0))));
    assert_eq!(read!(store, find_session(app, login.id)), None);
}

pub(crate) async fn a_login_that_verified_an_old_password_is_stale(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    commit!(store, set_password(ada.id, &hash("second"), at(1)));
    // At the first login and at a later one.
    for _ in 0..2 {
        let late = login(&ada);
        assert_eq!(commit!(store, open_session(&late)), OpenedSession::Stale);
        assert_eq!(commit!(store, plan_user(&late.identity, new_id(), at(0))), None);
        assert!(!commit!(store, make_user(&late.identity, at(0))));
        assert_eq!(read!(store, find_session(app, late.id)), None);
        signed_in(
            &store,
            &ConfirmedRegistration {
                password: hash("second"),
                ..ada.clone()
            },
        )
        .await;
    }
}

pub(crate) async fn a_login_that_races_a_reset_leaves_no_session_of_the_old_password(store: AnyStore) {
    races(store, false, async |store, ada, _| {
        assert!(commit!(store, set_password(ada.id, &hash("second"), at(1))));
    })
    .await;
}

pub(crate) async fn a_login_that_races_disabling_leaves_no_session(store: AnyStore) {
    races(store, true, async |store, ada, user| {
        assert!(commit!(store, set_user_disabled(ada.app, user, true, at(1))));
    })
    .await;
}

pub(crate) async fn a_login_that_races_deletion_leaves_no_session(store: AnyStore) {
    races(store, true, async |store, ada, user| {
        assert!(commit!(store, delete_user(ada.app, user)));
    })
    .await;
}

/// Logs in several times while another task ends the account's sessions. Whichever commits first, no session is left.
/// `returning`: whether the user has logged in before; otherwise every other round races the first login.
async fn races<F>(store: AnyStore, returning: bool, end: F)
where
    F: AsyncFn(&AnyStore, &ConfirmedRegistration, UserId),
{
    let app: AppObjectId = new_id();
    let (mut opened, mut refused) = (0, 0);
    for round in 0..40 {
        let ada = stored_confirmed(&store, app, &format!("ada{round}@example.com")).await;
        let user = if returning || round % 2 == 0 {
            signed_in(&store, &ada).await.0
        } else {
            new_id()
        };
        let logins: Vec<_> = (0..6)
            .map(|_| {
                let (store, login) = (Arc::clone(&store), login(&ada));
                tokio::spawn(async move {
                    let outcome = try_login(&store, &login).await;
                    (login, outcome)
                })
            })
            .collect();
        for _ in 0..round % 8 {
            tokio::task::yield_now().await;
        }
        end(&store, &ada, user).await;
        for login in logins {
            let (session, outcome) = login.await.unwrap();
            match outcome {
                OpenedSession::Session(_) => opened += 1,
                OpenedSession::Stale | OpenedSession::Disabled | OpenedSession::NoUser => refused += 1,
            }
            assert_eq!(
                read!(store, find_session(app, session.id)),
                None,
                "round {round}: {outcome:?}"
            );
        }
    }
    assert!(
        opened > 0 && refused > 0,
        "both orders must have been seen: {opened} opened, {refused} refused"
    );
}

pub(crate) async fn a_session_ends_once_and_alone(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let (_, phone) = signed_in(&store, &ada).await;
    let (_, laptop) = signed_in(&store, &ada).await;
    assert!(commit!(store, end_session(app, phone.id)));
    assert!(!commit!(store, end_session(app, phone.id)));
    assert_eq!(read!(store, find_session(app, phone.id)), None);
    assert!(read!(store, find_session(app, laptop.id)).is_some());
    assert!(!commit!(store, end_session(app, new_id())));
}

pub(crate) async fn all_sessions_of_a_user_end_together(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let bob = stored_confirmed(&store, app, "bob@example.com").await;
    let (user, _) = signed_in(&store, &ada).await;
    signed_in(&store, &ada).await;
    let (_, bobs) = signed_in(&store, &bob).await;
    assert_eq!(commit!(store, end_user_sessions(app, user)), 2);
    assert_eq!(commit!(store, end_user_sessions(app, user)), 0);
    assert_eq!(commit!(store, end_user_sessions(app, new_id())), 0);
    assert!(read!(store, find_session(app, bobs.id)).is_some());
    let found = read!(store, find_registration_by_id(app, ada.id));
    assert_eq!(found, Some(Registration::Confirmed(ada)));
}
