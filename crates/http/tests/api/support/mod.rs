//! What several areas need.

pub(crate) mod jwt;
pub(crate) mod raw;

use std::future::Future;

use doorward_http::HttpLimits;
use doorward_testkit::{Reply, TestAppBuilder};

/// The seven calls of e-mail and password accounts.
pub(crate) const CALLS: [&str; 7] = [
    "register",
    "confirm",
    "confirm/send",
    "confirm/call",
    "reset",
    "reset/send",
    "reset/call",
];

/// The content type that native SDKs send with everything.
pub(crate) const CORE_JSON: &str = "application/json;charset=utf-8";

/// Takes bodies of a mebibyte: for tests of what reads them, where the usual limit would refuse them first.
pub(crate) fn large_bodies(app: TestAppBuilder) -> TestAppBuilder {
    app.limits(HttpLimits {
        body: 1 << 20,
        ..HttpLimits::default()
    })
}

/// A well-formed token pair that was never issued.
pub(crate) fn unknown_pair() -> (String, String) {
    ("5f".repeat(64), "0123456789abcdef01234567".to_owned())
}

/// A text in which these values stand under their names: ids differ from run to run, while equal ids stay equal.
pub(crate) fn named(text: &str, names: &[(&str, &str)]) -> String {
    names
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(value, name))
}

/// The status and, of an error, everything by which a client could distinguish it from another, except
/// the id that each answer has of its own.
pub(crate) fn distinguishable(reply: &Reply) -> String {
    let id = reply
        .header("x-appservices-request-id")
        .expect("an answer has a request id");
    let headers: Vec<String> = reply
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    format!("{}\n{}\n\n{}", reply.status(), headers.join("\n"), reply.text()).replace(id, "[request]")
}

/// Runs `count` calls concurrently, on as many threads as the test has, and returns what they return.
pub(crate) async fn concurrency<F>(count: usize, one: impl Fn(usize) -> F) -> Vec<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|number| tokio::spawn(one(number))).collect();
    let mut results = Vec::with_capacity(count);
    for task in tasks {
        results.push(task.await.expect("no request panics"));
    }
    results
}
