//! The documents that a function gets: `context.user`, `context.request`, and the events of triggers.

use std::collections::BTreeMap;

use doorward_core::{Actor, ClaimedDelivery, ClientRequest, Identity, UserProfile};
use doorward_ejson::bson::{Bson, DateTime, Document, doc};
use percent_encoding::percent_decode_str;

/// `context.user` of a signed-in user.
pub(crate) fn user(profile: &UserProfile) -> Document {
    let mut user = new_user(profile);
    user.insert("custom_data", doc! {});
    user
}

/// A user that is about to be made, so that it has no custom data yet.
pub(crate) fn new_user(profile: &UserProfile) -> Document {
    doc! {
        "id": profile.id.to_string(),
        "type": "normal",
        "data": data(profile.email(), profile.name()),
        "identities": profile.identities.iter().map(identity).collect::<Vec<_>>(),
    }
}

/// The event that a trigger's function gets.
pub(crate) fn trigger_event(delivery: &ClaimedDelivery) -> Document {
    doc! {
        "operationType": delivery.event.name(),
        "providers": delivery.providers.iter().map(|provider| provider.name()).collect::<Vec<_>>(),
        "user": user(&delivery.user),
        "time": DateTime::from_millis(delivery.at.as_millis()),
    }
}

fn identity(identity: &Identity) -> Document {
    doc! {
        "id": identity.id.as_str(),
        "provider_type": identity.provider.name(),
        "data": data(identity.profile.email.as_deref(), identity.profile.name.as_deref()),
    }
}

fn data(email: Option<&str>, name: Option<&str>) -> Document {
    let known = [("email", email), ("name", name)];
    let known = known
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), Bson::from(value?))));
    known.collect()
}

/// `context.user` in hooks and triggers, which no user calls. Code that reads `context.user.id` must not throw there.
pub(crate) fn system_user() -> Document {
    doc! { "id": "", "type": "system", "data": {}, "custom_data": {}, "identities": [] }
}

/// `context.request`
pub(crate) fn request(actor: &Actor) -> Document {
    match actor.request() {
        Some(request) => client_request(request),
        // Code that reads `context.request.remoteIPAddress` must not throw where no client asks.
        None => about("", "", ""),
    }
}

fn client_request(caller: &ClientRequest) -> Document {
    let mut headers: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, value) in &caller.headers {
        headers.entry(canonical(name)).or_default().push(value);
    }
    let address = caller.address.map_or_else(String::new, |address| address.to_string());
    let mut request = about(&address, &caller.method, &without_credentials(&caller.query));
    for (key, header) in [("httpReferrer", "Referer"), ("httpUserAgent", "User-Agent")] {
        if let Some(values) = headers.get(header) {
            request.insert(key, values[0]);
        }
    }
    let headers = headers.into_iter().map(|(name, values)| (name, Bson::from(values)));
    request.insert("requestHeaders", headers.collect::<Document>());
    request
}

fn about(address: &str, method: &str, query: &str) -> Document {
    doc! {
        "remoteIPAddress": address,
        "httpMethod": method,
        "rawQueryString": query,
        "service": "",
        "action": "",
    }
}

/// `user-agent` → `User-Agent`, because functions look headers up in the spelling of App Services.
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

/// Pairs of a query that hold credentials. App Services removed `secret` too. The others are access tokens, which the
/// Web SDKs put into the address of a streaming call, where they cannot set a header.
const CREDENTIALS: [&str; 3] = ["secret", "baas_at", "stitch_at"];

/// The query without credentials, however their names are spelled.
fn without_credentials(query: &str) -> String {
    let is_harmless = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        let name = percent_decode_str(name).decode_utf8_lossy();
        !CREDENTIALS
            .iter()
            .any(|credential| name.eq_ignore_ascii_case(credential))
    };
    query.split('&').filter(is_harmless).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use doorward_core::{ObjectId, RequestId};

    use super::*;

    #[test]
    fn a_request_looks_as_the_original_showed_it() {
        let client = Actor::client(ClientRequest {
            id: RequestId(ObjectId::zero()),
            agent: None,
            address: Some("192.0.2.1".parse().unwrap()),
            method: "POST".to_owned(),
            query: "a=1&secret=hush&b&SECRET=hush&%73ecret=hush&baas_at=hush&secrets=1".to_owned(),
            headers: vec![
                ("user-agent".to_owned(), "realm".to_owned()),
                ("x-one".to_owned(), "1".to_owned()),
                ("x-one".to_owned(), "2".to_owned()),
            ],
        });
        assert_eq!(
            request(&client),
            doc! {
                "remoteIPAddress": "192.0.2.1",
                "httpMethod": "POST",
                "rawQueryString": "a=1&b&secrets=1",
                "service": "",
                "action": "",
                "httpUserAgent": "realm",
                "requestHeaders": { "User-Agent": ["realm"], "X-One": ["1", "2"] },
            }
        );
        assert_eq!(request(&Actor::System).get("remoteIPAddress"), Some(&Bson::from("")));
    }
}
