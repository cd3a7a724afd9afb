//! Every URL that Doorward mails or prints is made here, from configuration only, never from a request.

use url::Url;

use crate::{App, Purpose, RequestId, TokenPair};

/// Makes links below the public URL.
#[derive(Debug, Clone)]
pub struct Links {
    public_url: String,
}

/// A public URL that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the public URL must be http:// or https:// with a host and nothing after it, such as https://auth.example.com"
)]
pub struct InvalidPublicUrl;

impl Links {
    /// Takes the origin under which clients reach this server. The SDKs append their paths
    /// to it, so it has no path of its own.
    pub fn new(public_url: &str) -> Result<Self, InvalidPublicUrl> {
        let url = Url::parse(public_url).map_err(|_| InvalidPublicUrl)?;
        let bare = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if bare {
            Ok(Self {
                public_url: url.as_str().trim_end_matches('/').to_owned(),
            })
        } else {
            Err(InvalidPublicUrl)
        }
    }

    /// The public URL without a trailing slash.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The public URL for web sockets, which the SDKs require.
    pub fn websocket_url(&self) -> String {
        // `http` → `ws` and `https` → `wss`: only the first four characters change.
        format!("ws{}", &self.public_url["http".len()..])
    }

    /// The `link` of an error answer. The two ids are zeros when the app is not known.
    pub fn error(&self, app: Option<&App>, request: RequestId) -> String {
        let zero = crate::ObjectId::zero();
        let (group, object) = app.map_or((zero, zero), |app| (app.group_id.0, app.object_id.0));
        format!("{}/groups/{group}/apps/{object}/logs?co_id={request}", self.public_url)
    }

    /// The link in a mail: the owner's URL, or our hosted page, with `token` and `tokenId`.
    pub fn mailed(&self, app: &App, purpose: Purpose, token: &TokenPair) -> String {
        let accounts = app.providers.email_password.as_ref();
        let own = accounts.and_then(|accounts| accounts.mailed_link(purpose)?.url.as_deref());
        let query = format!("token={}&tokenId={}", token.secret.expose(), token.id);
        match own {
            Some(url) => with_query(url, &query),
            None => format!("{}?{query}", self.hosted_page(app, purpose)),
        }
    }

    /// Our own page for a purpose.
    pub fn hosted_page(&self, app: &App, purpose: Purpose) -> String {
        let page = match purpose {
            Purpose::Confirm => "confirm",
            Purpose::Reset => "reset",
        };
        format!("{}/app/{}/{page}", self.public_url, app.id)
    }
}

/// Adds a query to a URL without touching anything else in it: the owner's bytes stay as they are, whatever the scheme.
fn with_query(url: &str, query: &str) -> String {
    let (base, fragment) = url
        .split_once('#')
        .map_or((url, None), |(base, fragment)| (base, Some(fragment)));
    let joint = match base.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) if base.ends_with('&') => "",
        Some(_) => "&",
    };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{base}{joint}{query}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_joined_to_any_url() {
        for (url, expected) in [
            ("https://example.com/confirm", "https://example.com/confirm?q"),
            (
                "https://example.com/confirm?lang=de",
                "https://example.com/confirm?lang=de&q",
            ),
            ("https://example.com/confirm?", "https://example.com/confirm?q"),
            ("https://example.com/confirm?a=b&", "https://example.com/confirm?a=b&q"),
            ("https://example.com/app#done", "https://example.com/app?q#done"),
            ("myapp://confirm", "myapp://confirm?q"),
        ] {
            assert_eq!(with_query(url, "q"), expected);
        }
    }

    #[test]
    fn a_public_url_is_an_origin() {
        let links = Links::new("https://auth.example.com/").unwrap();
        assert_eq!(links.public_url(), "https://auth.example.com");
        assert_eq!(links.websocket_url(), "wss://auth.example.com");
        assert_eq!(
            Links::new("http://127.0.0.1:9090").unwrap().websocket_url(),
            "ws://127.0.0.1:9090"
        );
        for bad in [
            "auth.example.com",
            "https://a/b",
            "https://a?x",
            "https://u@a",
            "ftp://a",
            "https://",
            "",
        ] {
            assert!(Links::new(bad).is_err(), "{bad}");
        }
    }
}
