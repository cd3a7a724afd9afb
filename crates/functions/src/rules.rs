//! `can_evaluate`: the rule that decides who may call a function.
//!
//! A rule is a JSON expression. Whatever it says that is not understood here denies: a rule is written to keep people out.

use std::cmp::Ordering;

use async_trait::async_trait;
use serde_json::{Map, Value};

/// What a rule can refer to.
pub(crate) struct Scope {
    /// `%%user`
    pub(crate) user: Value,
    /// `%%request`
    pub(crate) request: Value,
    /// `%%values`
    pub(crate) values: Value,
    /// `%%environment`
    pub(crate) environment: Value,
}

/// Runs the function that a rule asks by `%function`.
#[async_trait]
pub(crate) trait Ask: Sync {
    /// Its result; nothing when it failed.
    async fn ask(&self, function: &str, arguments: Vec<Value>) -> Option<Value>;
}

/// Whether a rule admits.
pub(crate) async fn admits(rule: &Value, scope: &Scope, ask: &dyn Ask) -> bool {
    match rule {
        Value::Null | Value::Bool(true) => true,
        Value::Object(fields) => all(fields, scope, ask).await,
        Value::Bool(false) | Value::Number(_) | Value::String(_) | Value::Array(_) => false,
    }
}

/// Every field of an object must hold; an empty one admits everybody.
async fn all(fields: &Map<String, Value>, scope: &Scope, ask: &dyn Ask) -> bool {
    for (key, wanted) in fields {
        let holds = match (operator(key), wanted) {
            (Some("and"), Value::Array(rules)) => every(rules, scope, ask).await,
            (Some("or"), Value::Array(rules)) => any(rules, scope, ask).await,
            (Some("nor"), Value::Array(rules)) => understood(rules) && !any(rules, scope, ask).await,
            (Some("not"), Value::Object(_)) => {
                understood(std::slice::from_ref(wanted)) && !Box::pin(admits(wanted, scope, ask)).await
            }
            (Some("function"), call) => function(call, scope, ask).await == Some(Value::Bool(true)),
            (None, _) if key.starts_with("%%") => matches(expand(key, scope).as_ref(), wanted, scope, ask).await,
            // An operator that is not known, or the name of a field, which a call does not have.
            (Some(_) | None, _) => false,
        };
        if !holds {
            return false;
        }
    }
    true
}

async fn every(rules: &[Value], scope: &Scope, ask: &dyn Ask) -> bool {
    for rule in rules {
        if !Box::pin(admits(rule, scope, ask)).await {
            return false;
        }
    }
    true
}

async fn any(rules: &[Value], scope: &Scope, ask: &dyn Ask) -> bool {
    for rule in rules {
        if Box::pin(admits(rule, scope, ask)).await {
            return true;
        }
    }
    false
}

/// A negation of something that is not understood would admit everybody.
fn understood(rules: &[Value]) -> bool {
    rules.iter().all(|rule| match rule {
        Value::Bool(_) => true,
        Value::Object(fields) => fields.iter().all(|(key, value)| match (operator(key), value) {
            (Some("and" | "or" | "nor"), Value::Array(rules)) => understood(rules),
            (Some("not"), Value::Object(_)) => understood(std::slice::from_ref(value)),
            (Some("function"), _) => true,
            (Some(_), _) => false,
            (None, Value::Object(operators)) => operators.iter().all(|(key, _)| {
                operator(key).is_none_or(|operator| COMPARISONS.contains(&operator) || operator == "function")
            }),
            (None, _) => key.starts_with("%%"),
        }),
        _ => false,
    })
}

const COMPARISONS: [&str; 9] = ["eq", "ne", "in", "nin", "exists", "gt", "gte", "lt", "lte"];

async fn matches(actual: Option<&Value>, wanted: &Value, scope: &Scope, ask: &dyn Ask) -> bool {
    let Value::Object(operators) = wanted else {
        return same(actual, resolve(wanted, scope).as_ref());
    };
    if operators.is_empty() || operators.keys().any(|key| operator(key).is_none()) {
        return same(actual, Some(wanted));
    }
    for (key, operand) in operators {
        if operator(key) == Some("function") {
            if !same(actual, function(operand, scope, ask).await.as_ref()) {
                return false;
            }
            continue;
        }
        let operand = resolve(operand, scope);
        let listed = || match &operand {
            Some(Value::Array(list)) => Some(list.iter().any(|item| same(actual, resolve(item, scope).as_ref()))),
            _ => None,
        };
        let ordered = |is: fn(Ordering) -> bool| compare(actual, operand.as_ref()).is_some_and(is);
        let holds = match operator(key) {
            Some("eq") => same(actual, operand.as_ref()),
            Some("ne") => !same(actual, operand.as_ref()),
            Some("in") => listed() == Some(true),
            Some("nin") => listed() == Some(false),
            Some("exists") => operand == Some(Value::Bool(actual.is_some())),
            Some("gt") => ordered(Ordering::is_gt),
            Some("gte") => ordered(Ordering::is_ge),
            Some("lt") => ordered(Ordering::is_lt),
            Some("lte") => ordered(Ordering::is_le),
            _ => false,
        };
        if !holds {
            return false;
        }
    }
    true
}

/// `{"name": …, "arguments": […]}`
async fn function(call: &Value, scope: &Scope, ask: &dyn Ask) -> Option<Value> {
    let name = call.get("name")?.as_str()?;
    let arguments = match call.get("arguments") {
        None => Vec::new(),
        Some(Value::Array(list)) => list
            .iter()
            .map(|item| resolve(item, scope).unwrap_or(Value::Null))
            .collect(),
        Some(_) => return None,
    };
    ask.ask(name, arguments).await
}

/// The name of an operator, which is written with `%` or with `$`.
fn operator(key: &str) -> Option<&str> {
    if key.starts_with("%%") {
        return None;
    }
    key.strip_prefix('%').or_else(|| key.strip_prefix('$'))
}

/// A literal, or what an expansion stands for.
fn resolve(value: &Value, scope: &Scope) -> Option<Value> {
    match value {
        Value::String(text) if text.starts_with("%%") => expand(text, scope),
        other => Some(other.clone()),
    }
}

/// `%%user.id` and the like. Nothing when there is no such thing.
fn expand(text: &str, scope: &Scope) -> Option<Value> {
    let mut path = text.strip_prefix("%%")?.split('.');
    let mut found = match path.next()? {
        "true" => return path.next().is_none().then_some(Value::Bool(true)),
        "false" => return path.next().is_none().then_some(Value::Bool(false)),
        "user" => &scope.user,
        "request" => &scope.request,
        "values" => &scope.values,
        "environment" => &scope.environment,
        _ => return None,
    };
    for key in path {
        found = match found {
            Value::Array(list) => list.get(key.parse::<usize>().ok()?)?,
            other => other.get(key)?,
        };
    }
    Some(found.clone())
}

/// What is not there equals nothing, not even another thing that is not there.
fn same(actual: Option<&Value>, wanted: Option<&Value>) -> bool {
    match (actual.and_then(plain), wanted.and_then(plain)) {
        (Some(Plain::Number(a)), Some(Plain::Number(b))) => a.total_cmp(&b) == Ordering::Equal,
        (Some(Plain::Text(a)), Some(Plain::Text(b))) => a == b,
        (Some(Plain::Other(a)), Some(Plain::Other(b))) => a == b,
        _ => false,
    }
}

fn compare(actual: Option<&Value>, wanted: Option<&Value>) -> Option<Ordering> {
    match (plain(actual?)?, plain(wanted?)?) {
        (Plain::Number(a), Plain::Number(b)) => a.partial_cmp(&b),
        (Plain::Text(a), Plain::Text(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// A value without the wrapping of Extended JSON, so that `1` and `{"$numberInt": "1"}` are the same.
enum Plain<'a> {
    Number(f64),
    Text(&'a str),
    Other(&'a Value),
}

fn plain(value: &Value) -> Option<Plain<'_>> {
    Some(match value {
        Value::Number(number) => Plain::Number(number.as_f64()?),
        Value::String(text) => Plain::Text(text),
        Value::Object(fields) if fields.len() == 1 => {
            let wrapped = |key: &str| fields.get(key)?.as_str();
            let number = ["$numberInt", "$numberLong", "$numberDouble"]
                .into_iter()
                .find_map(wrapped);
            match (number, wrapped("$oid")) {
                (Some(number), _) => Plain::Number(number.parse().ok()?),
                (None, Some(id)) => Plain::Text(id),
                (None, None) => Plain::Other(value),
            }
        }
        other => Plain::Other(other),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Knows one function: whether its first argument is `ada`.
    struct IsAda;

    #[async_trait]
    impl Ask for IsAda {
        async fn ask(&self, function: &str, arguments: Vec<Value>) -> Option<Value> {
            (function == "isAda").then(|| Value::Bool(arguments == [json!("ada")]))
        }
    }

    async fn admitted(rule: Value) -> bool {
        let scope = Scope {
            user: json!({ "id": "ada", "data": { "email": "ada@example.com" }, "custom_data": { "level": 3, "roles": ["a", "b"] } }),
            request: json!({ "remoteIPAddress": "192.0.2.1" }),
            values: json!({ "admins": ["ada", "bob"], "owner": "ada", "min": { "$numberInt": "3" } }),
            environment: json!({ "tag": "production", "values": { "open": true } }),
        };
        admits(&rule, &scope, &IsAda).await
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
            json!({ "%%user.id": { "$in": "%%values.admins" } }),
            json!({ "%%user.id": { "%nin": ["eve"] } }),
            json!({ "%%user.id": { "$eq": "ada", "%ne": "eve" } }),
            json!({ "%%user.custom_data.level": { "%gte": "%%values.min", "%lt": 4 } }),
            json!({ "%%user.custom_data.roles.1": "b" }),
            json!({ "%%user.custom_data.phone": { "%exists": false } }),
            json!({ "%%request.remoteIPAddress": "192.0.2.1", "%%environment.tag": "production" }),
            json!({ "%or": [{ "%%user.id": "eve" }, { "%%environment.values.open": true }] }),
            json!({ "%and": [{ "%%user.id": "ada" }, { "$or": [true, false] }] }),
            json!({ "%not": { "%%user.id": "eve" } }),
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
            json!({ "%not": { "owner": "ada" } }),
            json!({ "%not": { "%%user.id": { "%regex": "a" } } }),
            json!({ "%nor": [{ "%whatever": 1 }] }),
            json!({ "%and": { "%%user.id": "ada" } }),
            json!({ "%%user.id": { "%in": "ada" } }),
            json!({ "%%user.id": { "%nin": "eve" } }),
            json!({ "%%admin": true }),
            json!({ "%%true": { "%function": { "name": "nobody" } } }),
        ] {
            assert!(!admitted(rule.clone()).await, "{rule}");
        }
    }
}
