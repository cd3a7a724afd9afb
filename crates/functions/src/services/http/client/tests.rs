//! The client against servers on this machine.

mod addresses;
mod credentials;
mod redirects;
mod requests;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use async_trait::async_trait;

use super::super::test_server::{TestServer, http};
use super::*;

/// Has a list of answers for each name. It gives them one after the other, and the last one again and again.
#[derive(Default)]
struct FakeLookup(Mutex<HashMap<String, Vec<Vec<IpAddr>>>>);

impl FakeLookup {
    fn with(self, name: &str, answers: &[&[&str]]) -> Self {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        let answers = answers.iter().map(parse).collect();
        self.0.lock().unwrap().insert(name.to_owned(), answers);
        self
    }
}

#[async_trait]
impl Lookup for FakeLookup {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let mut names = self.0.lock().unwrap();
        let answers = names.get_mut(host).ok_or(io::ErrorKind::NotFound)?;
        Ok(if answers.len() > 1 {
            answers.remove(0)
        } else {
            answers[0].clone()
        })
    }
}

fn rule(allowed: &[&str]) -> AddressRule {
    AddressRule::new(allowed.iter().map(|text| text.parse().unwrap()).collect())
}

fn client(allowed: &[&str], lookup: FakeLookup) -> HttpClient {
    let limits = Limits {
        http_request: 100,
        http_response: 1_000,
        ..Limits::default()
    };
    HttpClient::with_lookup(rule(allowed), &limits, Arc::new(lookup)).unwrap()
}

fn get(url: &str) -> HttpRequest {
    HttpRequest {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        follow_redirects: false,
        digest: None,
    }
}

fn following(url: &str) -> HttpRequest {
    HttpRequest {
        follow_redirects: true,
        ..get(url)
    }
}

fn post(url: &str, body: &str) -> HttpRequest {
    HttpRequest {
        method: "POST".to_owned(),
        body: Some(STANDARD.encode(body)),
        ..get(url)
    }
}

fn with_headers(request: HttpRequest, headers: &[(&str, &str)]) -> HttpRequest {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    HttpRequest {
        headers: headers.collect(),
        ..request
    }
}

fn body(response: &HttpResponse) -> String {
    String::from_utf8(STANDARD.decode(&response.body).unwrap()).unwrap()
}

/// A server on an address that clients reach if their rule allows `127.0.0.1`.
async fn friend(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> TestServer {
    TestServer::start("127.0.0.1", answer).await
}

/// A server on an address that such a rule does not allow.
async fn forbidden() -> TestServer {
    TestServer::start("127.0.0.2", |_| http("200 OK", &[], "secret")).await
}
