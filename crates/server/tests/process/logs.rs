//! Log lines as operators get them on standard error.

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{AppDir, Program};

/// What every stop logs.
const STOPPING: &str = "stopping: requests under way are finished first";

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_json_names_the_node_and_a_line_of_text_does_not() {
    let node = hostname::get().unwrap().to_string_lossy().into_owned();
    let json = lines(&[("DOORWARD_LOG_FORMAT", "json")]).await;
    let line: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(line["message"], STOPPING);
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["target"], "doorward::serve::stop");
    assert_eq!(line["node"], node);

    let text = lines(&[]).await;
    assert!(text.ends_with(&format!("Z  INFO {STOPPING}\n")), "{text:?}");
}

#[cfg(not(feature = "otlp"))]
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_this_binary_cannot_use_is_worth_a_warning() {
    let text = lines(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:unmistakable@127.0.0.1:4318")]).await;
    assert_eq!(text.matches("WARN").count(), 1, "{text}");
    assert!(text.contains("OTEL_EXPORTER_OTLP_ENDPOINT has no effect"), "{text}");
    assert!(!text.contains("unmistakable"), "{text}");
}

/// Standard error of a server that starts and stops with these environment variables.
async fn lines(environment: &[(&str, &str)]) -> String {
    let app = AppDir::without_confirmation();
    let data = TempDir::new().unwrap();
    let program = Program::serve(app.path(), data.path().to_str().unwrap());
    let program = environment
        .iter()
        .fold(program, |program, (name, value)| program.env(name, value));
    let ended = program.start().await.stop().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    ended.stderr
}
