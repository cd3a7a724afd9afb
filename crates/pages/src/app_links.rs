//! What lets a link open an app: files that operating systems fetch from the host that links lead to.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::IntoResponse;
use axum::routing::get;

/// The files that the owner of the host can have, by their names below `/.well-known/`.
pub const APP_LINK_FILES: [&str; 3] = ["apple-app-site-association", "assetlinks.json", "windows-app-web-link"];

/// `/.well-known/…` for each of these files: a name of [`APP_LINK_FILES`] and its JSON. Like the pages, it has no fallback.
///
/// All three systems want status 200 without a redirect and `application/json`, whatever the file's name ends with. None sends
/// credentials.
pub fn app_links(files: impl IntoIterator<Item = (&'static str, String)>) -> Router {
    files.into_iter().fold(Router::new(), |router, (name, json)| {
        let headers = [
            (CONTENT_TYPE, "application/json"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            // Apple keeps them for itself for hours anyway.
            (CACHE_CONTROL, "public, max-age=3600"),
        ];
        let answer = move || std::future::ready((headers, json.clone()).into_response());
        router.route(&format!("/.well-known/{name}"), get(answer))
    })
}
