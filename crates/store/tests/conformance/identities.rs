//! External identities, and the users that first logins make.

use std::sync::Arc;

use doorward_core::store::{NewSession, OpenedSession};
use doorward_core::{AppObjectId, ExternalId, Identity, Profile, Provider, UserId, VerifiedIdentity};

use crate::fixtures::{AnyStore, at, login, new_id, stored_confirmed, try_login};

fn external(app: AppObjectId, id: &str, name: Option<&str>) -> VerifiedIdentity {
    let name = name.map(str::to_owned);
    with_profile(app, id, Profile { email: None, name })
}

fn with_profile(app: AppObjectId, id: &str, profile: Profile) -> VerifiedIdentity {
    let identity = Identity {
        provider: Provider::CustomFunction,
        id: ExternalId::parse(id).unwrap(),
        profile,
    };
    VerifiedIdentity::External { app, identity }
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
        OpenedSession::Session(user) => user,
        other => panic!("the login was refused: {other:?}"),
    }
}

pub(crate) async fn an_external_id_is_one_user_of_its_app(store: AnyStore) {
    let (app, other_app): (AppObjectId, AppObjectId) = (new_id(), new_id());
    let ada = arrived(&store, &external(app, "ada", None)).await;
    assert_eq!(arrived(&store, &external(app, "ada", None)).await, ada);
    // External ids are compared byte for byte, and every app has ids of its own.
    for other in ["Ada", "ada ", "ada\u{301}"] {
        assert_ne!(arrived(&store, &external(app, other, None)).await, ada, "{other:?}");
    }
    assert_ne!(arrived(&store, &external(other_app, "ada", None)).await, ada);
    let longest = "a".repeat(ExternalId::MAX_BYTES);
    let long = arrived(&store, &external(app, &longest, None)).await;
    assert_eq!(arrived(&store, &external(app, &longest, None)).await, long);
}

pub(crate) async fn an_identity_has_the_name_that_its_provider_gave_last(store: AnyStore) {
    let app: AppObjectId = new_id();
    for name in [None, Some("Ada"), Some("Ada L."), Some("Ada L."), None] {
        let user = arrived(&store, &external(app, "ada", name)).await;
        let profile = read!(store, find_user(app, user)).unwrap();
        assert_eq!(profile.identities, [external(app, "ada", name).identity()]);
        assert_eq!((profile.name(), profile.email()), (name, None));
    }
}

pub(crate) async fn an_identity_has_the_profile_that_its_provider_gave_last(store: AnyStore) {
    let app: AppObjectId = new_id();
    let strange = "\"Ada\", \\ \u{e9}\u{1f600}\0\n{}";
    let texts = [None, Some("ada@example.com"), Some(""), Some(strange), None];
    for (email, name) in texts.iter().flat_map(|email| texts.map(|name| (*email, name))) {
        let profile = Profile {
            email: email.map(str::to_owned),
            name: name.map(str::to_owned),
        };
        let ada = with_profile(app, "ada", profile);
        let user = arrived(&store, &ada).await;
        let found = read!(store, find_user(app, user)).unwrap();
        assert_eq!(found.identities, [ada.identity()]);
        assert_eq!((found.email(), found.name()), (email, name));
    }
}

pub(crate) async fn the_planned_user_stays_the_same_until_it_is_made(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    for identity in [VerifiedIdentity::Email(ada), external(app, "bob", None)] {
        assert!(!commit!(store, make_user(&identity, at(1))), "none is planned");
        let first: UserId = new_id();
        assert_eq!(commit!(store, plan_user(&identity, first, at(1))), Some(first));
        assert_eq!(commit!(store, plan_user(&identity, new_id(), at(2))), Some(first));
        assert_eq!(read!(store, find_user(app, first)), None);
        let session = arriving(&identity);
        assert_eq!(commit!(store, open_session(&session)), OpenedSession::NoUser);

        assert!(commit!(store, make_user(&identity, at(3))));
        assert!(!commit!(store, make_user(&identity, at(3))), "it is there");
        assert_eq!(commit!(store, open_session(&session)), OpenedSession::Session(first));
    }
}

pub(crate) async fn of_concurrent_first_logins_one_makes_the_user(store: AnyStore) {
    let app: AppObjectId = new_id();
    for round in 0..5 {
        let ada = external(app, &format!("ada{round}"), Some("Ada"));
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

pub(crate) async fn concurrent_changes_of_a_name_lose_no_login(store: AnyStore) {
    let app: AppObjectId = new_id();
    let logins: Vec<_> = (0..40)
        .map(|n| {
            let (store, name) = (Arc::clone(&store), format!("Ada {n}"));
            tokio::spawn(async move { arrived(&store, &external(app, "ada", Some(&name))).await })
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
    let ada = external(app, "ada", None);
    let user = arrived(&store, &ada).await;
    assert!(commit!(store, set_user_disabled(app, user, true, at(1))));
    assert_eq!(commit!(store, end_user_sessions(app, user)), 0);
    assert_eq!(commit!(store, open_session(&arriving(&ada))), OpenedSession::Disabled);
    assert!(commit!(store, set_user_disabled(app, user, false, at(2))));
    assert_eq!(arrived(&store, &ada).await, user);

    assert!(commit!(store, delete_user(app, user)));
    assert_eq!(read!(store, find_user(app, user)), None);
    // The id is free again, for another user.
    assert_ne!(arrived(&store, &ada).await, user);
}

pub(crate) async fn logins_that_race_deletion_leave_no_session_behind(store: AnyStore) {
    let app: AppObjectId = new_id();
    for round in 0..20 {
        let ada = external(app, &format!("ada{round}"), None);
        let user = arrived(&store, &ada).await;
        let logins: Vec<_> = (0..6)
            .map(|n| {
                let store = Arc::clone(&store);
                let session = arriving(&external(app, &format!("ada{round}"), Some(&n.to_string())));
                tokio::spawn(async move { (session.id, commit!(store, open_session(&session))) })
            })
            .collect();
        assert!(commit!(store, delete_user(app, user)));
        for login in logins {
            let (session, opened) = login.await.unwrap();
            // The session of a login before the deletion has ended; a login after it finds no user yet.
            assert!(
                opened == OpenedSession::Session(user) || opened == OpenedSession::NoUser,
                "{opened:?}"
            );
            assert_eq!(read!(store, find_session(app, session)), None);
        }
        assert_eq!(read!(store, find_user(app, user)), None);
    }
}

pub(crate) async fn an_identity_that_never_became_a_users_is_swept(store: AnyStore) {
    let app: AppObjectId = new_id();
    let (left, taken) = (external(app, "left", None), external(app, "taken", None));
    let planned: UserId = new_id();
    commit!(store, plan_user(&left, planned, at(1)));
    let user = arrived(&store, &taken).await;
    // Another attempt keeps it, under the same id.
    assert_eq!(commit!(store, plan_user(&left, new_id(), at(5))), Some(planned));
    assert_eq!(commit!(store, sweep(at(0), at(5))), 0);
    assert_eq!(commit!(store, sweep(at(0), at(6))), 1);
    assert_ne!(commit!(store, plan_user(&left, new_id(), at(7))), Some(planned));
    assert_eq!(arrived(&store, &taken).await, user);
}

pub(crate) async fn t20_no_identity_of_one_app_opens_a_session_in_another(store: AnyStore) {
    let (app, other): (AppObjectId, AppObjectId) = (new_id(), new_id());
    let ada = stored_confirmed(&store, app, "ada@example.com").await;
    let mut foreign = ada.clone();
    foreign.app = other;
    assert_eq!(try_login(&store, &login(&foreign)).await, OpenedSession::Stale);
    let user = arrived(&store, &external(app, "ada", None)).await;
    assert_eq!(read!(store, find_user(other, user)), None);
    assert!(!commit!(store, delete_user(other, user)));
}
