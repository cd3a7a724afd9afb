//! Requests as clients really send them: Dart writes methods in lower case, and some base URLs end in a slash.
//! Redirecting would lose the body or the method in some HTTP stacks, so the request is tidied before it is routed.

use axum::extract::Request;
use http::uri::PathAndQuery;
use http::{Method, Uri};
use tower::util::MapRequest;

/// Wraps a service so that lower-case methods and repeated or trailing slashes make no difference to it.
pub fn tidy_requests<S>(service: S) -> MapRequest<S, fn(Request) -> Request> {
    MapRequest::new(service, tidy)
}

fn tidy(mut request: Request) -> Request {
    if request.method().as_str().bytes().any(|byte| byte.is_ascii_lowercase()) {
        let upper = request.method().as_str().to_ascii_uppercase();
        if let Ok(method) = Method::from_bytes(upper.as_bytes()) {
            *request.method_mut() = method;
        }
    }
    if let Some(uri) = tidy_path(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

/// The URI with single slashes and none at the end; `None` when it already is.
fn tidy_path(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    if !path.contains("//") && (path.len() <= 1 || !path.ends_with('/')) {
        return None;
    }
    let mut tidy = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        tidy.push('/');
        tidy.push_str(segment);
    }
    if tidy.is_empty() {
        tidy.push('/');
    }
    if let Some(query) = uri.query() {
        tidy.push('?');
        tidy.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(tidy).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_are_single() {
        for (from, to) in [
            ("/a//b", Some("/a/b")),
            ("//a/b/", Some("/a/b")),
            ("/a/b///?x=//", Some("/a/b?x=//")),
            ("//", Some("/")),
            ("/a/b?x=1", None),
            ("/", None),
        ] {
            assert_eq!(
                tidy_path(&from.parse().unwrap()).map(|uri| uri.to_string()).as_deref(),
                to,
                "{from}"
            );
        }
    }
}
