//! The web addresses in a mail that a function wrote, for the development mailbox.

use std::collections::HashSet;

use url::Url;

/// The most links that are shown of a mail.
const MOST: usize = 100;

/// The longest link, in bytes. Parsing a host takes more than linear time.
const LONGEST: usize = 2_048;

/// The web addresses in the bodies of a mail: in the order in which they stand there, each once. Each byte is looked at
/// a bounded number of times, because anybody who can call a function may decide what it mails.
pub(crate) fn links_in(text: &str, html: &str) -> Vec<String> {
    let html = html.replace("&amp;", "&");
    let mut seen = HashSet::new();
    candidates(text)
        .chain(candidates(&html))
        .filter(|link| link.len() <= LONGEST && Url::parse(link).is_ok() && seen.insert(link.to_string()))
        .take(MOST)
        .map(str::to_owned)
        .collect()
}

/// What stands around each `://`, up to a character that ends a link. No two of them overlap.
fn candidates(body: &str) -> impl Iterator<Item = &str> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let mark = from + body[from..].find("://")?;
        let start = body[from..mark]
            .rfind(|c: char| !is_in_scheme(c))
            .map_or(from, |before| {
                from + before + body[from + before..].chars().next().map_or(0, char::len_utf8)
            });
        let end = body[mark..].find(ends_link).map_or(body.len(), |length| mark + length);
        from = end;
        Some(&body[start..end])
    })
}

fn is_in_scheme(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')
}

fn ends_link(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')' | ']')
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn links_are_found_in_both_bodies_in_their_order_and_once() {
        let text = "Go to https://a.example/c?token=1&tokenId=2 (or notes://c), please. Not http:// or ://x or 1://y.";
        let html = "<a href='https://a.example/c?token=1&amp;tokenId=2'>here</a> ünd<b>http://b.example/?u=https://c.example</b>";
        assert_eq!(
            links_in(text, html),
            [
                "https://a.example/c?token=1&tokenId=2",
                "notes://c",
                "http://b.example/?u=https://c.example"
            ]
        );
        assert_eq!(links_in("", ""), [""; 0]);
    }

    #[test]
    fn a_link_stands_beside_any_character() {
        assert_eq!(
            links_in("é://a.example ühttps://a.example é", "://"),
            ["https://a.example"]
        );
    }

    /// Each of these took seconds to minutes: a mebibyte is what a function may write.
    #[test]
    fn no_text_makes_the_search_long() {
        let mebibyte = |part: &str| part.repeat((1 << 20) / part.len());
        let many: Vec<String> = (0..70_000).map(|n| format!("http://a{n}.b")).collect();
        let began = Instant::now();
        for text in [
            mebibyte("a://"),
            mebibyte("a://b "),
            mebibyte("://"),
            mebibyte("a"),
            mebibyte("http://ü.ö"),
            format!("http://{}", mebibyte("ü")),
            many.join(" "),
        ] {
            assert!(links_in(&text, &text).len() <= MOST);
        }
        // Twenty times what it takes without optimization.
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }
}
