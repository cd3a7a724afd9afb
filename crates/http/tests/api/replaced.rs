//! An app that is replaced while requests run: none fails, and none sees half of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use doorward_core::{App, Confirmation, EmailPassword, MailedLink, Reset};
use doorward_testkit::TestApp;
use serde_json::json;

/// A revision of an app whose parts all carry its number.
fn revision(app: &App, number: usize) -> App {
    App {
        name: format!("Revision {number}"),
        deployment_model: format!("MODEL-{number}"),
        location: format!("PLACE-{number}"),
        ..app.clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_an_app_is_replaced_no_request_fails_and_none_sees_half_of_it() {
    let app = Arc::new(TestApp::auto_confirm().await);
    let first = revision(app.app(), 0);
    let registry = app.api().accounts.apps().clone();
    registry.put(first.clone());
    let ada = Arc::new(app.user("ada").await);
    let (done, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let (app, ada) = (Arc::clone(&app), Arc::clone(&ada));
            let (done, answered) = (Arc::clone(&done), Arc::clone(&answered));
            tokio::spawn(async move {
                let mut newest = 0;
                while !done.load(Ordering::Relaxed) {
                    let location = app.anonymous().get("/location").await;
                    assert_eq!(location.status(), 200);
                    let location = location.json();
                    let number = |key: &str, word: &str| -> usize {
                        let text = location[key].as_str().unwrap().strip_prefix(word).unwrap();
                        text.parse().unwrap()
                    };
                    let model = number("deployment_model", "MODEL-");
                    assert_eq!(
                        number("location", "PLACE-"),
                        model,
                        "half of one revision and half of another"
                    );
                    assert!(model >= newest, "an older revision came back");
                    newest = model;
                    // What carries no app id finds the app by its token.
                    assert_eq!(app.anonymous().refresh(&ada.refresh_token).await.status(), 201);
                    assert_eq!(app.anonymous().profile(&ada.access_token).await.status(), 200);
                    answered.fetch_add(3, Ordering::Relaxed);
                }
                newest
            })
        })
        .collect();
    let mut number = 0;
    // Many replacements, and many answers between them.
    while number < 300 || answered.load(Ordering::Relaxed) < 2_000 {
        number += 1;
        registry.put(revision(&first, number));
        tokio::task::yield_now().await;
    }
    let after = app.anonymous().get("/location").await.json();
    assert_eq!(after["location"], format!("PLACE-{number}"));
    done.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
}

#[tokio::test]
async fn a_replaced_app_is_replaced_for_mails_and_for_every_method() {
    let app = TestApp::email().await;
    let registry = app.api().accounts.apps().clone();
    app.pending("ada").await;
    assert!(
        app.next_mail().subject.contains("Notes"),
        "the mail is from the app as it was"
    );

    let mut renamed = App::clone(app.app());
    renamed.name = "Renamed".to_owned();
    registry.put(renamed.clone());
    app.pending("bob").await;
    assert!(app.next_mail().subject.contains("Renamed"));

    renamed.providers.email_password = Some(EmailPassword {
        confirmation: Confirmation::Automatic,
        reset: Reset::Email(MailedLink::default()),
    });
    registry.put(renamed.clone());
    app.pending("eve").await;
    assert_eq!(app.unread_mails(), 0, "registering confirms now");
    assert_eq!(
        app.anonymous().log_in("eve@example.com", "eve-password").await.status(),
        200
    );

    registry.remove(&renamed.id);
    let gone = app.anonymous().email_password("register", json!({})).await;
    assert_eq!(gone.error(), "404 - cannot find app using Client App ID 'notes-abcde'");
}
