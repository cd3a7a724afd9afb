//! Two attributes of options that clap lacks: limits of a value, and a text for a default that depends on the machine
//! or on other options.

use std::error::Error;
use std::fmt::Display;
use std::str::FromStr;

use clap::Arg;

use super::values::Span;

/// Two more attributes of an option, for `#[arg(…)]`. Both add to its help what the reference shows.
pub(super) trait ArgExt: Sized {
    /// Refuses values outside these limits, as in `limits = Limits::between("10s", "24h")`.
    fn limits(self, limits: Limits<impl Amount>) -> Self;

    /// Describes a default that is not one fixed value, as in `default_text = "one for each core"`.
    fn default_text(self, text: &str) -> Self;
}

/// What has limits.
pub(super) trait Amount:
    Copy + Display + FromStr<Err: Into<Box<dyn Error + Send + Sync>>> + PartialOrd + Send + Sync + 'static
{
    /// Whether it is within these limits, both included.
    fn is_between(&self, least: &Self, most: Option<&Self>) -> bool {
        self >= least && most.is_none_or(|most| self <= most)
    }
}

impl Amount for Span {}
impl Amount for usize {}

/// The smallest and the largest value that an option accepts.
#[derive(Clone)]
pub(super) struct Limits<T> {
    least: T,
    most: Option<T>,
    /// As the reference shows them.
    text: String,
}

/// Why an option refuses a value. The text follows the name of the option.
#[derive(Debug, thiserror::Error)]
#[error("is {value}; it must be {limits}")]
pub(super) struct OutOfLimits {
    value: String,
    limits: String,
}

impl Limits<Span> {
    /// From the shortest to the longest duration, both included.
    pub(super) fn between(least: &str, most: &str) -> Self {
        let span = |text: &str| text.parse().expect("the limit of an option is a duration");
        Self {
            least: span(least),
            most: Some(span(most)),
            text: format!("{least} to {most}"),
        }
    }
}

impl Limits<usize> {
    pub(super) fn at_least(least: usize) -> Self {
        Self {
            least,
            most: None,
            text: format!("{least} or more"),
        }
    }
}

impl<T: Amount> Limits<T> {
    /// From the smallest to the largest value, both included.
    pub(super) fn from_to(least: T, most: T) -> Self {
        Self {
            least,
            most: Some(most),
            text: format!("{least} to {most}"),
        }
    }

    fn parse(&self, text: &str) -> Result<T, Box<dyn Error + Send + Sync>> {
        let value: T = text.parse().map_err(Into::into)?;
        if value.is_between(&self.least, self.most.as_ref()) {
            return Ok(value);
        }
        Err(Box::new(OutOfLimits {
            value: value.to_string(),
            limits: match &self.most {
                Some(most) => format!("between {} and {most}", self.least),
                None => format!("{} or more", self.least),
            },
        }))
    }
}

impl ArgExt for Arg {
    fn limits(self, limits: Limits<impl Amount>) -> Self {
        let tagged = add_tag(self, "limits", &limits.text);
        tagged.value_parser(move |text: &str| limits.parse(text))
    }

    fn default_text(self, text: &str) -> Self {
        add_tag(self, "default", text)
    }
}

/// Adds `[name: text]` to the help, where clap adds `[default: 30m]`.
fn add_tag(mut arg: Arg, name: &str, text: &str) -> Arg {
    let tag = format!("[{name}: {text}]");
    if let Some(help) = arg.get_help().map(|help| format!("{help} {tag}")) {
        arg = arg.help(help);
    }
    if let Some(help) = arg.get_long_help().map(|help| format!("{help}\n\n{tag}")) {
        arg = arg.long_help(help);
    }
    arg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_included() {
        let limits = Limits::between("10s", "24h");
        for accepted in ["10s", "1m", "24h", "1d"] {
            assert!(limits.parse(accepted).is_ok(), "{accepted}");
        }
        for refused in ["9s", "24h 1s"] {
            let error = limits.parse(refused).unwrap_err().to_string();
            let value: Span = refused.parse().unwrap();
            assert_eq!(error, format!("is {value}; it must be between 10s and 1day"));
        }
        let error = Limits::at_least(1).parse("0").unwrap_err().to_string();
        assert_eq!(error, "is 0; it must be 1 or more");
    }
}
