//! From the keys of e-mail/password accounts to the methods that they select.

use url::Url;

use crate::error::LoadError;
use crate::findings::Item;
use crate::json::JsonFile;
use crate::loader::Reader;
use crate::origins::is_loopback;
use crate::userpass::{ConfirmationMethod, ResetMethod, UserpassConfig, UserpassKeys};

/// The methods that the keys select. Only active keys are checked, because the forms of App Services left inactive ones
/// filled in.
pub(crate) struct Selection {
    /// `None` if there are errors.
    pub(crate) config: Option<UserpassConfig>,
    pub(crate) errors: Vec<LoadError>,
    pub(crate) warnings: Vec<Item>,
}

pub(crate) fn select(reader: &Reader<'_>, file: &JsonFile, pointer: &str, keys: UserpassKeys) -> Selection {
    let mut check = Check {
        reader,
        file,
        pointer,
        errors: Vec::new(),
        warnings: Vec::new(),
    };
    let confirmation = if keys.auto_confirm {
        Some(ConfirmationMethod::Automatic)
    } else if keys.run_confirmation_function {
        let (name, id) = (
            keys.confirmation_function_name.as_deref(),
            keys.confirmation_function_id.as_deref(),
        );
        check
            .function("confirmationFunction", "confirmation", name, id)
            .map(ConfirmationMethod::Function)
    } else {
        let url = check.url("emailConfirmationUrl", keys.email_confirmation_url.as_deref());
        let subject = check.subject("confirmEmailSubject", keys.confirm_email_subject.as_deref());
        Some(ConfirmationMethod::Email { url, subject })
    };
    let reset = if keys.run_reset_function {
        let (name, id) = (keys.reset_function_name.as_deref(), keys.reset_function_id.as_deref());
        check
            .function("resetFunction", "password reset", name, id)
            .map(ResetMethod::Function)
    } else {
        let url = check.url("resetPasswordUrl", keys.reset_password_url.as_deref());
        let subject = check.subject("resetPasswordSubject", keys.reset_password_subject.as_deref());
        Some(ResetMethod::Email { url, subject })
    };
    let Check { errors, warnings, .. } = check;
    let config = match (confirmation, reset) {
        (Some(confirmation), Some(reset)) if errors.is_empty() => Some(UserpassConfig {
            keys,
            confirmation,
            reset,
        }),
        _ => None,
    };
    Selection {
        config,
        errors,
        warnings,
    }
}

struct Check<'a> {
    reader: &'a Reader<'a>,
    file: &'a JsonFile,
    pointer: &'a str,
    errors: Vec<LoadError>,
    warnings: Vec<Item>,
}

impl Check<'_> {
    fn function(&mut self, key: &str, needed_by: &str, name: Option<&str>, id: Option<&str>) -> Option<String> {
        let found = self.reader.find_function(name, id);
        if found.is_none() {
            let suffix = if name.is_none() && id.is_some() { "Id" } else { "Name" };
            let pointer = format!("{}/{key}{suffix}", self.pointer);
            self.errors.push(match name.or(id) {
                Some(function) => self.file.function_not_found(&pointer, function, needed_by),
                None => self.file.invalid(
                    &pointer,
                    format!("the {needed_by} runs a function, but `{key}Name` is empty"),
                    format!("Write the name of the function in `{key}Name`, or switch to e-mail."),
                ),
            });
        }
        found
    }

    fn url(&mut self, key: &str, url: Option<&str>) -> Option<String> {
        let text = url?;
        match parse_link(text) {
            Ok(url) => {
                if let Some(why) = doubt(&url) {
                    self.warnings.push(Item::new(key, why).at(&self.file.name));
                }
            }
            Err(problem) => {
                let fix = "Write an absolute URL such as https://www.example.com/confirm or myapp://confirm, \
                           or an empty string for the page that Doorward hosts.";
                let pointer = format!("{}/{key}", self.pointer);
                self.errors.push(self.file.invalid(&pointer, problem, fix));
            }
        }
        Some(text.to_owned())
    }

    fn subject(&mut self, key: &str, subject: Option<&str>) -> Option<String> {
        let text = subject?;
        let problem = if text.chars().any(char::is_control) {
            "the subject holds a control character"
        } else if text.chars().count() > MAX_SUBJECT {
            "the subject is longer than 256 characters"
        } else {
            return Some(text.to_owned());
        };
        let pointer = format!("{}/{key}", self.pointer);
        let fix = "Write one line of 256 characters at most.";
        self.errors.push(self.file.invalid(&pointer, problem, fix));
        None
    }
}

const MAX_SUBJECT: usize = 256;

/// Parses the link of a mail. Apps register schemes of their own, so every scheme is accepted but those that make a
/// browser run or show the text of the link itself.
fn parse_link(text: &str) -> Result<Url, String> {
    let problem = |what: &str| Err(format!("the link {text:?} {what}"));
    // The URL parser drops tabs and line breaks in silence, so they are looked for first.
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return problem("holds white space or a control character");
    }
    let Ok(url) = Url::parse(text) else {
        return problem("is not an absolute URL");
    };
    if matches!(url.scheme(), "javascript" | "data" | "vbscript") {
        return problem("is a script, not an address");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the link carries a user name or password".to_owned());
    }
    Ok(url)
}

fn doubt(url: &Url) -> Option<&'static str> {
    let host = url.host_str().unwrap_or_default();
    if SWITCHED_OFF
        .iter()
        .any(|domain| host == *domain || host.ends_with(&format!(".{domain}")))
    {
        return Some("it leads to App Services, which is switched off; empty it for the page that Doorward hosts");
    }
    (url.scheme() == "http" && !is_loopback(url))
        .then_some("it is plain http: whoever carries the traffic can read the token and use it")
}

/// Where App Services hosted pages and endpoints.
const SWITCHED_OFF: [&str; 4] = [
    "mongodb-api.com",
    "mongodb-realm.com",
    "mongodbstitch.com",
    "realm.mongodb.com",
];
