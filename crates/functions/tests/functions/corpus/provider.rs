//! Stand-ins for the services that functions of the corpus use: providers of messages, and mail.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use doorward_functions::{AddressRule, HostRequest, HostResponse, HostServices, HttpRequest, HttpResponse};
use serde_json::Value;
use url::Url;

use super::case::{ExpectedRequest, fits, value_fits};

/// Answers the requests that a case expects, and records every difference.
pub(crate) struct Provider {
    mail_error: Option<String>,
    state: Mutex<State>,
}

struct State {
    expected: Vec<ExpectedRequest>,
    complaints: Vec<String>,
}

impl Provider {
    pub(crate) fn new(expected: Vec<ExpectedRequest>, mail_error: Option<String>) -> Self {
        let state = State {
            expected,
            complaints: Vec::new(),
        };
        Self {
            mail_error,
            state: Mutex::new(state),
        }
    }

    /// The differences from what the case expects, at the end of a call.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let missing: Vec<_> = state
            .expected
            .drain(..)
            .map(|request| format!("never asked for {} {}", request.method, request.url))
            .collect();
        state.complaints.extend(missing);
        std::mem::take(&mut state.complaints)
    }

    /// Takes the first expectation that fits a request, so that equal requests can be answered differently, one after
    /// the other.
    fn find(&self, request: &HttpRequest) -> Option<ExpectedRequest> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let place = state
            .expected
            .iter()
            .position(|expected| expected.method == request.method && fits(&expected.url, &request.url));
        if let Some(place) = place {
            let expected = state.expected.remove(place);
            state.complaints.extend(differences(&expected, request));
            return Some(expected);
        }
        state.complaints.push(format!(
            "asked for {} {}, with the body {:?}",
            request.method,
            request.url,
            body(request)
        ));
        None
    }

    async fn http(&self, request: &HttpRequest) -> Result<HostResponse, String> {
        let url = Url::parse(&request.url).map_err(|error| format!("{}: {error}", request.url))?;
        AddressRule::default().check(&url)?;
        let Some(ExpectedRequest { answer, .. }) = self.find(request) else {
            return Err("this request is not expected".to_owned());
        };
        if answer.after_milliseconds > 0 {
            tokio::time::sleep(Duration::from_millis(answer.after_milliseconds)).await;
        }
        if let Some(error) = answer.error {
            return Err(error);
        }
        let status_code = answer.status.unwrap_or(200);
        let mut headers: Vec<_> = answer.headers.into_iter().collect();
        let text = match &answer.json {
            Some(json) => {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
                json.to_string()
            }
            None => answer.body,
        };
        Ok(HostResponse::Http(HttpResponse {
            status: format!("{status_code} {}", answer.reason.as_deref().unwrap_or("OK")),
            status_code,
            headers,
            body: BASE64_STANDARD.encode(text),
        }))
    }
}

#[async_trait]
impl HostServices for Provider {
    async fn respond(&self, request: HostRequest) -> Result<HostResponse, String> {
        match request {
            HostRequest::Http(request) => self.http(&request).await,
            HostRequest::Mail(_) => match &self.mail_error {
                Some(error) => Err(error.clone()),
                None => Ok(HostResponse::Mail),
            },
            HostRequest::Module { .. } => Ok(HostResponse::NoModule),
            HostRequest::Webhook { function, .. } => Err(format!("{function} is no web service")),
        }
    }
}

fn differences(expected: &ExpectedRequest, request: &HttpRequest) -> Vec<String> {
    let mut complaints = Vec::new();
    let what = format!("{} {}", request.method, request.url);
    for (name, value) in &expected.headers {
        let there: Vec<_> = request
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect();
        if !matches!(there.as_slice(), [only] if fits(value, only)) {
            complaints.push(format!("{what}: header {name} is {there:?}, not {value:?}"));
        }
    }
    let body = body(request);
    let as_expected = match (&expected.json, &expected.body) {
        (Some(json), _) => body
            .as_deref()
            .and_then(|text| serde_json::from_str::<Value>(text).ok())
            .is_some_and(|actual| value_fits(json, &actual)),
        (None, Some(text)) => body.as_deref().is_some_and(|actual| fits(text, actual)),
        (None, None) => body.is_none(),
    };
    if !as_expected {
        complaints.push(format!("{what}: the body is {body:?}"));
    }
    complaints
}

fn body(request: &HttpRequest) -> Option<String> {
    let bytes = request.body.as_ref().map(|text| BASE64_STANDARD.decode(text));
    bytes.map(|bytes| match bytes {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => error.to_string(),
    })
}
