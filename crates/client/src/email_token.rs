//! The token pair that a mailed link carries, and how to read it from a link that mail programs have damaged.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use url::Url;
use zeroize::Zeroizing;

/// The token pair that a mailed link carries: a secret token and its id. It confirms an address or sets a new password,
/// once, within 30 minutes unless the operator of the server chose another time.
///
/// The link opens the app, as a universal link, an app link or a link with a scheme of the app's own.
/// [`from_url`](Self::from_url) reads the URL that the operating system hands to the app. A link that the user has
/// pasted is parsed as text:
///
/// ```
/// use doorward_client::EmailToken;
///
/// # let (token, id) = ("0123456789abcdef".repeat(8), "0123456789abcdef01234567");
/// # let link = format!("notes://confirm?token={token}&amp;tokenId={id}.");
/// // link: "notes://confirm?token=0123…&amp;tokenId=0123…."
/// let pair: EmailToken = link.parse()?;
/// assert_eq!(pair.token_id(), "0123456789abcdef01234567");
/// # Ok::<(), doorward_client::EmailTokenError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct EmailToken {
    token: Zeroizing<String>,
    token_id: String,
}

/// Why a link has no usable token pair. The message never quotes the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmailTokenError {
    /// The link does not have this parameter.
    #[error("the link has no `{parameter}`")]
    Missing {
        /// `token` or `tokenId`.
        parameter: &'static str,
    },
    /// The link has this parameter more than once, with different values.
    #[error("the link has two values for `{parameter}`")]
    Twice {
        /// `token` or `tokenId`.
        parameter: &'static str,
    },
    /// The value is too short, so the link was cut off.
    #[error("the link is cut off: `{parameter}` has {characters} of {expected} characters")]
    CutOff {
        /// `token` or `tokenId`.
        parameter: &'static str,
        /// The length of the value.
        characters: usize,
        /// The length that it should have.
        expected: usize,
    },
    /// The value is too long.
    #[error("`{parameter}` has {characters} characters, and should have {expected}")]
    TooLong {
        /// `token` or `tokenId`.
        parameter: &'static str,
        /// The length of the value.
        characters: usize,
        /// The length that it should have.
        expected: usize,
    },
    /// The value has characters that it cannot have.
    #[error("`{parameter}` has characters other than 0 to 9 and a to f")]
    Characters {
        /// `token` or `tokenId`.
        parameter: &'static str,
    },
}

const TOKEN: Parameter = Parameter {
    name: "token",
    characters: 128,
};
const TOKEN_ID: Parameter = Parameter {
    name: "tokenId",
    characters: 24,
};

/// A parameter of the link, with the number of characters of its value.
struct Parameter {
    name: &'static str,
    characters: usize,
}

impl EmailToken {
    /// A token pair from its parts: 128 and 24 hexadecimal characters in lower case.
    pub fn new(token: impl Into<String>, token_id: impl Into<String>) -> Result<Self, EmailTokenError> {
        let (token, token_id) = (Zeroizing::new(token.into()), token_id.into());
        TOKEN.check(&token)?;
        TOKEN_ID.check(&token_id)?;
        Ok(Self { token, token_id })
    }

    /// Reads the token pair from a link of any scheme. It may stand in the query or in the fragment, among other
    /// parameters.
    ///
    /// It undoes what mail programs do to links: `&amp;`, percent-encoding, line breaks and the `=` before them,
    /// punctuation at the end, and wrapping in the link of a scanner.
    pub fn from_url(url: &Url) -> Result<Self, EmailTokenError> {
        url.as_str().parse()
    }

    /// The secret token: 128 hexadecimal characters.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The token's id, which is not secret: 24 hexadecimal characters.
    pub fn token_id(&self) -> &str {
        &self.token_id
    }
}

/// Reads the token pair from the text of a link, which need not be a valid URL.
impl FromStr for EmailToken {
    type Err = EmailTokenError;

    fn from_str(link: &str) -> Result<Self, EmailTokenError> {
        let link = mended(link);
        let inner = parameters(&link).find_map(|(_, value)| wrapped(&value));
        match of_parameters(&link) {
            // The link of a scanner carries the whole original link in one parameter.
            Err(EmailTokenError::Missing { .. }) if inner.is_some() => {
                of_parameters(&mended(&inner.unwrap_or_default()))
            }
            read => read,
        }
    }
}

impl fmt::Debug for EmailToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailToken")
            .field("token_id", &self.token_id)
            .finish_non_exhaustive()
    }
}

impl Parameter {
    /// Finds the value of this parameter, without the characters that mail programs add.
    fn find(&self, link: &str) -> Result<Zeroizing<String>, EmailTokenError> {
        let parameter = self.name;
        let values = parameters(link).filter(|(key, _)| key.eq_ignore_ascii_case(parameter));
        let mut values = values.map(|(_, value)| Zeroizing::new(cleaned(&value)));
        let value = values.next().ok_or(EmailTokenError::Missing { parameter })?;
        if values.any(|other| other != value) {
            return Err(EmailTokenError::Twice { parameter });
        }
        Ok(value)
    }

    fn check(&self, value: &str) -> Result<(), EmailTokenError> {
        let (parameter, expected) = (self.name, self.characters);
        let characters = value.chars().count();
        if !value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(EmailTokenError::Characters { parameter });
        }
        match characters {
            _ if characters < expected => Err(EmailTokenError::CutOff {
                parameter,
                characters,
                expected,
            }),
            _ if characters > expected => Err(EmailTokenError::TooLong {
                parameter,
                characters,
                expected,
            }),
            _ => Ok(()),
        }
    }
}

fn of_parameters(link: &str) -> Result<EmailToken, EmailTokenError> {
    let (token, token_id) = (TOKEN.find(link)?, TOKEN_ID.find(link)?);
    EmailToken::new(token.as_str(), token_id.as_str())
}

/// All pieces of the link that look like `key=value`, in the query or anywhere else.
fn parameters(link: &str) -> impl Iterator<Item = (String, String)> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    link.split(['?', '&', '#'])
        .filter_map(|piece| piece.split_once('='))
        .map(move |(key, value)| (decoded(key), decoded(value)))
}

/// The value, if it is a link with both parameters.
fn wrapped(value: &str) -> Option<String> {
    let has = |parameter: &str| value.contains(&format!("{parameter}=")) || value.contains(&format!("{parameter}%3D"));
    (has(TOKEN.name) && has(TOKEN_ID.name)).then(|| value.to_owned())
}

/// Removes line breaks, with the `=` that quoted-printable puts before them, other white space, and the `&amp;` of
/// HTML. Tokens have no upper-case `D`, so `=3D` can only be an `=` in quoted-printable.
fn mended(link: &str) -> String {
    let one_line = link.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
    let without_spaces: String = one_line
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect();
    without_spaces.replace("&amp;", "&").replace("&#38;", "&")
}

/// Removes white space, punctuation around the value, and `=`, which is what a URL parser leaves of a line break in
/// quoted-printable.
fn cleaned(value: &str) -> String {
    let inner = value.trim_matches(|character: char| !character.is_alphanumeric());
    let stray = |character: &char| character.is_whitespace() || matches!(character, '=' | '+');
    inner.chars().filter(|character| !stray(character)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef01234567";

    fn token() -> String {
        "0123456789abcdef".repeat(8)
    }

    fn good() -> EmailToken {
        EmailToken::new(token(), ID).unwrap()
    }

    #[test]
    fn a_pair_is_read_from_any_link() {
        let token = token();
        for link in [
            format!("https://notes.example.com/confirm?token={token}&tokenId={ID}"),
            format!("https://notes.example.com/confirm?lang=en&tokenId={ID}&utm=x&token={token}#top"),
            format!("https://notes.example.com/#/confirm?token={token}&tokenId={ID}"),
            format!("https://notes.example.com/app#token={token}&tokenId={ID}"),
            format!("notes://confirm?token={token}&tokenId={ID}"),
            format!("notes:confirm?token={token}&tokenId={ID}"),
            format!("com.example.notes:/confirm?token={token}&tokenid={ID}"),
            format!("https://a.example/?token={token}&tokenId={ID}&token={token}"),
            format!("https://a.example/?access_token=x&token={token}&tokenId={ID}&mytokenId=y"),
            format!("https://a.example/?%74oken={token}&tokenId={}", ID.replace('0', "%30")),
        ] {
            assert_eq!(EmailToken::from_url(&link.parse().unwrap()), Ok(good()), "{link}");
            assert_eq!(link.parse(), Ok(good()), "{link}");
        }
    }

    #[test]
    fn it_survives_what_mail_programs_do() {
        let token = token();
        let (one, two) = token.split_at(50);
        let inner = format!("https://notes.example.com/confirm?token={token}&tokenId={ID}");
        let encoded: String = url::form_urlencoded::byte_serialize(inner.as_bytes()).collect();
        for link in [
            format!("{inner}."),
            format!("<{inner}>"),
            format!("(see {inner})."),
            format!("\"{inner}\","),
            inner.replace('&', "&amp;"),
            inner.replace('&', "&#38;"),
            format!("https://notes.example.com/confirm?token=3D{one}=\r\n{two}&tokenId=3D{ID}"),
            format!("https://notes.example.com/confirm?token={one}=\n{two}&amp;tokenId={ID}"),
            format!("https://notes.example.com/confirm?token={one}\r\n {two}&tokenId={ID}\r\n"),
            format!("https://notes.example.com/confirm?token={one}%20{two}&tokenId={ID}%0A"),
            format!("https://eur01.safelinks.protection.outlook.com/?url={encoded}&data=05%7C01&reserved=0"),
            format!("https://www.google.com/url?q={encoded}&source=gmail"),
        ] {
            assert_eq!(link.parse(), Ok(good()), "{link}");
            if let Ok(url) = link.parse::<Url>() {
                assert_eq!(EmailToken::from_url(&url), Ok(good()), "{link}");
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said_precisely_and_the_token_is_not() {
        let token = token();
        for (link, said) in [
            ("https://a.example/confirm".to_owned(), "the link has no `token`"),
            (format!("https://a.example/?tokenId={ID}"), "the link has no `token`"),
            (format!("https://a.example/?token={token}"), "the link has no `tokenId`"),
            (
                format!("https://a.example/?token={}&tokenId={ID}", &token[..100]),
                "the link is cut off: `token` has 100 of 128 characters",
            ),
            (
                format!("https://a.example/?token=&tokenId={ID}"),
                "the link is cut off: `token` has 0 of 128 characters",
            ),
            (
                format!("https://a.example/?token={token}&tokenId={}", &ID[..23]),
                "the link is cut off: `tokenId` has 23 of 24 characters",
            ),
            (
                format!("https://a.example/?token={token}0&tokenId={ID}"),
                "`token` has 129 characters, and should have 128",
            ),
            (
                format!("https://a.example/?token={}&tokenId={ID}", token.to_uppercase()),
                "`token` has characters other than 0 to 9 and a to f",
            ),
            (
                format!(
                    "https://a.example/?token={token}&tokenId={ID}&tokenId={}",
                    ID.replace('0', "1")
                ),
                "the link has two values for `tokenId`",
            ),
            (String::new(), "the link has no `token`"),
        ] {
            let error = link.parse::<EmailToken>().unwrap_err();
            assert_eq!(error.to_string(), said, "{link}");
            assert!(!format!("{error:?}").contains("0123"));
        }
        assert_eq!(
            format!("{:?}", good()),
            format!("EmailToken {{ token_id: {ID:?}, .. }}")
        );
    }
}
