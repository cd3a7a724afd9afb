//! The files that let a link open an app; operating systems fetch them from the link's host.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::IntoResponse;
use axum::routing::get;

/// The names of these files below `/.well-known/`.
pub const APP_LINK_FILES: [&str; 3] = ["apple-app-site-association", "assetlinks.json", "windows-app-web-link"];

/// Serves `/.well-known/…` for each of these files: a name of [`APP_LINK_FILES`] and its JSON. Like the pages, the
/// router has no fallback.
///
/// All three systems expect status 200 without a redirect and `application/json`, whatever the extension of the file.
/// None sends credentials.
pub fn app_links(files: impl IntoIterator<Item = (&'static str, String)>) -> Router {
    files.into_iter().fold(Router::new(), |router, (name, json)| {
        let headers = [
            (CONTENT_TYPE, "application/json"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            // Apple caches the files for hours anyway.
            (CACHE_CONTROL, "public, max-age=3600"),
        ];
        let answer = move || std::future::ready((headers, json.clone()).into_response());
        router.route(&format!("/.well-known/{name}"), get(answer))
    })
}
