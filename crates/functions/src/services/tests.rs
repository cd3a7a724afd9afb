//! Each request reaches its service.

use std::collections::HashMap;
use std::time::Duration;

use doorward_core::{OsEntropy, SystemClock};
use url::Url;

use super::http::test_server::{TestServer, http};
use super::*;
use crate::{HttpRequest, Limits, OutgoingMail};

fn services() -> Services {
    let limits = Limits::default();
    Services {
        http: Arc::new(HttpClient::new(AddressRule::default(), &limits).unwrap()),
        mail: MailService { is_configured: true },
        webhooks: WebhookFunctions {
            client: WebhookClient::new(&limits).unwrap(),
            functions: HashMap::new(),
            wall_time: Duration::from_secs(5),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
        },
        packages: None,
    }
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
    let refused = services().respond(HostRequest::Http(request)).await.unwrap_err();
    assert_eq!(refused, "request to 127.0.0.1 is not allowed");
}

#[tokio::test]
async fn a_mail_is_checked() {
    let mail = OutgoingMail {
        to: "ada@example.com".to_owned(),
        subject: "Hello".to_owned(),
        text: Some("text".to_owned()),
        html: None,
    };
    let services = services();
    let accepted = services.respond(HostRequest::Mail(mail.clone())).await;
    assert!(matches!(accepted, Ok(HostResponse::Mail)));
    let no_body = OutgoingMail { text: None, ..mail };
    assert!(services.respond(HostRequest::Mail(no_body)).await.is_err());
}

#[tokio::test]
async fn a_function_that_is_a_web_service_is_called_with_a_new_id_each_time() {
    let server = TestServer::start("127.0.0.1", |_| http("200 OK", &[], r#"{"b":1,"a":2}"#)).await;
    let mut services = services();
    let webhook = Webhook {
        url: Url::parse(&server.url("/")).unwrap(),
        secret: WebhookSecret::parse("a secret of more than 24 bytes").unwrap(),
    };
    services.webhooks.functions.insert("hook".to_owned(), webhook);
    let request = |function: &str| HostRequest::Webhook {
        function: function.to_owned(),
        arguments: Ejson::parse("[1]".to_owned()).unwrap(),
    };
    for _ in 0..2 {
        let Ok(HostResponse::Webhook(_)) = services.respond(request("hook")).await else {
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
    let missing = services.respond(request("other")).await.unwrap_err();
    assert_eq!(missing, "function not found: 'other'");
}

#[tokio::test]
async fn a_module_comes_from_the_packages_of_the_app() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(directory.path().join("one")).unwrap();
    std::fs::write(directory.path().join("one/index.js"), "module.exports = 1").unwrap();
    let request = || HostRequest::Module {
        from: None,
        specifier: "one".to_owned(),
    };
    let without_packages = services().respond(request()).await;
    assert!(matches!(without_packages, Ok(HostResponse::NoModule)));
    let with_packages = Services {
        packages: Packages::open(directory.path()),
        ..services()
    };
    let Ok(HostResponse::Module { path, text, .. }) = with_packages.respond(request()).await else {
        panic!("there is such a module");
    };
    assert_eq!((path.as_str(), text.as_str()), ("one/index.js", "module.exports = 1"));
}
