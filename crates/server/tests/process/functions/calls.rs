//! Functions that signed-in users call by name.

use serde_json::json;

use super::World;
use crate::support::Call;

const FUNCTIONS: &[(&str, &str)] = &[
    (
        "sum.js",
        "exports = (...numbers) => numbers.reduce((a, b) => a + b, 0);",
    ),
    ("nothing.js", "exports = () => {};"),
    ("nil.js", "exports = () => null;"),
    ("mirror.js", "exports = (value) => value;"),
    ("oops.js", "exports = () => { throw new TypeError('it broke'); };"),
    ("unknownName.js", "exports = () => unknown;"),
    ("slow.js", "exports = () => { for (;;); };"),
    (
        "whoAmI.js",
        "exports = () => ({ user: context.user, system: context.runningAsSystem(), secret: context.functions.execute('hidden') });",
    ),
    ("hidden.js", "exports = () => 'told by ' + context.user.data.email;"),
    ("admins.js", "exports = () => 'hello';"),
    ("system.js", "exports = () => context.runningAsSystem();"),
    (
        "config.json",
        r#"[
            { "name": "hidden", "private": true },
            { "name": "admins", "can_evaluate": { "%%user.data.email": { "%in": ["ada@example.com"] } } },
            { "name": "system", "run_as_system": true }
        ]"#,
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn c197_and_c198_and_c199_and_c200_and_c205_and_c206_a_call_is_answered() {
    let world = World::with(FUNCTIONS, &["--function-timeout", "2s"]).await;
    let ada = world.signed_in("ada@example.com").await;
    let eve = world.signed_in("eve@example.com").await;
    let call = |name: &str, arguments: serde_json::Value| Call::function(&ada, name, &arguments);

    assert_eq!(
        world.told(call("nobody", json!([]))).await,
        "404 FunctionNotFound function not found: 'nobody'"
    );
    let int = |n: i32| json!({ "$numberInt": n.to_string() });
    let five: Vec<_> = (1..=5).map(int).collect();
    assert_eq!(world.ask(call("sum", json!(five))).await.body, r#"{"$numberInt":"15"}"#);
    assert_eq!(world.ask(call("sum", json!([]))).await.body, r#"{"$numberInt":"0"}"#);
    assert_eq!(
        world.ask(call("nothing", json!([]))).await.body,
        r#"{"$undefined":true}"#
    );
    assert_eq!(world.ask(call("nil", json!([]))).await.body, "null");

    assert_eq!(world.ask(call("admins", json!([]))).await.body, r#""hello""#);
    assert_eq!(
        world.told(Call::function(&eve, "admins", &json!([]))).await,
        r#"400 FunctionExecutionError rule not matched for function "admins""#
    );
    assert_eq!(
        world.told(call("oops", json!([]))).await,
        "400 FunctionExecutionError TypeError: it broke"
    );
    assert_eq!(
        world.told(call("unknownName", json!([]))).await,
        "400 FunctionExecutionError ReferenceError: 'unknown' is not defined"
    );
    assert_eq!(
        world.told(call("slow", json!([]))).await,
        "400 ExecutionTimeLimitExceeded execution time limit exceeded"
    );
    assert_eq!(world.ask(call("sum", json!([]))).await.body, r#"{"$numberInt":"0"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn private_functions_look_unknown_and_serve_other_functions() {
    let world = World::with(FUNCTIONS, &[]).await;
    let ada = world.signed_in("ada@example.com").await;
    for name in ["hidden", "confirmFunc2", "__proto__", "constructor", "", "../hidden"] {
        assert_eq!(
            world.told(Call::function(&ada, name, &json!([]))).await,
            format!("404 FunctionNotFound function not found: '{name}'")
        );
    }
    let answer = world.ask(Call::function(&ada, "whoAmI", &json!([]))).await.json();
    assert_eq!(answer["user"]["id"], ada.user);
    assert_eq!(answer["user"]["type"], "normal");
    assert_eq!(answer["user"]["data"]["email"], "ada@example.com");
    assert_eq!(answer["system"], false);
    assert_eq!(answer["secret"], "told by ada@example.com");
    assert_eq!(world.ask(Call::function(&ada, "system", &json!([]))).await.body, "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_of_extended_json_comes_back_as_it_was_sent() {
    let world = World::with(FUNCTIONS, &[]).await;
    let ada = world.signed_in("ada@example.com").await;
    for value in [
        json!({ "$numberInt": "42" }),
        json!({ "$numberLong": "9007199254740993" }),
        json!({ "$numberDouble": "1.5" }),
        json!({ "$numberDouble": "NaN" }),
        json!({ "$numberDecimal": "1.10" }),
        json!({ "$oid": "5f1d7f3b6c9d4e0012345678" }),
        json!({ "$date": { "$numberLong": "1700000000000" } }),
        json!({ "$binary": { "base64": "AQID", "subType": "04" } }),
        json!({ "$minKey": 1 }),
        json!({ "b": [{ "$numberInt": "1" }, "x", null, true], "a": {} }),
    ] {
        let answer = world.ask(Call::function(&ada, "mirror", &json!([value]))).await;
        assert_eq!(answer.json(), value, "{}", answer.body);
    }
    // The order of keys is kept, too.
    let reply = world
        .ask(Call::function(&ada, "mirror", &json!([{ "z": "1", "a": "2" }])))
        .await;
    assert_eq!(reply.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn s77_a_function_does_not_see_the_users_credentials() {
    let source = "exports = () => JSON.stringify(context.request);";
    let world = World::with(&[("request.js", source)], &[]).await;
    let ada = world.signed_in("ada@example.com").await;
    let answer = world.ask(Call::function(&ada, "request", &json!([]))).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("remoteIPAddress") && answer.body.contains("127.0.0.1"));
    assert!(!answer.body.contains(&ada.access_token) && !answer.body.contains("Authorization"));
}
