//! Functions that signed-in users call by name.

use doorward_client::{Error, User};
use serde::Serialize;
use serde_json::{Value, json};

use super::{PASSWORD, World};
use crate::support::{Call, refusal};

const ADA: &str = "ada@example.com";
const EVE: &str = "eve@example.com";

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

async fn call(user: &User, name: &str, arguments: impl Serialize) -> Result<Value, Error> {
    user.call_function(name, arguments).await
}

#[tokio::test(flavor = "multi_thread")]
async fn c197_and_c199_and_c200_and_c205_and_c206_a_call_is_answered() {
    let world = World::with(FUNCTIONS, &["--function-timeout", "2s"]).await;
    let ada = world.signed_in(ADA).await;
    let eve = world.signed_in(EVE).await;

    let sum: i64 = ada.call_function("sum", [1, 2, 3, 4, 5]).await.unwrap();
    assert_eq!(sum, 15);
    assert_eq!(
        refusal(call(&ada, "nobody", ()).await),
        "404 FunctionNotFound function not found: 'nobody'"
    );
    assert_eq!(call(&ada, "admins", ()).await.unwrap(), "hello");
    assert_eq!(
        refusal(call(&eve, "admins", ()).await),
        r#"400 FunctionExecutionError rule not matched for function "admins""#
    );
    assert_eq!(
        refusal(call(&ada, "oops", ()).await),
        "400 FunctionExecutionError TypeError: it broke"
    );
    assert_eq!(
        refusal(call(&ada, "unknownName", ()).await),
        "400 FunctionExecutionError ReferenceError: 'unknown' is not defined"
    );
    assert_eq!(
        refusal(call(&ada, "slow", ()).await),
        "400 ExecutionTimeLimitExceeded execution time limit exceeded"
    );
    assert_eq!(call(&ada, "sum", ()).await.unwrap(), 0);
}

/// Sends raw requests, because the SDK would convert the numbers of Extended JSON.
#[tokio::test(flavor = "multi_thread")]
async fn c197_and_c198_results_are_canonical_extended_json() {
    let world = World::with(FUNCTIONS, &[]).await;
    world.registered(ADA).await;
    let ada = world.server().ask(&Call::log_in(ADA, PASSWORD)).await.session();
    let five: Vec<_> = (1..=5).map(|n| json!({ "$numberInt": n.to_string() })).collect();
    for (name, arguments, body) in [
        ("sum", json!(five), r#"{"$numberInt":"15"}"#),
        ("sum", json!([]), r#"{"$numberInt":"0"}"#),
        ("nothing", json!([]), r#"{"$undefined":true}"#),
        ("nil", json!([]), "null"),
        ("admins", json!([]), r#""hello""#),
        ("system", json!([]), "true"),
    ] {
        let reply = world.server().ask(&Call::function(&ada, name, &arguments)).await;
        assert_eq!((reply.status, &*reply.body), (200, body), "{name}");
    }
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
        let reply = world
            .server()
            .ask(&Call::function(&ada, "mirror", &json!([value])))
            .await;
        // The order of keys is kept, too.
        assert_eq!((reply.status, &*reply.body), (200, &*value.to_string()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn private_functions_look_unknown_and_serve_other_functions() {
    let world = World::with(FUNCTIONS, &[]).await;
    let ada = world.signed_in(ADA).await;
    for name in ["hidden", "confirmFunc2", "__proto__", "constructor", "", "../hidden"] {
        assert_eq!(
            refusal(call(&ada, name, ()).await),
            format!("404 FunctionNotFound function not found: '{name}'")
        );
    }
    let answer = call(&ada, "whoAmI", ()).await.unwrap();
    assert_eq!(answer["user"]["id"], ada.id());
    assert_eq!(answer["user"]["type"], "normal");
    assert_eq!(answer["user"]["data"]["email"], ADA);
    assert_eq!(answer["system"], false);
    assert_eq!(answer["secret"], "told by ada@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn s77_a_function_does_not_see_the_users_credentials() {
    let source = "exports = () => JSON.stringify(context.request);";
    let world = World::with(&[("request.js", source)], &[]).await;
    let ada = world.signed_in(ADA).await;
    let seen: String = ada.call_function("request", ()).await.unwrap();
    assert!(seen.contains("remoteIPAddress") && seen.contains("127.0.0.1"), "{seen}");
    let token = ada.access_token().unwrap();
    assert!(!seen.contains(&token) && !seen.contains("Authorization"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s77_no_credential_of_a_request_reaches_a_function_however_it_is_spelled() {
    // All that a script can reach.
    let source = "exports = () => JSON.stringify([context, globalThis, process.env]);";
    let log_in = "exports = () => { throw JSON.stringify([context, globalThis, process.env]); };";
    let providers = json!({
        "local-userpass": { "name": "local-userpass", "type": "local-userpass", "disabled": false, "config": {
            "runConfirmationFunction": true, "confirmationFunctionName": "confirmFunc",
            "runResetFunction": true, "resetFunctionName": "resetFunc" } },
        "custom-function": { "name": "custom-function", "type": "custom-function", "disabled": false, "config": {
            "authFunctionName": "logIn" } },
    });
    let files = [
        ("functions/all.js", source),
        ("functions/logIn.js", log_in),
        ("auth/providers.json", &*providers.to_string()),
    ];
    let world = World::with_files(&files, &[]).await;
    let ada = world.signed_in(ADA).await;
    let token = ada.access_token().unwrap();
    let spellings = |name: &str| {
        let capital = name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
        [
            name.to_owned(),
            name.to_uppercase(),
            capital.collect::<Vec<_>>().join("-"),
        ]
    };
    let mut headers = vec!["X-Kept: this one".to_owned(), format!("aUTHORIZATION: Bearer {token}")];
    for name in ["authorization", "proxy-authorization", "cookie"] {
        for (number, name) in spellings(name).iter().enumerate() {
            headers.push(format!("{name}:  Basic sesame-{number}"));
            headers.push(format!("{name}:\tsession=sesame-{number}; other=sesame"));
        }
    }
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let query = "a=kept&secret=sesame&%73ecret=sesame&baas_at=sesame&stitch_at=sesame";
    let call = json!({ "name": "all", "arguments": [] });
    for (path, body) in [
        ("functions/call", &call),
        ("auth/providers/custom-function/login", &json!({ "id": "ada" })),
    ] {
        let path = format!("{path}?{query}");
        let seen = world.server().post_raw(&path, &headers, body).await;
        assert!(seen.contains("this one") && seen.contains("a=kept"), "{path}: {seen}");
        assert!(!seen.contains("sesame") && !seen.contains(&token), "{path}: {seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_are_of_the_program_that_runs_whatever_an_upgrade_puts_in_its_place() {
    let arguments = ["--function-timeout", "1s", "--function-workers", "2"];
    let mut world = World::with(FUNCTIONS, &arguments).await;
    assert!(world.server.take().unwrap().stop().await.status.success());
    let installed = tempfile::tempdir().unwrap();
    let binary = installed.path().join("doorward");
    world.program = world.program.copied_to(&binary);
    world.server = Some(world.program.start().await);
    std::fs::remove_file(&binary).unwrap();
    std::fs::write(&binary, "the next version").unwrap();
    let ada = world.signed_in(ADA).await;
    // One worker may have been started in time, and two are needed.
    let slow = "400 ExecutionTimeLimitExceeded execution time limit exceeded";
    let (one, other) = tokio::join!(call(&ada, "slow", ()), call(&ada, "slow", ()));
    assert_eq!((&*refusal(one), &*refusal(other)), (slow, slow));
}
