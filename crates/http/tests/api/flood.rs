//! A stranger requests links for many addresses, again and again. The outbox holds what is really to be sent, and the
//! mail of an honest user goes out among the first.

use doorward_core::{EmailAddress, Password};
use doorward_testkit::TestApp;

/// More than the worker claims at a time.
const ADDRESSES: usize = 60;
const ROUNDS: usize = 4;
/// How many mails the worker sends side by side, in any order.
const IN_FLIGHT: usize = 48;

fn address(name: &str) -> EmailAddress {
    EmailAddress::parse(&format!("{name}@example.com")).unwrap()
}

/// Requests both links for every address, without waiting for the mails.
async fn flood(app: &TestApp) {
    let accounts = app.accounts();
    for _ in 0..ROUNDS {
        for number in 0..ADDRESSES {
            let victim = address(&format!("victim{number}"));
            accounts.resend_confirmation(&victim).await.unwrap();
            accounts.send_reset_password_email(&victim).await.unwrap();
        }
    }
}

async fn rows(app: &TestApp, table: &str) -> usize {
    let dump = app.dump().await;
    dump.lines()
        .filter(|line| line.split(' ').next() == Some(table))
        .count()
}

#[tokio::test]
async fn a_flood_of_requests_delays_no_honest_mail() {
    let app = TestApp::email().await;
    let accounts = app.accounts();
    for number in 0..ADDRESSES {
        app.pending(&format!("victim{number}")).await;
    }
    assert_eq!(app.unread_mails(), ADDRESSES);

    // The first flood: a confirmation link each is known and mailed again, and a reset link each is new.
    flood(&app).await;
    let promised = (rows(&app, "mails").await, rows(&app, "mail_tokens").await);
    assert_eq!(promised, (2 * ADDRESSES, 2 * ADDRESSES), "not one row for each request");
    let register = async |name: &str| {
        accounts
            .register(address(name), &Password::new(format!("{name}-password")))
            .await
            .unwrap();
    };
    register("ada").await;
    app.deliver_mail().await;
    let mails: Vec<String> = (0..app.unread_mails()).map(|_| app.next_mail().to).collect();
    assert_eq!(mails.len(), ADDRESSES + 2 * ADDRESSES + 1);
    // Behind the reset mails that were promised before it, and before those that are sent again.
    let place = mails.iter().skip(ADDRESSES).position(|to| to == "ada@example.com");
    assert!(place.is_some_and(|place| place < ADDRESSES + IN_FLIGHT), "{place:?}");

    // While it goes on, every mail of the stranger is one that is sent again.
    flood(&app).await;
    register("bob").await;
    app.deliver_mail().await;
    let mails: Vec<String> = (0..app.unread_mails()).map(|_| app.next_mail().to).collect();
    assert_eq!(mails.len(), 2 * ADDRESSES + 1);
    let place = mails.iter().position(|to| to == "bob@example.com");
    assert!(place.is_some_and(|place| place < IN_FLIGHT), "{place:?}");
}
