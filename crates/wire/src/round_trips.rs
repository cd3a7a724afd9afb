//! Whatever the SDK writes, the server reads, and the other way round: every body survives being written and parsed.

use std::fmt::Debug;

use bolero::TypeGenerator;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::{
    AnonymousLogIn, ApiKey, ApiKeyLogIn, Call, CallReset, ConfirmUser, CreateApiKey, Device, EjsonArray, EmailOnly,
    ErrorBody, ErrorCode, FunctionLogIn, LogIn, LogInOptions, Profile, ProfileData, ProfileIdentity, Register,
    ResetPassword, Secret, Text, TokenLogIn, parse_object,
};

/// Writes a body, parses it as the type that wrote it, and checks that nothing was lost. Returns what was written.
fn round_trip<T: Serialize + DeserializeOwned>(body: &T) -> Value {
    let written = serde_json::to_vec(body).unwrap();
    let parsed: T = parse_object(&written).expect("what was written can be parsed");
    let written = serde_json::from_slice(&written).unwrap();
    assert_eq!(serde_json::to_value(&parsed).unwrap(), written);
    written
}

fn check<I: TypeGenerator + Debug + 'static>(property: impl Fn(&I) + std::panic::RefUnwindSafe) {
    bolero::check!()
        .with_type::<I>()
        .with_iterations(500)
        .for_each(|input| property(input));
}

fn options(device_id: Option<&str>) -> LogInOptions {
    LogInOptions::from(Device {
        app_id: "notes-abcde",
        platform: "linux",
        sdk: "an SDK",
        sdk_version: "1.0.0",
        device_id,
    })
}

/// A JSON value of one of several types, so that payloads and arguments are not only strings.
fn value(kind: u8, text: &str) -> Value {
    match kind % 6 {
        0 => Value::from(text),
        1 => Value::from(kind),
        2 => Value::Null,
        3 => json!([text, 1.5, true]),
        4 => json!({ text: { "$oid": text } }),
        _ => json!({}),
    }
}

#[test]
fn requests_about_accounts() {
    check::<(String, String, Vec<(u8, String)>)>(|(one, two, values)| {
        let register = Register {
            email: Secret::new(one),
            password: Secret::new(two),
        };
        assert_eq!(round_trip(&register), json!({ "email": one, "password": two }));

        let email = EmailOnly {
            email: Secret::new(one),
        };
        assert_eq!(round_trip(&email), json!({ "email": one }));

        let confirm = ConfirmUser {
            token: Text::new(one),
            token_id: Text::new(two),
        };
        assert_eq!(round_trip(&confirm), json!({ "token": one, "tokenId": two }));

        let reset = ResetPassword {
            password: Secret::new(one),
            token: Text::new(one),
            token_id: Text::new(two),
        };
        assert_eq!(
            round_trip(&reset),
            json!({ "password": one, "token": one, "tokenId": two })
        );

        let values: Vec<Value> = values.iter().map(|(kind, text)| value(*kind, text)).collect();
        let call = CallReset {
            email: Secret::new(one),
            password: Secret::new(two),
            arguments: EjsonArray::from(values.clone()),
        };
        assert_eq!(
            round_trip(&call),
            json!({ "email": one, "password": two, "arguments": values })
        );
    });
}

#[test]
fn a_function_gets_its_arguments_as_they_were_written() {
    check::<(String, Vec<(u8, String)>)>(|(name, values)| {
        let values: Vec<Value> = values.iter().map(|(kind, text)| value(*kind, text)).collect();
        let call = Call {
            name: name.clone(),
            arguments: EjsonArray::from(values),
        };
        let body = serde_json::to_vec(&call).unwrap();
        let parsed: Call = parse_object(&body).unwrap();
        assert_eq!(parsed.name, call.name);
        assert_eq!(parsed.arguments.as_json(), call.arguments.as_json());
    });
    // Numbers and the order of keys are those of the sender.
    let sent = r#"{"name":"f","arguments":[{"b":1.0,"a":1e2}]}"#;
    let parsed: Call = parse_object(sent.as_bytes()).unwrap();
    assert_eq!(serde_json::to_string(&parsed).unwrap(), sent);
}

#[test]
fn logins() {
    check::<(String, String, Option<String>)>(|(one, two, device)| {
        let device = device.as_deref();
        let body = serde_json::to_vec(&LogIn {
            provider: Some("local-userpass"),
            username: Some(Text::new(one)),
            password: Some(Text::new(two)),
            options: Some(options(device)),
        });
        let log_in: LogIn = parse_object(&body.unwrap()).unwrap();
        assert_eq!(log_in.username.as_ref().unwrap().as_str(), Some(one.as_str()));
        assert_eq!(log_in.password.as_ref().unwrap().as_str(), Some(two.as_str()));
        assert_eq!(log_in.device_id(), device);
        assert_eq!(log_in.provider, None, "the path says it");

        let body = serde_json::to_vec(&ApiKeyLogIn {
            provider: Some("api-key"),
            key: Secret::new(one),
            options: Some(options(device)),
        });
        let log_in: ApiKeyLogIn = parse_object(&body.unwrap()).unwrap();
        assert_eq!(log_in.key.expose(), one);
        assert_eq!(log_in.options.unwrap().device_id(), device);

        let body = serde_json::to_vec(&TokenLogIn {
            provider: Some("custom-token"),
            token: Secret::new(one),
            options: Some(options(device)),
        });
        let log_in: TokenLogIn = parse_object(&body.unwrap()).unwrap();
        assert_eq!(log_in.token.expose(), one);
        assert_eq!(log_in.options.unwrap().device_id(), device);

        let body = serde_json::to_vec(&AnonymousLogIn {
            provider: Some("anon-user"),
            options: Some(options(device)),
        });
        let log_in: AnonymousLogIn = parse_object(&body.unwrap()).unwrap();
        assert_eq!(log_in.options.unwrap().device_id(), device);
    });
}

#[test]
fn a_login_function_gets_the_payload_without_the_options_of_the_sdk() {
    check::<(Vec<(u8, String, String)>, Option<String>)>(|(entries, device)| {
        let entries = entries.iter();
        let payload: Map<String, Value> = entries
            .map(|(kind, key, text)| (key.clone(), value(*kind, text)))
            .collect();
        let mut sent = payload.clone();
        sent.insert("options".to_owned(), json!("the app's own, which the SDK replaces"));
        let body = serde_json::to_vec(&FunctionLogIn::new(sent, options(device.as_deref())));
        let log_in: FunctionLogIn = parse_object(&body.unwrap()).unwrap();
        assert_eq!(log_in.payload(), Value::Object(payload).to_string());
        assert_eq!(log_in.device_id(), device.as_deref());
    });
    // Without an SDK nothing is added, and `options` may be the app's.
    let sent = r#"{"z":1.0,"options":"mine","a":{}}"#;
    let log_in: FunctionLogIn = parse_object(sent.as_bytes()).unwrap();
    assert_eq!(serde_json::to_string(&log_in).unwrap(), sent);
}

#[test]
fn profiles() {
    check::<(Vec<(String, String)>, Option<String>, Vec<(u8, String, String)>)>(|(identities, name, more)| {
        // A known name is a field, and cannot stand among the others as well.
        let more = more.iter().filter(|(_, key, _)| key != "email" && key != "name");
        let data = ProfileData {
            email: None,
            name: name.clone(),
            more: more
                .map(|(kind, key, text)| (key.clone(), value(*kind, text)))
                .collect(),
        };
        let identity = |(id, provider): &(String, String)| ProfileIdentity {
            id: id.clone(),
            provider_type: provider.clone(),
            provider_id: provider.clone(),
            provider_data: data.clone(),
        };
        let written = round_trip(&Profile {
            user_id: "5f1d7f3b6c9d4e0012345678".to_owned(),
            domain_id: "5f1d7f3b6c9d4e0087654321".to_owned(),
            identities: identities.iter().map(identity).collect(),
            data: data.clone(),
            kind: "normal".to_owned(),
        });
        assert_eq!(
            written["data"].get("email"),
            None,
            "what is unknown is absent, not null"
        );
        assert_eq!(written["data"].get("name"), name.clone().map(Value::from).as_ref());
    });
}

#[test]
fn api_keys() {
    check::<(String, String, Option<String>, bool)>(|(id, name, key, disabled)| {
        let create = CreateApiKey { name: name.clone() };
        assert_eq!(round_trip(&create), json!({ "name": name }));
        let written = round_trip(&ApiKey {
            id: id.clone(),
            key: key.as_ref().map(Secret::new),
            name: name.clone(),
            disabled: *disabled,
        });
        assert_eq!(written["_id"], *id);
        assert_eq!(written.get("key").is_some(), key.is_some());
    });
}

#[test]
fn errors() {
    check::<(String, Option<String>, String)>(|(error, code, link)| {
        let body = ErrorBody {
            error: error.clone(),
            error_code: code.clone().map(ErrorCode::from),
            link: link.clone(),
        };
        let parsed: ErrorBody = parse_object(&serde_json::to_vec(&body).unwrap()).unwrap();
        assert_eq!(parsed, body);
    });
    let incomplete: ErrorBody = parse_object(br#"{"error":null,"error_code":null}"#).unwrap();
    assert_eq!(serde_json::to_string(&incomplete).unwrap(), r#"{"error":"","link":""}"#);
}

#[test]
fn secrets_are_written_and_never_printed() {
    let register = Register {
        email: Secret::new("ada@example.com"),
        password: Secret::new("correct horse"),
    };
    assert_eq!(
        format!("{register:?}"),
        "Register { email: Secret(..), password: Secret(..) }"
    );
    assert_eq!(
        serde_json::to_string(&register).unwrap(),
        r#"{"email":"ada@example.com","password":"correct horse"}"#
    );
    let arguments = EjsonArray::from(vec![json!("correct horse")]);
    assert_eq!(format!("{arguments:?}"), "EjsonArray(..)");
}
