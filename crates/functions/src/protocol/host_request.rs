//! What a script asks of the server while it runs, and what the server answers.

use serde::{Deserialize, Serialize};

use crate::Ejson;

/// Something that a script cannot do itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum HostRequest {
    /// `context.http`
    Http(HttpRequest),
    /// `context.services.get("email").send`
    Mail(OutgoingMail),
    /// `context.functions.execute` of a function that is a web service.
    Webhook {
        /// The name of the function.
        function: String,
        /// Its arguments, an array.
        arguments: Ejson,
    },
    /// `require` of a module that is not built in.
    Module {
        /// The module that requires it, as [`HostResponse::Module`] named it; nothing if a function does.
        from: Option<String>,
        /// What is required.
        specifier: String,
    },
}

/// The response to a [`HostRequest`].
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub enum HostResponse {
    /// The HTTP response.
    Http(HttpResponse),
    /// The mail has been accepted.
    Mail,
    /// The JSON of the web service.
    Webhook(Ejson),
    /// The module.
    Module {
        /// Its name from now on: a path below `functions/node_modules`.
        path: String,
        /// What it is.
        kind: ModuleKind,
        /// Its source.
        text: String,
    },
    /// There is no such module.
    NoModule,
}

/// How a module's text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModuleKind {
    /// `CommonJS`.
    Script,
    /// Data.
    Json,
}

/// An HTTP request. The worker has resolved the script's own spelling of it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// Such as `GET`.
    pub method: String,
    /// Absolute.
    pub url: String,
    /// In order, repeated names allowed.
    pub headers: Vec<(String, String)>,
    /// Base64.
    pub body: Option<String>,
    /// At most ten times.
    pub follow_redirects: bool,
    /// User name and password for digest authentication.
    pub digest: Option<(String, String)>,
}

/// An HTTP response.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpResponse {
    /// Such as `200 OK`.
    pub status: String,
    /// Such as 200.
    pub status_code: u16,
    /// In order, names repeated as they came.
    pub headers: Vec<(String, String)>,
    /// Base64.
    pub body: String,
}

/// A mail that a function sends.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct OutgoingMail {
    /// One address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The body as text.
    pub text: Option<String>,
    /// The body as HTML.
    pub html: Option<String>,
}

opaque!(HostResponse, HttpRequest, HttpResponse, OutgoingMail);
