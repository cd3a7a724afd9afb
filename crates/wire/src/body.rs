//! Parsing a request body.

use serde::de::DeserializeOwned;

/// The body is not the expected JSON object. The error has no detail on purpose: a detail would quote the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyError;

/// Parses a JSON object. Wrong types, missing keys, duplicate keys and trailing bytes are errors; unknown keys are
/// ignored.
///
/// The whole body must be UTF-8 (RFC 8259 §8.1), strings of unknown keys included.
pub fn parse_object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BodyError> {
    // serde would also accept an array of the fields.
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'{') {
        return Err(BodyError);
    }
    // serde_json does not check the encoding of strings that it skips.
    let text = std::str::from_utf8(bytes).map_err(|_| BodyError)?;
    serde_json::from_str(text).map_err(|_| BodyError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ApiKeyLogIn, Call, CallReset, ConfirmUser, CreateApiKey, EmailOnly, ErrorBody, FunctionLogIn, LogIn, Register,
        ResetPassword, TokenLogIn,
    };

    #[test]
    fn only_an_object_with_the_right_keys_is_a_body() {
        assert!(parse_object::<Register>(br#" {"email":"a","password":"b","more":1} "#).is_ok());
        for bad in [
            "",
            "null",
            "[]",
            r#"["a","b"]"#,
            "{",
            r#"{"email":"a"}"#,
            r#"{"email":"a","password":null}"#,
            r#"{"email":["a"],"password":"b"}"#,
            r#"{"email":"a","email":"a","password":"b"}"#,
            r#"{"email":"a","password":"b"} x"#,
            "{\"email\":\"\\ud800\",\"password\":\"b\"}",
        ] {
            assert_eq!(parse_object::<Register>(bad.as_bytes()).err(), Some(BodyError), "{bad}");
        }
    }

    #[test]
    fn what_a_login_function_gets_is_what_was_sent_without_the_options_of_the_sdk() {
        let parsed = |body: &str| {
            let log_in = parse_object::<FunctionLogIn>(body.as_bytes()).ok()?;
            Some((log_in.payload().to_owned(), log_in.device_id().map(str::to_owned)))
        };
        let payload = |text: &str| Some((text.to_owned(), None));
        assert_eq!(parsed("{}"), payload("{}"));
        assert_eq!(
            parsed(r#"{"z":1.0, "a":{"b":[1e2]}, "options":{"device":{"sdk":"x"}}, "\"":"\u00e9"}"#),
            payload(r#"{"z":1.0,"a":{"b":[1e2]},"\"":"\u00e9"}"#)
        );
        assert_eq!(parsed(r#"{"options":"mine"}"#), payload(r#"{"options":"mine"}"#));
        assert_eq!(
            parsed(r#"{"options":{"device":{"deviceId":{"$oid":"0123"}}}}"#),
            Some(("{}".to_owned(), Some("0123".to_owned())))
        );
        for bad in ["", "[]", "null", "{", r#"{"a":1,"a":2}"#, "{\"a\":\"\\ud800\"}"] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(500), "]".repeat(500));
        assert_eq!(parsed(&deep), None);
    }

    #[test]
    fn t08_no_body_makes_the_parser_panic() {
        bolero::check!()
            .with_type::<Vec<u8>>()
            .with_iterations(20_000)
            .for_each(|bytes| all(bytes));
    }

    #[test]
    fn t08_no_object_makes_the_parser_panic() {
        bolero::check!()
            .with_type::<Vec<(u8, String)>>()
            .with_iterations(5_000)
            .for_each(|pairs| {
                let keys = [
                    "email",
                    "password",
                    "token",
                    "tokenId",
                    "username",
                    "options",
                    "arguments",
                    "name",
                ];
                let pair = |(choice, text): &(u8, String)| {
                    let key = keys[usize::from(*choice) % keys.len()];
                    let values = [
                        format!("{text:?}"),
                        text.clone(),
                        "null".to_owned(),
                        "[1]".to_owned(),
                        "{}".to_owned(),
                    ];
                    format!("\"{key}\":{}", values[usize::from(*choice) / keys.len() % values.len()])
                };
                let body = format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(","));
                all(body.as_bytes());
            });
    }

    fn all(bytes: &[u8]) {
        let _ = parse_object::<Register>(bytes);
        let _ = parse_object::<ConfirmUser>(bytes);
        let _ = parse_object::<EmailOnly>(bytes);
        let _ = parse_object::<ResetPassword>(bytes);
        let _ = parse_object::<CallReset>(bytes);
        let _ = parse_object::<Call>(bytes);
        let _ = parse_object::<ApiKeyLogIn>(bytes);
        let _ = parse_object::<TokenLogIn>(bytes);
        let _ = parse_object::<CreateApiKey>(bytes);
        let _ = parse_object::<ErrorBody>(bytes);
        if let Ok(log_in) = parse_object::<FunctionLogIn>(bytes) {
            let _ = log_in.device_id();
            let payload = serde_json::from_str::<serde_json::Value>(log_in.payload());
            assert!(payload.is_ok_and(|payload| payload.is_object()));
        }
        if let Ok(log_in) = parse_object::<LogIn>(bytes) {
            let _ = log_in.device_id();
        }
    }
}
