//! The three formats of exports.

use doorward_appdir::{
    AuthOperation, ConfirmationMethod, Environment, Format, FunctionSource, LoadOptions, ResetMethod, ValueContent,
    load,
};
use doorward_ejson::rules::Rule;
use serde_json::json;

use crate::app_dir::{AppDir, fixture};

#[test]
fn a_v1_export_loads() {
    let app = load(&fixture("v1"), &LoadOptions::default()).unwrap();

    assert_eq!(app.format, Format::V1);
    assert_eq!(app.root, fixture("v1"));
    assert_eq!((app.client_app_id.as_str(), app.name.as_str()), ("shop-abcde", "shop"));
    assert_eq!(
        (app.location.as_str(), app.deployment_model.as_str()),
        ("DE-FF", "LOCAL")
    );
    assert_eq!(app.allowed_request_origins, ["http://localhost:8080"]);
    let names: Vec<_> = app.providers.iter().map(|provider| provider.name.as_str()).collect();
    assert_eq!(names, ["local-userpass", "oauth2-google"]);
    assert_eq!(app.providers[1].domain_restrictions, ["example.com"]);
    assert_eq!(
        app.providers[1].metadata_fields,
        [json!({"name": "email", "required": true})]
    );

    // The function is known by its id only.
    let userpass = app.userpass.unwrap();
    assert_eq!(
        userpass.confirmation(),
        ConfirmationMethod::Function("confirmFunc".to_owned())
    );
    let url = Some("https://shop.example.com/reset".to_owned());
    assert_eq!(userpass.reset(), ResetMethod::Email { url, subject: None });
    let inactive = userpass.keys.email_confirmation_url.as_deref();
    assert_eq!(
        inactive,
        Some("https://shop.example.com/confirm"),
        "inactive keys are kept"
    );

    assert_eq!(app.functions.len(), 1);
    assert!(app.functions[0].private);
    assert_eq!(app.functions[0].id.as_deref(), Some("5f60207f14dfb25d23101102"));
    assert_eq!(app.authentication_triggers[0].function, "confirmFunc");
    assert_eq!(
        app.legacy_secrets.find("__twilio_svc_auth_token"),
        Some("plain text token")
    );
    assert_eq!(
        app.values[0].content,
        ValueContent::Secret("__twilio_svc_auth_token".to_owned())
    );
    let data = app.custom_user_data.unwrap();
    assert_eq!(
        (data.enabled, data.service_name.as_deref()),
        (true, Some("mongodb-atlas"))
    );
    assert_eq!(app.service_names.into_iter().collect::<Vec<_>>(), ["twilio_svc"]);
}

#[test]
fn a_v2_export_loads() {
    let app = load(&fixture("v2"), &LoadOptions::default()).unwrap();

    assert_eq!((app.format, app.environment), (Format::V2, Environment::Development));
    assert_eq!(app.client_app_id, "tasks-abcde");
    assert_eq!(app.internal_app_id.as_deref(), Some("5f60207f14dfb25d23101201"));
    assert_eq!(app.group_id.as_deref(), Some("5f60207f14dfb25d23101200"));
    assert_eq!(app.allowed_request_origins, ["https://dev.example.com"]);
    assert_eq!(app.environment_values["limits"], json!({"perDay": 5}));

    let userpass = app.userpass.unwrap();
    let url = Some("http://dev.example.com/confirm".to_owned());
    let subject = Some("Welcome to tasks".to_owned());
    assert_eq!(userpass.confirmation(), ConfirmationMethod::Email { url, subject });
    assert_eq!(userpass.reset(), ResetMethod::Function("resetFunc".to_owned()));
    assert_eq!(app.providers[2].name, "custom-token");
    assert_eq!(app.providers[2].secret_config["signingKeys"], ["signingKey"]);

    let names: Vec<_> = app.functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(names, ["resetFunc", "utils/add", "unlisted"]);
    assert!(app.functions[0].run_as_system && app.functions[0].disable_arg_logs && app.functions[0].private);
    assert_eq!(
        app.functions[1].can_evaluate,
        Some(Rule::parse(&json!({"%%user.id": "1"})))
    );
    let (path, text) = (
        "functions/utils/add.js".to_owned(),
        "exports = (a, b) => a + b;\n".to_owned(),
    );
    assert_eq!(app.functions[1].source, FunctionSource::Script { path, text });

    assert_eq!(app.authentication_triggers.len(), 1);
    let trigger = &app.authentication_triggers[0];
    assert_eq!(trigger.operations, [AuthOperation::Create, AuthOperation::Delete]);
    assert_eq!((trigger.function.as_str(), trigger.disabled), ("unlisted", false));
    let greeting = json!({"text": "Hello from dev.example.com", "footer": null});
    assert_eq!(app.values[0].content, ValueContent::Plain(greeting));
    assert_eq!(app.service_names.into_iter().collect::<Vec<_>>(), ["mongodb-atlas"]);
}

#[test]
fn a_v3_export_loads() {
    let app = load(&fixture("v3"), &LoadOptions::default()).unwrap();

    assert_eq!((app.format, app.environment), (Format::V3, Environment::Production));
    assert_eq!(
        (app.client_app_id.as_str(), app.name.as_str()),
        ("fitness-abcde", "fitness")
    );
    assert_eq!(app.internal_app_id.as_deref(), Some("64b0f0f0f0f0f0f0f0f0f0f0"));
    assert_eq!(app.location, "IE", "the region of the cloud stands for a location");
    let userpass = app.userpass.unwrap();
    assert_eq!(userpass.confirmation(), ConfirmationMethod::Automatic);
    let (url, subject) = (Some("fitness://reset".to_owned()), Some("Your new password".to_owned()));
    assert_eq!(userpass.reset(), ResetMethod::Email { url, subject });
    let data = app.custom_user_data.unwrap();
    assert_eq!(data.on_user_creation_function.as_deref(), Some("onUserCreation"));
    assert!(
        matches!(&app.functions[1].source, FunctionSource::Webhook { url, .. } if url.host_str() == Some("hooks.example.com"))
    );
}

#[test]
fn everything_but_the_root_file_may_be_missing() {
    let app = AppDir::v2().app();
    assert_eq!(
        (app.deployment_model.as_str(), app.location.as_str()),
        ("GLOBAL", "US-VA")
    );
    assert_eq!(app.environment, Environment::NoEnvironment);
    assert!(app.userpass.is_none() && app.providers.is_empty() && app.functions.is_empty());
}

#[test]
fn null_counts_as_absent() {
    let config = r#"{"autoConfirm":null,"emailConfirmationUrl":null,"confirmEmailSubject":null}"#;
    let app = AppDir::userpass(config)
        .file(
            "realm_config.json",
            r#"{"config_version":1,"app_id":"app-abcde","name":null,"environment":null,
                "allowed_request_origins":null,"custom_user_data_config":null,"security":null}"#,
        )
        .file("auth/custom_user_data.json", "null")
        .app();
    assert_eq!(app.name, "app-abcde", "without a name the id names it");
    let method = ConfirmationMethod::Email {
        url: None,
        subject: None,
    };
    assert_eq!(app.userpass.unwrap().confirmation(), method);
}

#[test]
fn a_byte_order_mark_is_no_obstacle() {
    let dir = AppDir::empty().bytes(
        "realm_config.json",
        b"\xef\xbb\xbf{\"config_version\":1,\"app_id\":\"a\"}",
    );
    assert_eq!(dir.app().client_app_id, "a");
}
