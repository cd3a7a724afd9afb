//! Authentication triggers.

use doorward_appdir::AuthOperation;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::app_dir::AppDir;

fn trigger(rest: Value) -> AppDir {
    let mut trigger = json!({
        "name": "t", "type": "AUTHENTICATION", "function_name": "f",
        "config": { "operation_type": "LOGIN", "providers": ["local-userpass"] },
    });
    let Value::Object(rest) = rest else { panic!("an object") };
    trigger.as_object_mut().unwrap().extend(rest);
    AppDir::v2()
        .file("functions/f.js", "")
        .file("triggers/any name.json", &trigger.to_string())
}

#[test]
fn the_operation_may_be_a_string_or_an_array() {
    assert_eq!(
        trigger(json!({})).app().authentication_triggers[0].operations,
        [AuthOperation::Login]
    );
    let several = trigger(json!({ "config": { "operation_type": ["CREATE", "DELETE"] } }));
    let operations = [AuthOperation::Create, AuthOperation::Delete];
    assert_eq!(several.app().authentication_triggers[0].operations, operations);
    assert_snapshot!(trigger(json!({ "config": { "operation_type": "UPDATE" } })).error(), @"failed to parse APP/triggers/any name.json: expected LOGIN, CREATE or DELETE, found a string at `/config/operation_type`, line 1, column 29. Write LOGIN, CREATE or DELETE there.");
    assert_snapshot!(trigger(json!({ "config": {} })).error(), @"failed to parse APP/triggers/any name.json: the trigger has no `operation_type` at `/config/operation_type`, line 1, column 11. Write LOGIN, CREATE or DELETE.");
}

#[test]
fn the_function_may_be_named_in_either_place_or_by_id() {
    let processors = json!({ "FUNCTION": { "config": { "function_name": "f" } } });
    let new = trigger(json!({ "function_name": null, "event_processors": processors }));
    assert_eq!(new.app().authentication_triggers[0].function, "f");
    let by_id = trigger(json!({ "function_name": "", "function_id": "5f60207f14dfb25d23101102" })).file(
        "functions/config.json",
        r#"[{"name":"f","id":"5f60207f14dfb25d23101102"}]"#,
    );
    assert_eq!(by_id.app().authentication_triggers[0].function, "f");
}

#[test]
fn a_trigger_without_a_function_is_ignored() {
    let dir = trigger(json!({ "function_name": null, "event_processors": { "AWS_EVENTBRIDGE": {} } }));
    assert!(dir.app().authentication_triggers.is_empty());
    assert_snapshot!(dir.lines("trigger \"t\"").join("\n"), @"ignored: it calls no function (triggers/any name.json)");
    assert_snapshot!(dir.lines("event processor \"AWS_EVENTBRIDGE\"").join("\n"), @"ignored: triggers call functions only (triggers/any name.json)");
}

#[test]
fn an_enabled_trigger_needs_its_function() {
    assert_snapshot!(trigger(json!({ "function_name": "gone" })).error(), @r#"failed to parse APP/triggers/any name.json: trigger "t" calls the function "gone", which does not exist, at `/function_name`, line 1, column 85. Add the function "gone" to the functions folder, or correct the name."#);
    let dir = trigger(json!({ "function_name": "gone", "disabled": true }));
    assert!(dir.app().authentication_triggers[0].disabled);
    assert_snapshot!(dir.lines("trigger \"t\"").join("\n"), @r#"warning: trigger "t" calls the function "gone", which does not exist; no error while it is disabled (triggers/any name.json)"#);
}

#[test]
fn names_are_unique_and_well_formed() {
    let dir = trigger(json!({})).file(
        "triggers/other.json",
        r#"{"name":"t","type":"AUTHENTICATION","function_name":"f","config":{"operation_type":"LOGIN"}}"#,
    );
    assert_snapshot!(dir.error(), @r#"failed to parse APP/triggers/other.json: a second trigger is called "t" at `/name`, line 1, column 9. Rename or remove one of the two."#);
    assert_snapshot!(trigger(json!({ "name": "a b" })).error(), @r#"failed to parse APP/triggers/any name.json: the trigger name "a b" is not valid at `/name`, line 1, column 96. Write 1 to 64 ASCII letters, digits, `_` or `-`."#);
}

#[test]
fn the_hook_of_user_creation_must_exist_even_without_custom_data() {
    let dir = AppDir::v2().file(
        "auth/custom_user_data.json",
        r#"{"enabled":false,"on_user_creation_function_name":"gone"}"#,
    );
    assert_snapshot!(dir.error(), @r#"failed to parse APP/auth/custom_user_data.json: user creation calls the function "gone", which does not exist, at `/on_user_creation_function_name`, line 1, column 51. Add the function "gone" to the functions folder, or correct the name."#);
}
