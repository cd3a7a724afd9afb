//! Every failure becomes a calm page with the right status, and keeps the link where it can.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::Request;
use axum::routing::any;
use insta::assert_snapshot;

use crate::setup::Site;

const NEW: [(&str, &str); 2] = [("password", "correct horse"), ("repeated", "correct horse")];

#[tokio::test]
async fn s12_a_busy_server_keeps_the_link() {
    let mut site = Site::start().await;
    site.confirmed("ada").await;
    let page = site.open(&site.reset_link("ada").await).await;
    let before = site.rows().await;
    let idle = site.router.clone();
    site.become_busy();
    let busy = site.submit(&page, &NEW).await;
    assert_snapshot!(busy.transcript(), @r"
    429 Too Many Requests
    Notes
    Choose a new password
    ! There is a lot going on just now. Nothing has been changed, and your link still works. Please try again in a moment.
    New password
    [password]
    New password again
    [repeated]
    ( Change password )
    ");
    assert!(busy.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(site.rows().await, before);

    site.router = idle;
    assert_eq!(site.submit(&busy, &NEW).await.status, 200);
}

#[tokio::test]
async fn t18_without_a_database_every_page_asks_to_try_again_and_keeps_the_link() {
    let site = Site::start().await;
    let confirm = site.pending("ada").await;
    let expired = format!("{}/renew", confirm.path);
    site.confirmed("bob").await;
    let reset = site.reset_link("bob").await;
    let (confirm_page, reset_page) = (site.open(&confirm).await, site.open(&reset).await);
    site.store.close().await;

    let opened = site.open(&confirm).await;
    assert_snapshot!(opened.transcript(), @r"
    503 Service Unavailable
    Notes
    Confirm your e-mail address
    ! Something on our side is not available just now. Please try again in a moment.
    ( Try again )
    ");
    // The script has taken the token out of the address bar by now, so the form must load the link again.
    let form = opened.form();
    let hidden: Vec<_> = form
        .hidden
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        (form.method.as_str(), &form.action, hidden.as_slice()),
        ("get", &confirm.path, confirm.fields().as_slice())
    );

    assert_snapshot!(site.submit(&confirm_page, &[]).await.transcript(), @r"
    503 Service Unavailable
    Notes
    Confirm your e-mail address
    ! Something on our side is not available just now. Please try again in a moment.
    ( Confirm e-mail address )
    ");
    assert_snapshot!(site.open(&reset).await.transcript(), @r"
    503 Service Unavailable
    Notes
    Choose a new password
    ! Something on our side is not available just now. Please try again in a moment.
    ( Try again )
    ");
    let sent = site.submit(&reset_page, &NEW).await;
    assert_snapshot!(sent.transcript(), @r"
    503 Service Unavailable
    Notes
    Choose a new password
    ! Something on our side is not available just now. Please try again in a moment.
    New password
    [password]
    New password again
    [repeated]
    ( Change password )
    ");
    assert_eq!(sent.form().hidden, reset_page.form().hidden);
    let renewed = site.post(&expired, &confirm.fields()).await;
    assert_snapshot!(renewed.transcript(), @r"
    503 Service Unavailable
    Notes
    This link has expired
    ! Something on our side is not available just now. Please try again in a moment.
    ( Send a new link )
    ");
}

#[tokio::test]
async fn t18_a_panic_ends_one_page_and_reveals_nothing() {
    let mut site = Site::start().await;
    let link = site.pending("ada").await;
    site.become_broken();
    let reply = site.post(&format!("{}/renew", link.path), &link.fields()).await;
    assert_snapshot!(reply.transcript(), @r"
    500 Internal Server Error
    Something went wrong
    That is our fault, not yours. Please try again in a moment.
    ");
    assert!(!reply.body.contains("secret"));
    assert_eq!(site.open(&link).await.status, 200);
}

#[tokio::test]
async fn a_form_that_is_not_ours_is_a_page_too() {
    let site = Site::start().await;
    let path = site.pending("ada").await.path;
    let json = Request::post(&path)
        .header("content-type", "application/json")
        .body(Body::from("{}"))
        .unwrap();
    assert_snapshot!(site.send(json).await.transcript(), @r"
    400 Bad Request
    Notes
    That did not work
    What was sent could not be read. Nothing has been changed. Please open the link in the e-mail again.
    ");
    let large = site.post(&path, &[("token", &"a".repeat(65 * 1024))]).await;
    assert_snapshot!(large.transcript(), @r"
    413 Payload Too Large
    Notes
    That is too much
    More was sent than this page can take. Nothing has been changed. Please open the link in the e-mail again.
    ");
    let twice = site.post(&path, &[("token", "a"), ("token", "b")]).await;
    assert_eq!(twice.status, 400);
    assert_snapshot!(site.post(&path, &[]).await.transcript(), @r"
    400 Bad Request
    Notes
    Please open the link in your e-mail
    This page only works when it is opened from the link in the e-mail. Please go back to the e-mail and open it from there.
    ");
}

#[tokio::test]
async fn a_form_that_never_arrives_is_given_up() {
    let site = Site::start().await;
    tokio::time::pause();
    let never = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = Request::post("/app/notes-abcde/confirm").header("content-type", "application/x-www-form-urlencoded");
    assert_snapshot!(site.send(request.body(never).unwrap()).await.transcript(), @r"
    408 Request Timeout
    Notes
    The connection was too slow
    Not everything arrived in time. Nothing has been changed. Please open the link in the e-mail again.
    ");
}

#[tokio::test]
async fn an_unknown_app_is_a_page_without_a_name() {
    let site = Site::start().await;
    let reply = site.get("/app/nobody/confirm").await;
    assert_snapshot!(reply.transcript(), @r"
    404 Not Found
    Page not found
    There is nothing at this address. Please open the link in the e-mail again, or go back to the app.
    ");
    for path in ["/app/nobody/reset", "/app/%FF/reset", "/app/NOTES-ABCDE/confirm"] {
        assert_eq!(site.get(path).await.transcript(), reply.transcript(), "{path}");
        assert_eq!(site.post(path, &[]).await.transcript(), reply.transcript(), "{path}");
    }
}

#[tokio::test]
async fn another_method_is_a_page_that_names_the_right_ones() {
    let site = Site::start().await;
    let reply = site
        .send(Request::delete("/app/notes-abcde/confirm").body(Body::empty()).unwrap())
        .await;
    assert_snapshot!(reply.transcript(), @r"
    405 Method Not Allowed
    This page works only from the e-mail
    Please open the link in the e-mail again, or go back to the app.
    ");
    assert_eq!(reply.header("allow"), Some("GET,HEAD,POST"));
}

#[tokio::test]
async fn the_pages_can_be_merged_with_a_router_that_has_the_last_word() {
    let mut site = Site::start().await;
    site.router = site
        .router
        .clone()
        .merge(axum::Router::new().fallback(any(async || "the client API")));
    assert_eq!(site.get("/nowhere").await.body, "the client API");
    assert_eq!(site.get("/app/notes-abcde").await.body, "the client API");
    assert_eq!(site.get("/app/notes-abcde/confirm").await.status, 400);
}

/// Everything that is logged on this thread, at every level.
pub(crate) struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: tracing::subscriber::DefaultGuard,
}

impl Log {
    pub(crate) fn start() -> Self {
        // Other tests log without a subscriber; the first one to reach a log statement would disable it for all
        // threads. A subscriber that is always interested prevents that.
        let _ = tracing_subscriber::util::SubscriberInitExt::try_init(tracing_subscriber::registry());
        let text = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&text);
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || LogWriter(Arc::clone(&writer)))
            .finish();
        Self {
            text,
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).unwrap()
    }
}

struct LogWriter(Arc<Mutex<Vec<u8>>>);

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
