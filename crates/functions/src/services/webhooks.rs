//! Functions that are web services of the owner.

mod client;
mod secret;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::{Clock, Entropy, ObjectId};
use url::Url;

use self::client::Message;
pub use self::client::{WebhookClient, WebhookError};
pub use self::secret::{WebhookSecret, WebhookSecretError};
use crate::Ejson;

/// The functions of one app that are web services.
pub struct WebhookFunctions {
    /// What calls them. Apps share one.
    pub client: WebhookClient,
    /// By the name of the function.
    pub functions: HashMap<String, Webhook>,
    /// How long one may take.
    pub wall_time: Duration,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance, for the ids of messages.
    pub entropy: Arc<dyn Entropy>,
}

/// One web service.
pub struct Webhook {
    /// Its address.
    pub url: Url,
    /// The key that calls are signed with.
    pub secret: WebhookSecret,
}

impl WebhookFunctions {
    /// Calls a function. A message that is sent again keeps its id; without one it gets a new id.
    pub(super) async fn call(
        &self,
        id: Option<&str>,
        function: &str,
        arguments: &Ejson,
    ) -> Result<Ejson, WebhookError> {
        let webhook = self
            .functions
            .get(function)
            .ok_or_else(|| WebhookError::NotFound(function.to_owned()))?;
        let new_id = || ObjectId::generate(&*self.clock, &*self.entropy).to_string();
        let message = Message {
            id: id.map_or_else(new_id, str::to_owned),
            unix_seconds: self.clock.now().as_seconds(),
            function,
            arguments,
        };
        let answer = self.client.call(webhook, &message, self.wall_time).await?;
        Ok(Ejson::from(&answer))
    }
}

#[cfg(test)]
mod tests;
