//! The templates, compiled in. Their names end in `.html`, so every value that they show is escaped.

use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior, Value};

/// Fills a template in.
pub(crate) fn render(name: &str, values: Value) -> String {
    let html = TEMPLATES
        .get_template(name)
        .and_then(|template| template.render(values));
    html.unwrap_or_else(|error| {
        // Only the kind is logged: the details of a template error may quote the values.
        tracing::error!(template = name, kind = ?error.kind(), "a page could not be filled in");
        LAST_RESORT.to_owned()
    })
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    // A misspelt variable must fail, and not leave a gap on a page.
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in [
        ("layout.html", include_str!("../templates/layout.html")),
        ("icons.html", include_str!("../templates/icons.html")),
        ("notice.html", include_str!("../templates/notice.html")),
        ("button.html", include_str!("../templates/button.html")),
        ("new_password.html", include_str!("../templates/new_password.html")),
        ("mailbox.html", include_str!("../templates/mailbox.html")),
    ] {
        templates
            .add_template(name, source)
            .expect("the templates are compiled in and tested");
    }
    templates
});

const LAST_RESORT: &str = "<!DOCTYPE html>\n<html lang=\"en\"><title>Something went wrong</title>\
    <p>Something went wrong. Please try again in a moment.</p></html>\n";
