//! Which rules admit, which deny, and what is said of those that always deny.

use serde_json::json;

use super::*;
use crate::to_bson;

/// Knows one function: whether its first argument is `ada`.
struct IsAda;

#[async_trait]
impl RuleFunctions for IsAda {
    async fn call(&self, function: &str, arguments: Vec<Bson>) -> Option<Bson> {
        (function == "isAda").then(|| Bson::Boolean(arguments == [Bson::from("ada")]))
    }
}

async fn admitted(rule: Value) -> bool {
    let user = to_bson(&json!({
        "id": "ada", "data": { "email": "ada@example.com" }, "custom_data": { "level": 3, "roles": ["a", "b"] },
    }));
    let request = to_bson(&json!({ "remoteIPAddress": "192.0.2.1", "rawQueryString": "%%values.owner" }));
    let values = to_bson(&json!({
        "admins": ["ada", "bob"], "owner": "ada", "min": { "$numberInt": "3" }, "expansions": ["%%values.owner"],
        "long": { "$numberLong": "9007199254740993" },
    }));
    let environment = to_bson(&json!({ "tag": "production", "values": { "open": true } }));
    let scope = Scope {
        user: &user,
        request: &request,
        values: &values,
        environment: &environment,
    };
    Rule::parse(&rule).admits(&scope, &IsAda).await
}

#[tokio::test]
async fn a_rule_that_holds_admits() {
    for rule in [
        json!({}),
        json!(true),
        json!(null),
        json!({ "%%true": true }),
        json!({ "%%user.id": "ada" }),
        json!({ "%%user.id": "%%values.owner" }),
        json!({ "%%user.id": { "%in": ["eve", "ada"] } }),
        json!({ "%%user.id": { "%in": ["eve", "%%values.owner"] } }),
        json!({ "%%user.id": { "$in": "%%values.admins" } }),
        json!({ "%%user.id": { "%nin": ["eve"] } }),
        json!({ "%%user.id": { "$eq": "ada", "%ne": "eve" } }),
        json!({ "%%user.custom_data.level": { "%gte": "%%values.min", "%lt": 4 } }),
        json!({ "%%user.custom_data.level": { "%eq": 3.0 } }),
        json!({ "%%user.custom_data.roles": ["a", "b"] }),
        json!({ "%%user.custom_data.roles.1": "b" }),
        json!({ "%%user.custom_data.phone": { "%exists": false } }),
        json!({ "%%request.remoteIPAddress": "192.0.2.1", "%%environment.tag": "production" }),
        json!({ "%or": [{ "%%user.id": "eve" }, { "%%environment.values.open": true }] }),
        json!({ "%or": [{ "%regex": "a" }, true] }),
        json!({ "%and": [{ "%%user.id": "ada" }, { "$or": [true, false] }] }),
        json!({ "%not": { "%%user.id": "eve" } }),
        json!({ "%nor": [{ "%%user.id": "eve" }, false] }),
        json!({ "%%true": { "%function": { "name": "isAda", "arguments": ["%%user.id"] } } }),
        json!({ "%function": { "name": "isAda", "arguments": ["ada"] } }),
    ] {
        assert!(admitted(rule.clone()).await, "{rule}");
    }
}

#[tokio::test]
async fn a_rule_that_does_not_hold_denies() {
    for rule in [
        json!(false),
        json!({ "%%false": true }),
        json!({ "%%user.id": "eve" }),
        json!({ "%%user.id": "ada", "%%environment.tag": "qa" }),
        json!({ "%%user.id": { "%in": [] } }),
        json!({ "%%user.custom_data.level": "3" }),
        json!({ "%%user.custom_data.phone": "%%user.custom_data.phone" }),
        json!({ "%%values.long": { "%eq": 9_007_199_254_740_992_i64 } }),
        json!({ "%or": [] }),
        json!({ "%%true": { "%function": { "name": "isAda", "arguments": ["eve"] } } }),
    ] {
        assert!(!admitted(rule.clone()).await, "{rule}");
    }
}

#[tokio::test]
async fn t18_what_is_not_understood_denies() {
    for rule in [
        json!("yes"),
        json!(1),
        json!([]),
        json!({ "owner": "ada" }),
        json!({ "%regex": "a" }),
        json!({ "%not": { "%regex": "a" } }),
        json!({ "%not": { "%%user.id": "eve", "%regex": "a" } }),
        json!({ "%not": { "owner": "ada" } }),
        json!({ "%not": { "%%user.id": { "%regex": "a" } } }),
        json!({ "%not": { "%%admin": true } }),
        json!({ "%not": { "%%user.id": "%%admin" } }),
        json!({ "%not": { "%function": "isAda" } }),
        json!({ "%nor": [{ "%whatever": 1 }] }),
        json!({ "%and": { "%%user.id": "ada" } }),
        json!({ "%%user.id": { "%in": "ada" } }),
        json!({ "%%user.id": { "%nin": "eve" } }),
        json!({ "%%user.id": { "%ne": "%%admin" } }),
        json!({ "%%admin": true }),
        json!({ "%%true": { "%function": { "name": "nobody" } } }),
    ] {
        assert!(!admitted(rule.clone()).await, "{rule}");
    }
}

#[tokio::test]
async fn a_failure_admits_nobody_below_a_negation() {
    for rule in [
        json!({ "%not": { "%function": { "name": "nobody" } } }),
        json!({ "%not": { "%%true": { "%function": { "name": "nobody" } } } }),
        json!({ "%nor": [{ "%function": { "name": "nobody" } }, false] }),
        json!({ "%not": { "%%user.id": { "%in": "%%values.banned" } } }),
        json!({ "%%user.id": { "%nin": "%%values.owner" } }),
    ] {
        assert!(!admitted(rule.clone()).await, "{rule}");
    }
}

/// Otherwise a client could send the name of an expansion in place of a value that it does not know.
#[tokio::test]
async fn only_what_the_rule_says_is_expanded() {
    for rule in [
        json!({ "%%values.owner": "%%request.rawQueryString" }),
        json!({ "%%values.owner": { "%in": "%%values.expansions" } }),
    ] {
        assert!(!admitted(rule.clone()).await, "{rule}");
    }
}

#[test]
fn a_rule_that_always_denies_says_why() {
    for (rule, reason) in [
        (json!(false), "it is `false`"),
        (json!("yes"), "a rule is an object, true or false"),
        (json!({ "%regex": "a" }), "there is no operator `%regex`"),
        (
            json!({ "%%user.id": { "%regex": "a" } }),
            "there is no operator `%regex`",
        ),
        (json!({ "%%admin": true }), "there is no expansion `%%admin`"),
        (json!({ "%%user.id": "%%true.x" }), "there is no expansion `%%true.x`"),
        (
            json!({ "owner": "ada" }),
            "`owner` is a field of a document, and a function call has none",
        ),
        (json!({ "%and": true }), "`%and` needs a list of rules"),
        (json!({ "%not": [] }), "`%not` needs an object"),
        (json!({ "%%user.id": { "%in": "ada" } }), "`%in` needs a list"),
        (
            json!({ "%%user.id": { "%exists": 1 } }),
            "`%exists` needs true or false",
        ),
        (
            json!({ "%function": "isAda" }),
            "`%function` needs a `name`, and `arguments` that are a list",
        ),
        (json!({ "%or": [] }), "it has a choice without alternatives"),
        (json!({ "%or": [false] }), "it is `false`"),
        (
            json!({ "$or": [{ "owner": 1 }, false] }),
            "no alternative can hold; of the first: `owner` is a field of a document, and a function call has none",
        ),
        (
            json!({ "%%user.id": { "%in": [] } }),
            "it looks for a value in an empty list",
        ),
        (json!({ "%%false": true }), "it compares two constants that differ"),
        (json!({ "%not": { "%%true": true } }), "it negates what always holds"),
        (json!({ "%nor": [null] }), "it negates what always holds"),
        (json!({ "%nor": [{ "%regex": "a" }] }), "there is no operator `%regex`"),
        (
            json!({ "%%user.id": "ada", "%and": [{ "%or": [] }] }),
            "it has a choice without alternatives",
        ),
    ] {
        assert_eq!(Rule::parse(&rule).always_denies().as_deref(), Some(reason), "{rule}");
    }
}

#[test]
fn a_rule_that_may_admit_gives_no_reason() {
    for rule in [
        json!(null),
        json!(true),
        json!({}),
        json!({ "%%user.id": "ada" }),
        json!({ "%%user.id": { "%in": "%%values.admins" } }),
        json!({ "%or": [false, { "%regex": "a" }, { "%%user.id": "ada" }] }),
        json!({ "%not": { "%%user.id": "ada" } }),
        json!({ "%nor": [] }),
        json!({ "%function": { "name": "isAda" } }),
    ] {
        assert_eq!(Rule::parse(&rule).always_denies(), None, "{rule}");
    }
}

#[test]
fn a_rule_does_not_show_in_debug_output() {
    let rule = Rule::parse(&json!({ "%%user.data.email": "ada@example.com" }));
    assert_eq!(format!("{rule:?}"), "Rule(..)");
}
