//! Digest authentication (RFC 7616): the answer to a challenge.

use digest_auth::{AuthContext, HttpMethod};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};

use super::message::Message;

/// The request with the answer to the challenge in these headers; `None` if no challenge can be answered.
pub(super) fn answer(message: &Message, headers: &HeaderMap, user: &str, password: &str) -> Option<Message> {
    let challenges = headers.get_all(WWW_AUTHENTICATE).iter();
    // `to_str` keeps out what is not ASCII, at which the crate would panic: it counts characters and cuts bytes.
    let mut challenges = challenges.filter_map(|value| value.to_str().ok()).filter(|value| {
        value
            .get(..7)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("digest "))
    });
    challenges.find_map(|challenge| {
        let mut prompt = digest_auth::parse(&challenge[7..]).ok()?;
        let target = &message.url[url::Position::BeforePath..url::Position::AfterQuery];
        let method = HttpMethod::from(message.method.as_str());
        let context = AuthContext::new_with_method(user, password, target, message.body.as_deref(), method);
        let mut header = HeaderValue::try_from(prompt.respond(&context).ok()?.to_header_string()).ok()?;
        header.set_sensitive(true);
        let mut authorized = message.clone();
        authorized.headers.insert(AUTHORIZATION, header);
        Some(authorized)
    })
}
