//! An error as a log line shows it.

use std::error::Error;
use std::fmt::{self, Write as _};

/// An error with its causes, outermost first: `storage failed: the database is unavailable: connection refused`.
///
/// Every error is logged as `error = %Causes(&error)`. With `%error` the causes would be missing, and `?error` would
/// show fields that are not meant for the log. The result is one line, even if an error quotes text from outside.
pub struct Causes<'a>(
    /// The outermost error.
    pub &'a (dyn Error + 'a),
);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = self.0.to_string();
        write_on_one_line(f, &last)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            // Some drivers repeat the cause in the error's own text.
            if !last.ends_with(&text) {
                f.write_str(": ")?;
                write_on_one_line(f, &text)?;
                last = text;
            }
            next = cause.source();
        }
        Ok(())
    }
}

fn write_on_one_line(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    text.chars()
        .try_for_each(|character| f.write_char(if character.is_control() { ' ' } else { character }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Failure {
        text: &'static str,
        source: Option<Box<Failure>>,
    }

    /// An error with these texts, outermost first.
    fn failure(texts: &[&'static str]) -> Failure {
        let (text, causes) = texts.split_first().expect("an error has a text");
        Failure {
            text,
            source: (!causes.is_empty()).then(|| Box::new(failure(causes))),
        }
    }

    fn shown(texts: &[&'static str]) -> String {
        Causes(&failure(texts)).to_string()
    }

    #[test]
    fn every_cause_is_shown_outermost_first() {
        assert_eq!(shown(&["a mail was not sent"]), "a mail was not sent");
        assert_eq!(
            shown(&["no mail", "no relay", "no route"]),
            "no mail: no relay: no route"
        );
    }

    #[test]
    fn a_cause_that_an_error_repeats_is_shown_once() {
        assert_eq!(
            shown(&["cannot connect: refused", "refused", "os error 111"]),
            "cannot connect: refused: os error 111"
        );
    }

    #[test]
    fn text_from_elsewhere_cannot_begin_a_line_of_its_own() {
        assert_eq!(
            shown(&["refused\nERROR root logged in", "a\r\n\u{1b}[31mb"]),
            "refused ERROR root logged in: a   [31mb"
        );
    }

    #[test]
    fn a_boxed_error_and_one_behind_a_trait_object_are_shown_too() {
        let boxed: Box<dyn Error + Send + Sync> = Box::new(failure(&["outer", "inner"]));
        assert_eq!(Causes(&*boxed).to_string(), "outer: inner");
        assert_eq!(Causes(&std::io::Error::other(boxed)).to_string(), "outer: inner");
    }
}
