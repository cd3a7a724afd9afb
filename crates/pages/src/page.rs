//! A page: a text, and perhaps a form that carries the mailed token on.

use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{Html, IntoResponse, Response};
use doorward_core::{Password, TokenPair};
use minijinja::context;

use crate::page_error::{PageError, Refusal};
use crate::page_text::PageText;
use crate::templates;

/// A page that does not show an app's name yet.
pub(crate) struct Page {
    status: StatusCode,
    text: &'static PageText,
    /// The error above the form, when the form is shown again.
    alert: Option<&'static str>,
    form: Option<MailedForm>,
    retry_after: Option<u64>,
}

/// A form with the token in hidden fields. The token authorises the form, so no cookie or session is needed to protect
/// it (see ADR 7).
pub(crate) struct MailedForm {
    pub(crate) kind: FormKind,
    pub(crate) path: String,
    pub(crate) token: TokenPair,
}

/// The content of a form.
pub(crate) enum FormKind {
    /// A single button with this label.
    Press(&'static str),
    /// A button that loads the link again, which changes nothing.
    Reload,
    /// Two fields for a new password.
    NewPassword,
}

impl Page {
    /// A page with a text and no form.
    pub(crate) fn of(page_text: &'static PageText) -> Self {
        Self {
            status: page_text.status,
            text: page_text,
            alert: None,
            form: None,
            retry_after: None,
        }
    }

    /// A page with a text and a form below.
    pub(crate) fn with_form(page_text: &'static PageText, form: MailedForm) -> Self {
        Self {
            form: Some(form),
            ..Self::of(page_text)
        }
    }

    /// The page of an error.
    pub(crate) fn of_error(error: &PageError) -> Self {
        let refusal = Refusal::of(error);
        refusal.log(error);
        Self {
            retry_after: refusal.retry_after,
            ..Self::of(refusal.page_text)
        }
    }

    /// Shows this page again, with the error above its form; or the error's own page if sending the form again cannot
    /// help.
    pub(crate) fn again_after(self, error: &PageError) -> Self {
        let refusal = Refusal::of(error);
        if !refusal.again || self.form.is_none() {
            return Self::of_error(error);
        }
        refusal.log(error);
        Self {
            status: refusal.page_text.status,
            alert: Some(refusal.page_text.text),
            retry_after: refusal.retry_after,
            ..self
        }
    }

    /// The page as HTML, with the name of the app if it is known.
    pub(crate) fn response(self, app: Option<&str>) -> Response {
        let (template, form) = match &self.form {
            None => ("notice.html", context! {}),
            Some(form) => form.view(),
        };
        let html = templates::render(
            template,
            context! {
                app,
                title => unbroken(self.text.title),
                text => unbroken(self.text.text),
                icon => self.text.icon.as_str(),
                alert => self.alert.map(unbroken),
                ..form
            },
        );
        let mut response = (self.status, Html(html)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl MailedForm {
    fn view(&self) -> (&'static str, minijinja::Value) {
        let (template, method, button) = match self.kind {
            FormKind::Press(label) => ("button.html", "post", unbroken(label)),
            FormKind::Reload => ("button.html", "get", "Try again".to_owned()),
            FormKind::NewPassword => ("new_password.html", "post", "Change password".to_owned()),
        };
        let values = context! {
            method,
            button,
            path => &self.path,
            token => self.token.secret.expose(),
            token_id => self.token.id.to_string(),
            min_chars => Password::MIN_CHARS,
            max_chars => Password::MAX_CHARS,
        };
        (template, values)
    }
}

/// On a narrow screen, a browser would break the line after the hyphen of "e-mail".
fn unbroken(text: &str) -> String {
    text.replace("e-mail", "e\u{2011}mail")
}

/// Where the app is unknown, the page shows no name.
impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        Page::of_error(&self).response(None)
    }
}
