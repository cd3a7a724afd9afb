//! Secrets do not leave a call, and what hides them breaks nothing.

use super::*;

/// The outcome of one function when a text is secret.
fn hiding(text: &str, wanted: Wanted, secret: &str) -> Result<Returned, String> {
    let call = Call {
        function: "f".to_owned(),
        arguments: Ejson::parse("[]".to_owned()).unwrap(),
        user: Ejson::default(),
        request: Ejson::default(),
        as_system: false,
        wanted,
        secrets: SecretTexts::from_iter([secret.to_owned()]),
        wall_time: Duration::from_secs(5),
    };
    let outcome = engine(&[("f", text)]).0.call(call).unwrap();
    outcome.result.map_err(|thrown| thrown.text)
}

#[test]
fn a_password_that_is_a_status_does_not_change_the_status() {
    for word in ["success", "pending", "fail"] {
        let text = format!("exports = () => ({{status: '{word}'}})");
        let status = hiding(&text, Wanted::Status, word).unwrap();
        assert_eq!(status, Returned::Status(Some(word.to_owned())));
    }
    let status = hiding("exports = () => ({status: 'it is hunter2'})", Wanted::Status, "hunter2");
    assert_eq!(status.unwrap(), Returned::Status(Some("it is [redacted]".to_owned())));
}

#[test]
fn an_identity_is_what_the_function_said() {
    let identity = hiding(
        "exports = () => ({id: 'ada-41', name: 'Ada'})",
        Wanted::Identity,
        "ada-41",
    );
    assert_eq!(
        identity.unwrap(),
        Returned::Identity(Some(("ada-41".to_owned(), Some("Ada".to_owned()))))
    );
}

#[test]
fn only_texts_of_a_value_are_redacted() {
    let value = |text: &str, secret: &str| match hiding(text, Wanted::Value, secret) {
        Ok(Returned::Value(value)) => value.as_str().to_owned(),
        other => format!("{other:?}"),
    };
    assert_eq!(
        value(
            "exports = () => ({n: 555555, t: true, s: '555555', d: new Date(555555)})",
            "555555"
        ),
        r#"{"n":{"$numberInt":"555555"},"t":true,"s":"[redacted]","d":{"$date":{"$numberLong":"555555"}}}"#
    );
    for notation in ["$numberInt", "true,\"c\"", "{\"n\":{", "\\u0001"] {
        assert_eq!(
            value("exports = () => ({n: 1, t: true, c: '\\u0001'})", notation),
            r#"{"n":{"$numberInt":"1"},"t":true,"c":"\u0001"}"#,
            "{notation}"
        );
    }
    assert_eq!(
        value(
            "exports = () => ({'open\"me': ['x open\"me y'], c: BSON.Decimal128.fromString('open\"me')})",
            "open\"me"
        ),
        r#"{"[redacted]":["x [redacted] y"],"c":{"$numberDecimal":"[redacted]"}}"#
    );
    assert_eq!(
        value(
            "exports = () => [new BSON.ObjectId('0123456789abcdef01234567')]",
            "0123456789abcdef01234567"
        ),
        r#"["[redacted]"]"#
    );
    assert_eq!(
        value(
            "exports = () => [new BSON.ObjectId('0123456789abcdef01234567')]",
            "012345"
        ),
        r#"[{"$oid":"0123456789abcdef01234567"}]"#
    );
}

#[test]
fn s77_no_choice_of_secrets_makes_more_of_a_text_than_it_was() {
    let text = "exports = () => { console.log('redacted e'.repeat(40)); throw 'redacted e'.repeat(40) }";
    let (mut engine, _) = engine(&[("f", text)]);
    let ends: [fn(usize) -> String; 4] = [
        |_| "e".to_owned(),
        |_| "redacted".to_owned(),
        |n| "[redacted]"[n % 5..].to_owned(),
        |n| "redacted e".repeat(20 + n),
    ];
    for secret in ends {
        let call = Call {
            function: "f".to_owned(),
            arguments: Ejson::parse("[]".to_owned()).unwrap(),
            user: Ejson::default(),
            request: Ejson::default(),
            as_system: true,
            wanted: Wanted::Identity,
            secrets: (0..40).map(secret).collect(),
            wall_time: Duration::from_secs(30),
        };
        let outcome = engine.call(call).unwrap();
        let thrown = outcome.result.unwrap_err().text;
        for shown in [&thrown, &outcome.console[0].text] {
            assert!(shown.len() <= 2 * 400, "{} of {}", shown.len(), secret(0));
        }
    }
}

#[test]
fn half_a_character_is_no_way_around() {
    assert_eq!(
        hiding("exports = () => 'hunter2\\ud800'", Wanted::Value, "hunter2").map(|it| format!("{it:?}")),
        hiding("exports = () => 'hunter2\\ufffd'", Wanted::Value, "hunter2").map(|it| format!("{it:?}"))
    );
    let Ok(Returned::Value(value)) = hiding("exports = () => 'hunter2\\ud800'", Wanted::Value, "hunter2") else {
        panic!("no value");
    };
    assert_eq!(value.as_str(), "\"[redacted]\u{fffd}\"");
}

#[test]
fn secrets_leave_in_no_error_whatever_was_thrown() {
    for thrown in ["'hunter2'", "{a: 'hunter2'}", "new TypeError('hunter2')", "['hunter2']"] {
        let text = hiding(
            &format!("exports = () => {{ throw {thrown} }}"),
            Wanted::Value,
            "hunter2",
        )
        .unwrap_err();
        assert!(text.contains("[redacted]") && !text.contains("hunter2"), "{text}");
    }
}
