//! Answers what the scripts of one app ask for.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use doorward_core::{Clock, EmailAddress, Entropy, ObjectId};
use url::Url;

use crate::outbound::HttpClient;
use crate::packages::Packages;
use crate::pool::Outside;
use crate::protocol::{Answer, Ask, Ejson, OutgoingMail};
use crate::webhook::{WebhookClient, WebhookError, WebhookSecret};

/// Characters of a subject: longer ones are a mistake, or a body in the wrong place.
const LONGEST_SUBJECT: usize = 256;

/// Bytes of a mail's subject and bodies together.
const LONGEST_MAIL: usize = 1 << 20;

/// The world around the scripts of one app.
pub struct AppOutside(Arc<OutsideParts>);

/// What the scripts of one app can reach.
pub struct OutsideParts {
    /// What sends requests. Apps share one.
    pub http: Arc<HttpClient>,
    /// Whether the server can send mail.
    pub can_mail: bool,
    /// What calls web services. Apps share one.
    pub webhooks: WebhookClient,
    /// The functions of the app that are web services, by name.
    pub webhook_functions: HashMap<String, (Url, WebhookSecret)>,
    /// How long a web service may take.
    pub wall_time: Duration,
    /// What the app has brought along for `require`.
    pub packages: Option<Packages>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
}

impl AppOutside {
    /// Puts the world together.
    pub fn new(parts: OutsideParts) -> Self {
        Self(Arc::new(parts))
    }
}

#[async_trait]
impl Outside for AppOutside {
    async fn answer(&self, ask: Ask) -> Result<Answer, String> {
        match ask {
            Ask::Http(request) => self.0.http.send(request).await.map(Answer::Http),
            Ask::Mail(mail) => self.0.check_mail(&mail).map(|()| Answer::Mail),
            Ask::Webhook { function, arguments } => {
                let answer = self.0.call_webhook(None, &function, &arguments).await;
                answer.map(Answer::Webhook).map_err(|error| error.to_string())
            }
            Ask::Module { from, specifier } => self.0.find_module(from, specifier).await,
        }
    }

    async fn call_webhook(&self, id: Option<&str>, function: &str, arguments: &Ejson) -> Result<Ejson, WebhookError> {
        self.0.call_webhook(id, function, arguments).await
    }
}

impl OutsideParts {
    /// A mail is only checked here: the flow that made the call takes what was accepted, and keeps it together with what else it changes.
    fn check_mail(&self, mail: &OutgoingMail) -> Result<(), String> {
        let refuse = |why: &str| Err(why.to_owned());
        if !self.can_mail {
            return refuse("no mail can be sent: the server has no --smtp");
        }
        if !EmailAddress::parse(&mail.to).is_ok_and(|address| address.is_mailbox()) {
            return refuse("the address is not valid");
        }
        if mail.subject.chars().count() > LONGEST_SUBJECT {
            return Err(format!("the subject is longer than {LONGEST_SUBJECT} characters"));
        }
        // A line break could begin another header.
        if mail.subject.chars().any(char::is_control) {
            return refuse("the subject has control characters");
        }
        let bodies = [mail.text.as_deref(), mail.html.as_deref()].map(Option::unwrap_or_default);
        if bodies.iter().all(|body| body.is_empty()) {
            return refuse("the mail has neither text nor html");
        }
        if mail.subject.len() + bodies[0].len() + bodies[1].len() > LONGEST_MAIL {
            return Err(format!("the mail is longer than {LONGEST_MAIL} bytes"));
        }
        Ok(())
    }

    async fn call_webhook(&self, id: Option<&str>, function: &str, arguments: &Ejson) -> Result<Ejson, WebhookError> {
        let (url, secret) = self
            .webhook_functions
            .get(function)
            .ok_or_else(|| WebhookError::NotFound(function.to_owned()))?;
        let id = id.map_or_else(
            || ObjectId::generate(&*self.clock, &*self.entropy).to_string(),
            str::to_owned,
        );
        let now = self.clock.now().as_seconds();
        let answer = self
            .webhooks
            .call(url, secret, &id, now, function, arguments, self.wall_time)
            .await?;
        Ejson::of(&answer).map_err(|_| WebhookError::NotAnObject)
    }

    /// Reads files, so it leaves the threads of the runtime alone.
    async fn find_module(self: &Arc<Self>, from: Option<String>, specifier: String) -> Result<Answer, String> {
        if self.packages.is_none() {
            return Ok(Answer::NoModule);
        }
        let parts = Arc::clone(self);
        let find = move || match &parts.packages {
            Some(packages) => packages.resolve(from.as_deref(), &specifier),
            None => Ok(Answer::NoModule),
        };
        // It can only fail by a panic, whose text is in the log.
        tokio::task::spawn_blocking(find)
            .await
            .unwrap_or_else(|_| Err("the module cannot be read".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use doorward_core::{OsEntropy, SystemClock};

    use super::*;
    use crate::outbound::test_server::{TestServer, http};
    use crate::{AddressRule, HttpRequest, Limits};

    fn parts() -> OutsideParts {
        let limits = Limits::default();
        OutsideParts {
            http: Arc::new(HttpClient::new(AddressRule::default(), &limits).unwrap()),
            can_mail: true,
            webhooks: WebhookClient::new(&limits).unwrap(),
            webhook_functions: HashMap::new(),
            wall_time: Duration::from_secs(5),
            packages: None,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
        }
    }

    fn mail() -> OutgoingMail {
        OutgoingMail {
            to: "ada@example.com".to_owned(),
            subject: "Hello".to_owned(),
            text: Some("text".to_owned()),
            html: None,
        }
    }

    async fn answer(parts: OutsideParts, ask: Ask) -> Result<Answer, String> {
        AppOutside::new(parts).answer(ask).await
    }

    #[tokio::test]
    async fn a_request_goes_where_the_rule_allows() {
        let request = HttpRequest {
            method: "GET".to_owned(),
            url: "http://127.0.0.1:1/".to_owned(),
            headers: Vec::new(),
            body: None,
            follow_redirects: false,
            digest: None,
        };
        let refused = answer(parts(), Ask::Http(request)).await.unwrap_err();
        assert_eq!(refused, "request to 127.0.0.1 is not allowed");
    }

    #[tokio::test]
    async fn a_mail_is_accepted_only_if_it_can_be_sent() {
        assert!(answer(parts(), Ask::Mail(mail())).await.is_ok());
        let longest = OutgoingMail {
            subject: "ü".repeat(256),
            text: Some("x".repeat(LONGEST_MAIL - 512)),
            ..mail()
        };
        assert!(answer(parts(), Ask::Mail(longest.clone())).await.is_ok());
        let to = |to: &str| OutgoingMail {
            to: to.to_owned(),
            ..mail()
        };
        let subject = |subject: &str| OutgoingMail {
            subject: subject.to_owned(),
            ..mail()
        };
        let text = |text: Option<&str>| OutgoingMail {
            text: text.map(str::to_owned),
            ..mail()
        };
        for (mail, expected) in [
            (to("ada"), "the address is not valid"),
            (to("ada@example.com, eve@example.com"), "the address is not valid"),
            (to("Ada <ada@example.com>"), "the address is not valid"),
            (
                to("ada@example.com\r\nBcc: eve@example.com"),
                "the address is not valid",
            ),
            (subject(&"x".repeat(257)), "the subject is longer than 256 characters"),
            (
                subject("a\r\nBcc: eve@example.com"),
                "the subject has control characters",
            ),
            (text(None), "the mail has neither text nor html"),
            (text(Some("")), "the mail has neither text nor html"),
            (
                OutgoingMail {
                    html: Some("x".to_owned()),
                    ..longest
                },
                "the mail is longer than 1048576 bytes",
            ),
        ] {
            assert_eq!(answer(parts(), Ask::Mail(mail)).await.unwrap_err(), expected);
        }
        let cannot = OutsideParts {
            can_mail: false,
            ..parts()
        };
        let refused = answer(cannot, Ask::Mail(mail())).await.unwrap_err();
        assert_eq!(refused, "no mail can be sent: the server has no --smtp");
    }

    #[tokio::test]
    async fn a_function_that_is_a_web_service_is_called_with_a_new_id_each_time() {
        let server = TestServer::start("127.0.0.1", |_| http("200 OK", &[], r#"{"b":1,"a":2}"#)).await;
        let mut parts = parts();
        let url = Url::parse(&server.url("/")).unwrap();
        let secret = WebhookSecret::parse("secret");
        parts.webhook_functions.insert("hook".to_owned(), (url, secret));
        let outside = AppOutside::new(parts);
        let ask = |function: &str| Ask::Webhook {
            function: function.to_owned(),
            arguments: Ejson::parse("[1]".to_owned()).unwrap(),
        };
        for _ in 0..2 {
            let Ok(Answer::Webhook(_)) = outside.answer(ask("hook")).await else {
                panic!("it has an answer");
            };
        }
        let ids = server.requests().into_iter().map(|request| {
            let id = request.lines().find_map(|line| line.strip_prefix("webhook-id: "));
            id.unwrap().to_owned()
        });
        let ids: Vec<String> = ids.collect();
        assert_eq!(ids[0].len(), 24);
        assert_ne!(ids[0], ids[1]);
        let missing = outside.answer(ask("other")).await.unwrap_err();
        assert_eq!(missing, "function not found: 'other'");
    }

    #[tokio::test]
    async fn a_module_comes_from_the_packages_of_the_app() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("one")).unwrap();
        std::fs::write(directory.path().join("one/index.js"), "module.exports = 1").unwrap();
        let ask = || Ask::Module {
            from: None,
            specifier: "one".to_owned(),
        };
        assert!(matches!(answer(parts(), ask()).await, Ok(Answer::NoModule)));
        let with_packages = OutsideParts {
            packages: Packages::open(directory.path()),
            ..parts()
        };
        let Ok(Answer::Module { path, text, .. }) = answer(with_packages, ask()).await else {
            panic!("there is such a module");
        };
        assert_eq!((path.as_str(), text.as_str()), ("one/index.js", "module.exports = 1"));
    }
}
