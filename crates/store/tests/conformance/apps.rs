//! Apps.

use std::sync::Arc;

use doorward_core::{AppId, AppObjectId, Registration};

use crate::fixtures::{AnyStore, at, new_id, stored_pending};

pub(crate) async fn an_app_keeps_the_object_id_that_it_was_given_first(store: AnyStore) {
    let (notes, other) = (
        AppId::parse("notes-abcde").unwrap(),
        AppId::parse("other-abcde").unwrap(),
    );
    let first: AppObjectId = new_id();
    assert_eq!(commit!(store, adopt_app(&notes, first, at(0))), Some(first));
    assert_eq!(commit!(store, adopt_app(&notes, new_id(), at(1))), Some(first));
    let second: AppObjectId = new_id();
    assert_eq!(commit!(store, adopt_app(&other, second, at(1))), Some(second));
    let third = AppId::parse("third-abcde").unwrap();
    assert_eq!(
        commit!(store, adopt_app(&third, first, at(2))),
        None,
        "an object id belongs to one app"
    );
}

pub(crate) async fn nodes_that_adopt_an_app_side_by_side_agree_on_its_object_id(store: AnyStore) {
    let nodes: Vec<_> = (0..20)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let notes = AppId::parse("notes-abcde").unwrap();
                commit!(store, adopt_app(&notes, new_id(), at(0)))
            })
        })
        .collect();
    let mut adopted = Vec::new();
    for node in nodes {
        adopted.push(node.await.unwrap());
    }
    adopted.dedup();
    assert_eq!(adopted.len(), 1, "{adopted:?}");
}

pub(crate) async fn the_database_answers(store: AnyStore) {
    read!(store, ping());
}

pub(crate) async fn one_connection_answers_many_reads(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let mut reads = store.reads().await.unwrap();
    for _ in 0..10 {
        reads.ping().await.unwrap();
        let found = reads.find_registration(app, &ada.email).await.unwrap();
        assert_eq!(found, Some(Registration::Pending(ada.clone())));
    }
    // The next read sees what has been committed meanwhile.
    assert!(commit!(store, confirm_registration(ada.id, at(5))));
    let found = reads.find_registration_by_id(app, ada.id).await.unwrap();
    assert_eq!(found, Some(Registration::Confirmed(ada.confirm(at(5)))));
}
