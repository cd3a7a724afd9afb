//! What must never happen on a page.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::CONTENT_LENGTH;
use insta::assert_snapshot;

use crate::setup::Site;
use crate::visible::Reply;

#[tokio::test]
async fn s40_nothing_but_a_form_changes_anything() {
    let site = Site::start().await;
    let confirm = site.pending("ada").await;
    site.confirmed("bob").await;
    let reset = site.reset_link("bob").await;
    let before = site.rows().await;
    assert!(
        before.contains("ada@example.com") && before.contains(&reset.token_id),
        "{before}"
    );

    let renew = format!(
        "{}/renew?token={}&tokenId={}",
        confirm.path, confirm.token, confirm.token_id
    );
    for url in [
        confirm.url(),
        reset.url(),
        format!("{}&password=secret1&repeated=secret1", reset.url()),
        renew,
    ] {
        for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "PROPFIND"] {
            let request = Request::builder()
                .method(method)
                .uri(&url)
                .header("purpose", "prefetch");
            let reply = site.send(request.body(Body::empty()).unwrap()).await;
            let expected = if ["GET", "HEAD"].contains(&method) && !url.contains("renew") {
                200
            } else {
                405
            };
            assert_eq!(reply.status.as_u16(), expected, "{method} {url}");
        }
        // Nor does a POST of the link itself, without the form's fields.
        assert!(site.post(&url, &[]).await.status.is_client_error(), "{url}");
    }
    assert_eq!(site.rows().await, before);
    assert_eq!(site.mails().await, 3);
}

#[tokio::test]
async fn s40_a_head_request_is_answered_like_a_get_without_the_body() {
    let site = Site::start().await;
    let link = site.pending("ada").await;
    let get = site.open(&link).await;
    let head = site.send(Request::head(link.url()).body(Body::empty()).unwrap()).await;
    assert_eq!((head.status, head.body.as_str()), (get.status, ""));
    assert_eq!(head.headers, get.headers);
}

#[tokio::test]
async fn s41_every_page_carries_the_headers_that_keep_its_token() {
    let site = Site::start().await;
    let link = site.pending("ada").await;
    let page = site.open(&link).await;
    assert_snapshot!(headers(&page), @r"
    cache-control: no-store
    content-security-policy: default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'
    content-type: text/html; charset=utf-8
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    x-frame-options: DENY
    ");
    let put = Request::put(link.url()).body(Body::empty()).unwrap();
    let others = [
        site.open(&link.forged()).await,
        site.get("/app/notes-abcde/confirm").await,
        site.get("/app/nobody/confirm").await,
        site.get("/app/%FF/confirm").await,
        site.post(&link.path, &[("token", &"a".repeat(70_000))]).await,
        site.send(Request::post(&link.path).body(Body::from("{}")).unwrap())
            .await,
        site.send(put).await,
        site.submit(&page, &[]).await,
    ];
    for reply in others {
        let keep = [
            "cache-control",
            "content-security-policy",
            "referrer-policy",
            "x-content-type-options",
            "x-frame-options",
            "content-type",
        ];
        for name in keep {
            assert_eq!(
                reply.header(name),
                page.header(name),
                "{name} of {}",
                reply.transcript()
            );
        }
        assert!(reply.body.contains("<html lang=\"en\">") && reply.body.contains("<title>"));
    }
}

#[tokio::test]
async fn s41_the_script_takes_the_token_out_of_the_address_and_does_nothing_else_with_it() {
    let site = Site::start().await;
    let script = site.get("/assets/doorward/page.js").await;
    assert!(
        script
            .body
            .contains("history.replaceState(null, \"\", location.pathname)")
    );
    for sends in [
        "fetch",
        "XMLHttpRequest",
        "sendBeacon",
        "submit()",
        "click()",
        "localStorage",
        "cookie",
    ] {
        assert!(!script.body.contains(sends), "{sends}");
    }
    assert_snapshot!(headers(&script), @r"
    cache-control: public, max-age=300
    content-security-policy: default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'
    content-type: text/javascript; charset=utf-8
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    x-frame-options: DENY
    ");
    assert_snapshot!(headers(&site.get("/assets/doorward/page.css").await), @r"
    cache-control: public, max-age=300
    content-security-policy: default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'
    content-type: text/css; charset=utf-8
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    x-frame-options: DENY
    ");
    // The page has no inline script or style, so the policy can forbid them.
    let page = site.open(&site.pending("ada").await).await;
    assert!(!page.body.contains("<style") && !page.body.contains(" style=") && !page.body.contains(" onclick="));
    assert_eq!(page.body.matches("<script").count(), 1);
}

#[tokio::test]
async fn t06_no_request_header_reaches_a_page() {
    let site = Site::start().await;
    let link = site.pending("ada").await;
    let plain = site.open(&link).await;
    let names = [
        "host",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-prefix",
        "forwarded",
        "referer",
        "origin",
        "accept-language",
    ];
    let mut request = Request::get(link.url());
    for name in names {
        request = request.header(name, "evil.example");
    }
    let reply = site.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((reply.body, reply.headers), (plain.body, plain.headers));
    let absolute = Request::get(format!("https://evil.example{}", link.url()))
        .body(Body::empty())
        .unwrap();
    assert!(!site.send(absolute).await.body.contains("evil"));
}

#[tokio::test]
async fn t15_what_an_owner_or_a_visitor_wrote_is_text_and_never_markup() {
    let name = "<script>alert(1)</script> & \"Sons\" {{ 7 * 7 }}";
    let site = Site::with(|app| app.name = name.to_owned()).await;
    let link = site.pending("ada").await;
    let page = site.open(&link).await;
    assert_snapshot!(page.transcript(), @r#"
    200 OK
    <script>alert(1)</script> & "Sons" {{ 7 * 7 }}
    Confirm your e-mail address
    One press on the button confirms that this e-mail address is yours.
    ( Confirm e-mail address )
    "#);
    for reply in [&page, &site.open(&link.forged()).await, &site.submit(&page, &[]).await] {
        assert!(!reply.body.contains("<script>alert"), "{}", reply.body);
        assert!(reply.transcript().contains(name));
    }
    let injected = site
        .get("/app/%3Cscript%3E/confirm?token=%22%3E%3Cscript%3E&tokenId=%27")
        .await;
    assert!(!injected.body.contains("<script>"), "{}", injected.body);
    let injected = site
        .post(&link.path, &[("token", "\"><script>"), ("tokenId", "'><script>")])
        .await;
    assert!(!injected.body.contains("><script>"), "{}", injected.body);
}

#[tokio::test]
async fn t16_a_token_reaches_no_header_and_no_log() {
    let log = crate::trouble::Log::start();
    let mut site = Site::start().await;
    let confirm = site.pending("ada").await;
    site.confirmed("bob").await;
    let reset = site.reset_link("bob").await;
    let password = "hunter2 hunter2";
    let fields = [("password", password), ("repeated", password)];

    let confirm_page = site.open(&confirm).await;
    let reset_page = site.open(&reset).await;
    let mut replies = vec![
        site.open(&confirm.forged()).await,
        site.submit(&confirm_page, &[]).await,
    ];
    site.become_busy();
    replies.push(site.submit(&reset_page, &fields).await);
    site.store.close().await;
    replies.push(site.submit(&reset_page, &fields).await);
    replies.push(site.open(&confirm).await);
    replies.extend([confirm_page, reset_page]);

    let log = log.text();
    assert!(log.contains("a page failed"), "{log}");
    let secrets = [&confirm.token, &confirm.forged().token, &reset.token, password];
    for secret in secrets {
        assert!(!log.contains(secret), "{log}");
        for reply in &replies {
            assert!(!format!("{:?}", reply.headers).contains(secret));
        }
    }
    // Nor does a page link to another site, which would get a referrer.
    for reply in &replies {
        assert!(
            !reply.body.contains("<a ") && !reply.body.contains("http"),
            "{}",
            reply.body
        );
        assert!(!reply.body.contains(password));
    }
}

#[tokio::test]
async fn t20_a_link_of_one_app_is_not_valid_in_another() {
    let (notes, tasks) = (
        Site::start().await,
        Site::with(|app| app.object_id = "0123456789abcdef01234567".parse().unwrap()).await,
    );
    let link = notes.pending("ada").await;
    assert_eq!(tasks.open(&link).await.status, 400);
    assert_eq!(tasks.post(&link.path, &link.fields()).await.status, 400);
}

/// The headers, one per line, without `content-length`, which any change of the text changes.
fn headers(reply: &Reply) -> String {
    let headers = reply.headers.iter().filter(|(name, _)| *name != CONTENT_LENGTH);
    let mut lines: Vec<_> = headers
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    lines.join("\n")
}
