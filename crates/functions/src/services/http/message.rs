//! A request of a script, checked, in the form in which it goes to the next host.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use reqwest::header::{
    AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE,
    COOKIE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING,
    UPGRADE,
};
use reqwest::{Method, StatusCode};
use url::Url;

use crate::protocol::HttpRequest;

/// Headers that the client sets itself, because they frame the message or concern the connection. They are left out and
/// not refused, so that a script can copy all headers of something it has received.
const OURS: [HeaderName; 9] = [
    HOST,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    CONNECTION,
    TE,
    TRAILER,
    UPGRADE,
    EXPECT,
    HeaderName::from_static("keep-alive"),
];

/// Headers that only the origin may see to which the script sent them.
const CREDENTIALS: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];

/// The methods that `context.http` offers. No script sends another one, above all not `CONNECT`.
const METHODS: [Method; 6] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::HEAD,
];

/// A request on its way to one host.
#[derive(Clone)]
pub(super) struct Message {
    pub(super) method: Method,
    /// Without user name and password, which have become a header.
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
}

impl Message {
    /// Checks a request. Nothing in it is trusted, since a script may have taken the worker over.
    pub(super) fn parse(request: &HttpRequest, longest_body: usize) -> Result<Self, String> {
        let method = METHODS
            .into_iter()
            .find(|method| method.as_str() == request.method)
            .ok_or("the method of the request is not supported")?;
        let mut url = Url::parse(&request.url).map_err(|error| format!("the URL is not valid: {error}"))?;
        let mut headers = headers(&request.headers)?;
        if let Some(credentials) = take_credentials(&mut url)
            && !headers.contains_key(AUTHORIZATION)
        {
            headers.insert(AUTHORIZATION, credentials);
        }
        let body = request.body.as_deref().map(|text| STANDARD.decode(text)).transpose();
        let body = body.map_err(|_| "the body of the request is not valid")?;
        if body.as_ref().is_some_and(|body| body.len() > longest_body) {
            return Err(format!("the body of the request is longer than {longest_body} bytes"));
        }
        Ok(Self {
            method,
            url,
            headers,
            body: body.map(Bytes::from),
        })
    }

    /// The request as it goes to the target of a redirect, by the rules of browsers.
    pub(super) fn redirected(mut self, status: StatusCode, mut to: Url) -> Self {
        let changes_method = matches!(
            status,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER
        );
        if changes_method && self.method != Method::HEAD {
            self.method = Method::GET;
            self.body = None;
            for name in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION] {
                self.headers.remove(name);
            }
        }
        // The host that redirects does not choose the user name and password.
        let _ = take_credentials(&mut to);
        if to.origin() != self.url.origin() {
            for name in CREDENTIALS {
                self.headers.remove(name);
            }
        }
        self.url = to;
        self
    }
}

fn headers(given: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        // The error repeats neither the name nor the value: they may be long or secret.
        let invalid = "a header of the request is not valid";
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid)?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| invalid)?;
        if OURS.contains(&name) || name.as_str() == "proxy-connection" {
            continue;
        }
        headers
            .try_append(name, value)
            .map_err(|_| "the request has too many headers")?;
    }
    Ok(headers)
}

/// Takes user name and password out of a URL, and makes the header that they stand for.
fn take_credentials(url: &mut Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    // Both fail only for a URL without a host, which has neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let mut header = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
    header.set_sensitive(true);
    Some(header)
}
