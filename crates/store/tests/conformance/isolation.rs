//! Apps that share a database do not see each other.

use doorward_core::store::OpenedSession;
use doorward_core::{AppObjectId, ConfirmedRegistration, MailToken, Purpose};

use crate::fixtures::{AnyStore, METHODS, at, issued, login, new_id, signed_in, stored_confirmed, token, works};

pub(crate) async fn t20_no_id_of_one_app_works_in_another(store: AnyStore) {
    let (ours, theirs): (AppObjectId, AppObjectId) = (new_id(), new_id());
    let ada = stored_confirmed(&store, ours, "ada@example.com").await;
    let (user, session) = signed_in(&store, &ada).await;
    let (reset, _) = issued(&store, ours, ada.id, Purpose::Reset).await;

    assert_eq!(read!(store, find_registration(theirs, &ada.email)), None);
    assert_eq!(read!(store, find_registration_by_id(theirs, ada.id)), None);
    assert_eq!(read!(store, find_mail_token(theirs, reset.id)), None);
    assert_eq!(read!(store, find_session(theirs, session.id)), None);
    assert_eq!(read!(store, find_user(theirs, user)), None);
    assert_eq!(
        commit!(
            store,
            consume_mail_token(theirs, Purpose::Reset, reset.id, METHODS, at(1))
        ),
        None
    );
    assert!(!commit!(store, end_session(theirs, session.id)));
    assert_eq!(commit!(store, end_user_sessions(theirs, user)), 0);
    assert!(!commit!(store, set_user_disabled(theirs, user, true, at(1))));
    assert!(!commit!(store, delete_user(theirs, user)));
    let foreign = login(&ConfirmedRegistration {
        app: theirs,
        ..ada.clone()
    });
    assert_eq!(commit!(store, open_session(&foreign)), OpenedSession::Stale);
    let foreign: MailToken = token(theirs, ada.id, Purpose::Reset);
    commit!(store, issue_mail(new_id(), &foreign));
    assert_eq!(read!(store, find_mail_token(theirs, foreign.id)), None);

    // No row has changed, and the address is free in the other app.
    assert!(read!(store, find_session(ours, session.id)).is_some());
    assert!(read!(store, find_user(ours, user)).is_some());
    assert!(works(&store, &reset).await);
    let namesake = stored_confirmed(&store, theirs, "ada@example.com").await;
    assert_ne!(signed_in(&store, &namesake).await.0, user);
    assert!(read!(store, find_registration(ours, &ada.email)).is_some_and(|found| found.id() == ada.id));
}
