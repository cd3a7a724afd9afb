//! What a function sees of the world around its call, as the documents that `context` shows.

use doorward_core::{Caller, ClaimedDelivery, EmailAddress, Identity, UserProfile};
use serde_json::{Map, Value, json};

/// `context.user` of a signed-in user.
pub(crate) fn user(profile: &UserProfile) -> Value {
    let mut user = new_user(profile);
    user["custom_data"] = json!({});
    user
}

/// A user that is about to be made: it has no custom data yet.
pub(crate) fn new_user(profile: &UserProfile) -> Value {
    json!({
        "id": profile.id.to_string(),
        "type": "normal",
        "data": data(profile.email(), profile.name()),
        "identities": profile.identities.iter().map(identity).collect::<Vec<_>>(),
    })
}

/// What a trigger's function is told.
pub(crate) fn trigger_event(delivery: &ClaimedDelivery) -> Value {
    json!({
        "operationType": delivery.event.name(),
        "providers": delivery.providers.iter().map(|provider| provider.name()).collect::<Vec<_>>(),
        "user": user(&delivery.user),
        "time": { "$date": { "$numberLong": delivery.at.as_millis().to_string() } },
    })
}

fn identity(identity: &Identity) -> Value {
    json!({
        "id": identity.id(),
        "provider_type": identity.provider().name(),
        "data": data(identity.email(), identity.name()),
    })
}

fn data(email: Option<&EmailAddress>, name: Option<&str>) -> Value {
    let mut data = Map::new();
    data.extend(email.map(|email| ("email".to_owned(), json!(email.as_str()))));
    data.extend(name.map(|name| ("name".to_owned(), json!(name))));
    Value::Object(data)
}

/// `context.user` where there is none: hooks and triggers. Code that reads `context.user.id` must not throw.
pub(crate) fn system_user() -> Value {
    json!({ "id": "", "type": "system", "data": {}, "custom_data": {}, "identities": [] })
}

/// `context.request`
pub(crate) fn request(caller: &Caller) -> Value {
    let mut headers = Map::new();
    for (name, value) in &caller.headers {
        let values = headers.entry(canonical(name)).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(json!(value));
        }
    }
    let header = |name: &str| headers.get(name).and_then(|values| values.get(0)).cloned();
    let mut request = json!({
        "remoteIPAddress": caller.address.map_or_else(String::new, |address| address.to_string()),
        "httpMethod": caller.method,
        "rawQueryString": without_secret(&caller.query),
        "service": "",
        "action": "",
    });
    for (key, value) in [
        ("httpReferrer", header("Referer")),
        ("httpUserAgent", header("User-Agent")),
        ("requestHeaders", Some(Value::Object(headers))),
    ] {
        if let Some(value) = value {
            request[key] = value;
        }
    }
    request
}

/// `user-agent` → `User-Agent`: functions look headers up as the original spelled them.
fn canonical(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            .unwrap_or_default()
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

/// The original takes a pair called `secret` out of the query.
fn without_secret(query: &str) -> String {
    let is_secret = |pair: &&str| pair.split('=').next() != Some("secret");
    query.split('&').filter(is_secret).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_looks_as_the_original_showed_it() {
        let caller = Caller {
            address: Some("192.0.2.1".parse().unwrap()),
            method: "POST".to_owned(),
            query: "a=1&secret=hush&b".to_owned(),
            headers: vec![
                ("user-agent".to_owned(), "realm".to_owned()),
                ("x-one".to_owned(), "1".to_owned()),
                ("x-one".to_owned(), "2".to_owned()),
            ],
        };
        assert_eq!(
            request(&caller),
            json!({
                "remoteIPAddress": "192.0.2.1",
                "httpMethod": "POST",
                "rawQueryString": "a=1&b",
                "service": "",
                "action": "",
                "httpUserAgent": "realm",
                "requestHeaders": { "User-Agent": ["realm"], "X-One": ["1", "2"] },
            })
        );
        assert_eq!(request(&Caller::default())["remoteIPAddress"], "");
    }
}
