//! Identities for which a function vouches, and the users that first logins make.

use std::sync::Arc;

use doorward_core::store::{NewSession, Opened};
use doorward_core::{AppObjectId, ExternalId, Identity, UserId, VerifiedIdentity};

use crate::fixtures::{AnyStore, at, login, new_id, stored_confirmed, try_login};

fn vouched(app: AppObjectId, id: &str, name: Option<&str>) -> VerifiedIdentity {
    VerifiedIdentity::Function {
        app,
        id: ExternalId::parse(id).unwrap(),
        name: name.map(str::to_owned),
    }
}

fn arriving(identity: &VerifiedIdentity) -> NewSession {
    NewSession {
        id: new_id(),
        identity: identity.clone(),
        device: new_id(),
        created_at: at(0),
        expires_at: at(3600),
    }
}

async fn arrived(store: &AnyStore, identity: &VerifiedIdentity) -> UserId {
    match try_login(store, &arriving(identity)).await {
        Opened::Session(user) => user,
        other => panic!("the login was refused: {other:?}"),
    }
}

pub(crate) async fn an_external_id_is_one_user_of_its_app(store: AnyStore) {
    let (app, other_app): (AppObjectId, AppObjectId) = (new_id(), new_id());
    let ada = arrived(&store, &vouched(app, "ada", None)).await;
    assert_eq!(arrived(&store, &vouched(app, "ada", None)).await, ada);
    // Compared byte for byte, and every app has ids of its own.
    for other in ["Ada", "ada ", "ada\u{301}"] {
        assert_ne!(arrived(&store, &vouched(app, other, None)).await, ada, "{other:?}");
    }
    assert_ne!(arrived(&store, &vouched(other_app, "ada", None)).await, ada);
    let longest = "a".repeat(ExternalId::MAX_BYTES);
    let long = arrived(&store, &vouched(app, &longest, None)).await;
    assert_eq!(arrived(&store, &vouched(app, &longest, None)).await, long);
}

pub(crate) async fn an_identity_has_the_name_that_was_told_last(store: AnyStore) {
    let app: AppObjectId = new_id();
    for name in [None, Some("Ada"), Some("Ada L."), Some("Ada L."), None] {
        let user = arrived(&store, &vouched(app, "ada", name)).await;
        let profile = store.find_user(app, user).await.unwrap().unwrap();
        let identity = Identity::Function {
            id: ExternalId::parse("ada").unwrap(),
            name: name.map(str::to_owned),
        };
        assert_eq!(profile.identities, [identity]);
        assert_eq!((profile.name(), profile.email()), (name, None));
    }
}

pub(crate) async fn the_planned_user_stays_the_same_until_it_is_made(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    for identity in [VerifiedIdentity::Email(ada), vouched(app, "bob", None)] {
        assert!(!commit!(store, make_user(&identity, at(1))), "none is planned");
        let first: UserId = new_id();
        assert_eq!(commit!(store, plan_user(&identity, first, at(1))), Some(first));
        assert_eq!(commit!(store, plan_user(&identity, new_id(), at(2))), Some(first));
        assert_eq!(store.find_user(app, first).await.unwrap(), None);
        let session = arriving(&identity);
        assert_eq!(commit!(store, open_session(&session)), Opened::NoUser);

        assert!(commit!(store, make_user(&identity, at(3))));
        assert!(!commit!(store, make_user(&identity, at(3))), "it is there");
        assert_eq!(commit!(store, open_session(&session)), Opened::Session(first));
    }
}

pub(crate) async fn of_first_logins_at_once_one_makes_the_user(store: AnyStore) {
    let app: AppObjectId = new_id();
    for round in 0..5 {
        let ada = vouched(app, &format!("ada{round}"), Some("Ada"));
        let logins: Vec<_> = (0..20)
            .map(|_| {
                let (store, ada) = (Arc::clone(&store), ada.clone());
                tokio::spawn(async move { arrived(&store, &ada).await })
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

pub(crate) async fn names_that_change_at_once_lose_no_login(store: AnyStore) {
    let app: AppObjectId = new_id();
    let logins: Vec<_> = (0..40)
        .map(|n| {
            let (store, name) = (Arc::clone(&store), format!("Ada {n}"));
            tokio::spawn(async move { arrived(&store, &vouched(app, "ada", Some(&name))).await })
        })
        .collect();
    let mut users = Vec::new();
    for login in logins {
        users.push(login.await.unwrap());
    }
    users.dedup();
    assert_eq!(users.len(), 1);
}

pub(crate) async fn a_user_without_an_address_is_disabled_and_deleted_like_any_other(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = vouched(app, "ada", None);
    let user = arrived(&store, &ada).await;
    assert!(commit!(store, set_user_disabled(app, user, true, at(1))));
    assert_eq!(commit!(store, end_user_sessions(app, user)), 0);
    assert_eq!(commit!(store, open_session(&arriving(&ada))), Opened::Disabled);
    assert!(commit!(store, set_user_disabled(app, user, false, at(2))));
    assert_eq!(arrived(&store, &ada).await, user);

    assert!(commit!(store, delete_user(app, user)));
    assert_eq!(store.find_user(app, user).await.unwrap(), None);
    // The id is free again, for somebody else.
    assert_ne!(arrived(&store, &ada).await, user);
}

pub(crate) async fn logins_that_race_deletion_leave_no_session_behind(store: AnyStore) {
    let app: AppObjectId = new_id();
    for round in 0..20 {
        let ada = vouched(app, &format!("ada{round}"), None);
        let user = arrived(&store, &ada).await;
        let logins: Vec<_> = (0..6)
            .map(|n| {
                let store = Arc::clone(&store);
                let session = arriving(&vouched(app, &format!("ada{round}"), Some(&n.to_string())));
                tokio::spawn(async move { (session.id, commit!(store, open_session(&session))) })
            })
            .collect();
        assert!(commit!(store, delete_user(app, user)));
        for login in logins {
            let (session, opened) = login.await.unwrap();
            // Whoever came first was logged out again; whoever came too late has no user yet.
            assert!(
                opened == Opened::Session(user) || opened == Opened::NoUser,
                "{opened:?}"
            );
            assert_eq!(store.find_session(app, session).await.unwrap(), None);
        }
        assert_eq!(store.find_user(app, user).await.unwrap(), None);
    }
}

pub(crate) async fn an_identity_that_never_became_a_users_is_swept(store: AnyStore) {
    let app: AppObjectId = new_id();
    let (left, taken) = (vouched(app, "left", None), vouched(app, "taken", None));
    let planned: UserId = new_id();
    commit!(store, plan_user(&left, planned, at(1)));
    let user = arrived(&store, &taken).await;
    // Another attempt keeps it, under the same id.
    assert_eq!(commit!(store, plan_user(&left, new_id(), at(5))), Some(planned));
    assert_eq!(commit!(store, sweep(at(5))), 0);
    assert_eq!(commit!(store, sweep(at(6))), 1);
    assert_ne!(commit!(store, plan_user(&left, new_id(), at(7))), Some(planned));
    assert_eq!(arrived(&store, &taken).await, user);
}

pub(crate) async fn t20_no_identity_of_one_app_opens_a_session_in_another(store: AnyStore) {
    let (app, other): (AppObjectId, AppObjectId) = (new_id(), new_id());
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let mut foreign = ada.clone();
    foreign.app = other;
    assert_eq!(try_login(&store, &login(&foreign)).await, Opened::Stale);
    let user = arrived(&store, &vouched(app, "ada", None)).await;
    assert_eq!(store.find_user(other, user).await.unwrap(), None);
    assert!(!commit!(store, delete_user(other, user)));
}
