//! The visible parts of a response as text, so that tests read like transcripts.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt as _;

/// A response.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// The form of a page.
pub(crate) struct Form {
    pub(crate) method: String,
    pub(crate) action: String,
    pub(crate) hidden: Vec<(String, String)>,
}

impl Reply {
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body).unwrap(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The status and the visible text: fields as `[label name]`, buttons as `( label )`, alerts after a `!`.
    /// The footer, which is the same everywhere, is left out.
    pub(crate) fn transcript(&self) -> String {
        let (_, body) = self.body.split_once("<body>").unwrap_or(("", &self.body));
        let mut lines = vec![self.status.to_string()];
        let mut line = String::new();
        let mut hidden = false;
        for piece in body.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').unwrap();
            let name = tag.split_whitespace().next().unwrap_or_default();
            match name {
                "svg" | "footer" => hidden = true,
                "/svg" | "/footer" => hidden = false,
                "button" => line.push_str("( "),
                "/button" => line.push_str(" )"),
                "input" if attribute(tag, "type") == "password" => {
                    line.extend(["[", &attribute(tag, "name"), "]"]);
                }
                _ if tag.contains("role=\"alert\"") => line.push_str("! "),
                _ => {}
            }
            if !hidden {
                line.push_str(&unescape(text.trim_matches('\n')));
            }
            if matches!(
                name,
                "/p" | "/h1" | "/label" | "input" | "/button" | "/span" | "/time" | "/pre" | "/h2"
            ) {
                lines.push(line.trim().to_owned());
                line.clear();
            }
        }
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }

    /// The one form of the page.
    pub(crate) fn form(&self) -> Form {
        let forms: Vec<_> = self.body.split("<form ").skip(1).collect();
        assert_eq!(forms.len(), 1, "{}", self.body);
        let (tag, fields) = forms[0].split_once('>').unwrap();
        let inputs = fields
            .split("<input ")
            .skip(1)
            .map(|input| input.split_once('>').unwrap().0);
        let hidden = inputs.filter(|input| attribute(input, "type") == "hidden");
        Form {
            method: attribute(tag, "method"),
            action: attribute(tag, "action"),
            hidden: hidden
                .map(|input| (attribute(input, "name"), attribute(input, "value")))
                .collect(),
        }
    }

    pub(crate) fn has_form(&self) -> bool {
        self.body.contains("<form")
    }
}

fn attribute(tag: &str, name: &str) -> String {
    let value = tag
        .split_once(&format!("{name}=\""))
        .map(|(_, rest)| rest.split('"').next().unwrap_or_default());
    unescape(value.unwrap_or_default())
}

fn unescape(text: &str) -> String {
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
        // A non-breaking hyphen.
        ("\u{2011}", "-"),
    ];
    named
        .into_iter()
        .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}
