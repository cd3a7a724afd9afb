//! Confirming an e-mail address, from the link to the login.

use std::time::Duration;

use insta::assert_snapshot;

use crate::setup::Site;

#[tokio::test]
async fn a_link_is_confirmed_by_a_press_on_its_button() {
    let site = Site::start().await;
    let page = site.open(&site.pending("ada").await).await;
    assert_snapshot!(page.transcript(), @r"
    200 OK
    Notes
    Confirm your e-mail address
    One press on the button confirms that this e-mail address is yours.
    ( Confirm e-mail address )
    ");
    assert_eq!(
        site.log_in("ada", "ada-password").await,
        "the registration is not confirmed"
    );

    let done = site.submit(&page, &[]).await;
    assert_snapshot!(done.transcript(), @r"
    200 OK
    Notes
    Your e-mail address is confirmed
    You can log in to the app now, and close this page.
    ");
    assert!(!done.has_form());
    assert_eq!(site.log_in("ada", "ada-password").await, "yes");
}

#[tokio::test]
async fn a_used_link_says_that_there_is_nothing_left_to_do() {
    let site = Site::start().await;
    let link = site.pending("ada").await;
    let page = site.open(&link).await;
    site.submit(&page, &[]).await;
    let pressed_again = site.submit(&page, &[]).await;
    assert_snapshot!(pressed_again.transcript(), @r"
    200 OK
    Notes
    Already confirmed
    Your e-mail address has been confirmed before. You can log in to the app.
    ");
    assert_eq!(site.open(&link).await.transcript(), pressed_again.transcript());
}

#[tokio::test]
async fn s19_an_expired_link_can_be_renewed_by_its_holder() {
    let site = Site::start().await;
    let link = site.pending("ada").await;
    let page = site.open(&link).await;
    site.clock.advance(Duration::from_mins(30));

    let expired = site.open(&link).await;
    assert_snapshot!(expired.transcript(), @r"
    410 Gone
    Notes
    This link has expired
    For your safety, a link works only for a short time. We can send a new one to your e-mail address.
    ( Send a new link )
    ");
    // A page that was opened earlier gives the same answer when its form is sent.
    assert_eq!(site.submit(&page, &[]).await.transcript(), expired.transcript());
    assert_eq!(site.mails().await, 1);

    let sent = site.submit(&expired, &[]).await;
    assert_snapshot!(sent.transcript(), @r"
    200 OK
    Notes
    A new link is on its way
    Please look for it in your inbox in a minute or two, and in your spam folder too.
    ");
    assert_eq!(site.mails().await, 2);
    assert_eq!(site.mailbox.messages()[1].to, "ada@example.com");

    let renewed = site.open(&site.newest_link().await).await;
    assert_eq!(site.submit(&renewed, &[]).await.status, 200);
    assert_eq!(site.log_in("ada", "ada-password").await, "yes");
}

#[tokio::test]
async fn s31_a_link_that_became_void_says_so() {
    let site = Site::start().await;
    let old = site.pending("ada").await;
    // Before she has confirmed, she chooses another password.
    let reset = site.reset_link("ada").await;
    let page = site.open(&reset).await;
    let password = [("password", "ada-password"), ("repeated", "ada-password")];
    assert_eq!(site.submit(&page, &password).await.status, 200);

    let void = site.open(&old).await;
    assert_snapshot!(void.transcript(), @r"
    410 Gone
    Notes
    This link no longer works
    Another link was used, or the password was changed, after this e-mail was sent. We can send you a new link.
    ( Send a new link )
    ");
    assert_eq!(
        site.post(&old.path, &old.fields()).await.transcript(),
        void.transcript()
    );
    assert_eq!(
        site.log_in("ada", "ada-password").await,
        "the registration is not confirmed"
    );
    assert_eq!(site.submit(&void, &[]).await.status, 200);
    let new = site.newest_link().await;
    assert_eq!(site.post(&new.path, &new.fields()).await.status, 200);

    // Once the newer one has been used, the old page sends no mail.
    let mails = site.mails().await;
    let too_late = site.submit(&void, &[]).await;
    assert_snapshot!(too_late.transcript(), @r"
    200 OK
    Notes
    Already confirmed
    Your e-mail address has been confirmed before. You can log in to the app.
    ");
    assert_eq!(site.mails().await, mails);
}

#[tokio::test]
async fn s42_a_link_works_on_another_device_than_the_one_that_requested_it() {
    let site = Site::start().await;
    let link = site.pending("ada").await;
    // Opened on a phone, finished on a desktop: no request carries anything but the fields of the link and of the page.
    let phone = site.open(&link).await;
    let desktop = site.open(&link).await;
    assert_eq!(phone.header("set-cookie"), None);
    assert_eq!(site.submit(&desktop, &[]).await.status, 200);
    assert_snapshot!(site.submit(&phone, &[]).await.status, @"200 OK");
}

#[tokio::test]
async fn a_link_that_is_not_genuine_says_what_to_do() {
    let site = Site::start().await;
    let link = site.pending("ada").await;
    let invalid = site.open(&link.forged()).await;
    assert_snapshot!(invalid.transcript(), @r"
    400 Bad Request
    Notes
    This link is not valid
    It may have been cut short on its way. Please open the link in the e-mail again, or copy all of it into your browser. If that does not help, ask for a new e-mail in the app.
    ");
    assert!(!invalid.has_form());
    for query in [
        "token=&tokenId=1",
        "token=abc",
        "tokenId=abc",
        "token=a&token=b",
        "token=%FF%00",
    ] {
        let reply = site.get(&format!("{}?{query}", link.path)).await;
        assert_eq!(reply.transcript(), invalid.transcript(), "{query}");
    }
    for path in [link.path.clone(), format!("{}/renew", link.path)] {
        assert_eq!(
            site.post(&path, &link.forged().fields()).await.transcript(),
            invalid.transcript()
        );
        assert_eq!(
            site.post(&path, &[("token", "a"), ("tokenId", "b")]).await.transcript(),
            invalid.transcript()
        );
    }
    assert_eq!(site.mails().await, 1);
}

#[tokio::test]
async fn a_page_that_is_reloaded_without_its_token_asks_for_the_link() {
    let site = Site::start().await;
    let reply = site.get("/app/notes-abcde/confirm").await;
    assert_snapshot!(reply.transcript(), @r"
    400 Bad Request
    Notes
    Please open the link in your e-mail
    This page only works when it is opened from the link in the e-mail. Please go back to the e-mail and open it from there.
    ");
    assert_eq!(
        site.get("/app/notes-abcde/reset").await.transcript(),
        reply.transcript()
    );
}

#[tokio::test]
async fn t21_without_email_accounts_there_are_no_pages() {
    let site = Site::with(|app| app.providers.email_password = None).await;
    for path in ["/app/notes-abcde/confirm", "/app/notes-abcde/reset"] {
        assert_eq!(site.get(path).await.status, 404);
        assert_eq!(site.post(path, &[]).await.status, 404);
    }
    assert_eq!(site.post("/app/notes-abcde/confirm/renew", &[]).await.status, 404);
    assert_snapshot!(site.get("/app/notes-abcde/confirm").await.transcript(), @r"
    404 Not Found
    Page not found
    There is nothing at this address. Please open the link in the e-mail again, or go back to the app.
    ");
}
