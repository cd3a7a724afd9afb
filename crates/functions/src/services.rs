//! The services of the server for scripts, one file for each. A script reaches them through its worker, which has
//! nothing but its pipe.

mod http;
mod mail;
mod modules;
mod webhooks;

use std::sync::Arc;

use async_trait::async_trait;

pub use http::{AddressRule, AllowError, Allowed, ClientError, HttpClient};
pub use mail::MailService;
pub use modules::Packages;
pub use webhooks::{Webhook, WebhookClient, WebhookError, WebhookFunctions, WebhookSecret, WebhookSecretError};

use crate::Ejson;
use crate::protocol::{HostRequest, HostResponse};

/// What the scripts of an app can ask of the server. The pool drops a future that is not ready when the time of the
/// call is over.
#[async_trait]
pub trait HostServices: Send + Sync {
    /// Responds to a request of a script. An error is text for the script.
    async fn respond(&self, request: HostRequest) -> Result<HostResponse, String>;

    /// Calls a function that is a web service, and returns the object that it answers with. A message that is sent
    /// again keeps its id; without one it gets a new id. The default is an app without such functions.
    async fn call_webhook(&self, _id: Option<&str>, function: &str, _arguments: &Ejson) -> Result<Ejson, WebhookError> {
        Err(WebhookError::NotFound(function.to_owned()))
    }
}

/// The services for the scripts of one app.
pub struct Services {
    /// `context.http`. Apps share one client.
    pub http: Arc<HttpClient>,
    /// `context.services.get("email")`
    pub mail: MailService,
    /// The functions of the app that are web services.
    pub webhooks: WebhookFunctions,
    /// The packages of the app for `require`, if it has any.
    pub packages: Option<Packages>,
}

#[async_trait]
impl HostServices for Services {
    async fn respond(&self, request: HostRequest) -> Result<HostResponse, String> {
        match request {
            HostRequest::Http(request) => self.http.send(request).await.map(HostResponse::Http),
            HostRequest::Mail(mail) => self.mail.accept(&mail).map(|()| HostResponse::Mail),
            HostRequest::Webhook { function, arguments } => {
                let answer = self.webhooks.call(None, &function, &arguments).await;
                answer.map(HostResponse::Webhook).map_err(|error| error.to_string())
            }
            HostRequest::Module { from, specifier } => match &self.packages {
                Some(packages) => packages.load(from, specifier).await,
                None => Ok(HostResponse::NoModule),
            },
        }
    }

    async fn call_webhook(&self, id: Option<&str>, function: &str, arguments: &Ejson) -> Result<Ejson, WebhookError> {
        self.webhooks.call(id, function, arguments).await
    }
}

/// An app without services: every request of its scripts fails.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoServices;

#[async_trait]
impl HostServices for NoServices {
    async fn respond(&self, _: HostRequest) -> Result<HostResponse, String> {
        Err("this is not available here".to_owned())
    }
}

#[cfg(test)]
mod tests;
