//! Setting a new password, from the link to the login.

use std::time::Duration;

use insta::assert_snapshot;

use crate::setup::Site;

const NEW: [(&str, &str); 2] = [("password", "correct horse"), ("repeated", "correct horse")];

#[tokio::test]
async fn a_new_password_is_set_by_sending_the_form() {
    let site = Site::start().await;
    site.confirmed("ada").await;
    let link = site.reset_link("ada").await;
    let page = site.open(&link).await;
    assert_snapshot!(page.transcript(), @r"
    200 OK
    Notes
    Choose a new password
    Use at least 6 characters. A long one that you use nowhere else is best.
    New password
    [password]
    New password again
    [repeated]
    ( Change password )
    ");
    assert_eq!(site.log_in("ada", "ada-password").await, "yes");

    let done = site.submit(&page, &NEW).await;
    assert_snapshot!(done.transcript(), @r"
    200 OK
    Notes
    Your password has been changed
    Log in to the app with your new password. You have been logged out on all your devices.
    ");
    assert_eq!(site.log_in("ada", "correct horse").await, "yes");
    assert_eq!(site.log_in("ada", "ada-password").await, "the credentials are wrong");

    let again = site
        .submit(&page, &[("password", "another one"), ("repeated", "another one")])
        .await;
    assert_snapshot!(again.transcript(), @r"
    410 Gone
    Notes
    This link has been used already
    If you have just changed your password, log in to the app with the new one. Otherwise, please ask for a new e-mail in the app.
    ");
    assert_eq!(site.open(&link).await.transcript(), again.transcript());
    assert_eq!(site.log_in("ada", "correct horse").await, "yes");
}

#[tokio::test]
async fn s05_a_refused_password_keeps_the_link() {
    let site = Site::start().await;
    site.confirmed("ada").await;
    let page = site.open(&site.reset_link("ada").await).await;
    let before = site.rows().await;

    let short = site
        .submit(&page, &[("password", "12345"), ("repeated", "12345")])
        .await;
    assert_snapshot!(short.transcript(), @r"
    400 Bad Request
    Notes
    Choose a new password
    ! The password must have 6 to 128 characters. Please choose another one.
    New password
    [password]
    New password again
    [repeated]
    ( Change password )
    ");
    let long = "a".repeat(129);
    let long = site.submit(&short, &[("password", &long), ("repeated", &long)]).await;
    assert_eq!(long.transcript(), short.transcript());
    let differ = site
        .submit(&long, &[("password", "correct horse"), ("repeated", "correct h0rse")])
        .await;
    assert_snapshot!(differ.transcript(), @r"
    400 Bad Request
    Notes
    Choose a new password
    ! The two passwords are not the same. Please type the new password twice.
    New password
    [password]
    New password again
    [repeated]
    ( Change password )
    ");
    let nothing = site.submit(&differ, &[]).await;
    assert_eq!(nothing.transcript(), short.transcript());
    for reply in [&short, &long, &differ, &nothing] {
        assert!(!reply.body.contains("correct h"), "a password is never sent back");
    }
    assert_eq!(site.rows().await, before);

    assert_eq!(site.submit(&nothing, &NEW).await.status, 200);
    assert_eq!(site.log_in("ada", "correct horse").await, "yes");
}

#[tokio::test]
async fn the_form_suits_password_managers_and_cuts_nothing_off() {
    let site = Site::start().await;
    site.confirmed("ada").await;
    let page = site.open(&site.reset_link("ada").await).await;
    assert_eq!(page.body.matches("autocomplete=\"new-password\"").count(), 2);
    assert_eq!(page.body.matches("minlength=\"6\"").count(), 2);
    assert_eq!(
        page.body
            .matches("passwordrules=\"minlength: 6; maxlength: 128;\"")
            .count(),
        2
    );
    assert!(!page.body.contains(" maxlength="));
    for field in ["password", "repeated"] {
        assert!(
            page.body.contains(&format!("<label for=\"{field}\">")) && page.body.contains(&format!("id=\"{field}\""))
        );
    }
    // The browser counts this password in UTF-16 units, and the server in characters.
    let emoji = "😀".repeat(128);
    assert_eq!(
        site.submit(&page, &[("password", &emoji), ("repeated", &emoji)])
            .await
            .status,
        200
    );
    assert_eq!(site.log_in("ada", &emoji).await, "yes");
}

#[tokio::test]
async fn an_expired_link_says_so_before_the_form_asks_for_a_password() {
    let site = Site::start().await;
    site.confirmed("ada").await;
    let link = site.reset_link("ada").await;
    let page = site.open(&link).await;
    site.clock.advance(Duration::from_mins(30));
    let expired = site.open(&link).await;
    assert_snapshot!(expired.transcript(), @r"
    410 Gone
    Notes
    This link has expired
    For your safety, a link works only for a short time. Your password has not been changed. Please ask for a new e-mail in the app.
    ");
    assert_eq!(site.submit(&page, &NEW).await.transcript(), expired.transcript());
    let short = site.submit(&page, &[("password", "1"), ("repeated", "2")]).await;
    assert_eq!(short.transcript(), expired.transcript());
    assert_eq!(site.log_in("ada", "ada-password").await, "yes");
}

#[tokio::test]
async fn s31_a_link_that_became_void_says_so() {
    let site = Site::start().await;
    site.confirmed("ada").await;
    let old = site.reset_link("ada").await;
    let page = site.open(&old).await;
    site.clock.advance(Duration::from_mins(10));
    let new = site.reset_link("ada").await;
    // A newer link changes nothing until it is used.
    assert_eq!(site.open(&old).await.status, 200);
    assert_eq!(site.submit(&site.open(&new).await, &NEW).await.status, 200);
    let void = site.open(&old).await;
    assert_snapshot!(void.transcript(), @r"
    410 Gone
    Notes
    This link no longer works
    Another link was used, or the password was changed, after this e-mail was sent. If you did not choose a new password, please ask for a new link in the app.
    ");
    assert_eq!(site.submit(&page, &NEW).await.transcript(), void.transcript());
}

#[tokio::test]
async fn s32_a_token_of_one_purpose_is_not_valid_on_the_page_of_the_other() {
    let site = Site::start().await;
    let confirm = site.pending("ada").await;
    let reset = site.reset_link("ada").await;
    let before = site.rows().await;
    for (path, link) in [(&reset.path, &confirm), (&confirm.path, &reset)] {
        let page = site
            .get(&format!("{path}?token={}&tokenId={}", link.token, link.token_id))
            .await;
        assert_eq!((page.status.as_u16(), page.has_form()), (400, false));
        let fields: Vec<_> = link.fields().into_iter().chain(NEW).collect();
        assert_eq!(site.post(path, &fields).await.transcript(), page.transcript());
    }
    assert_eq!(
        site.post(&format!("{}/renew", confirm.path), &reset.fields())
            .await
            .status,
        400
    );
    assert_eq!(site.rows().await, before);
}

#[tokio::test]
async fn s29_of_many_forms_sent_in_parallel_one_wins() {
    let site = Site::start().await;
    site.confirmed("ada").await;
    let page = site.open(&site.reset_link("ada").await).await;
    let passwords: Vec<_> = (0..16).map(|number| format!("password {number}")).collect();
    let sent = passwords.iter().map(|password| {
        let (site, page) = (&site, &page);
        async move {
            site.submit(page, &[("password", password), ("repeated", password)])
                .await
                .status
                .as_u16()
        }
    });
    let mut statuses = futures_util::future::join_all(sent).await;
    let winner = statuses.iter().position(|status| *status == 200).unwrap();
    assert_eq!(site.log_in("ada", &passwords[winner]).await, "yes");
    statuses.remove(winner);
    assert_eq!(statuses, [410; 15]);
}
