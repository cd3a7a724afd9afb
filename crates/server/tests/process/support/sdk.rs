//! The server as a program with the Rust SDK meets it. Raw requests, in `call.rs`, are for what the SDK hides on purpose: the status of a
//! success, a request that is sent many times, a session that is carried to another server.

use doorward_client::{App, EmailToken, Error};

use super::{Letter, Server};

impl Server {
    /// The app of the tests, on a device of its own.
    pub(crate) fn app(&self) -> App {
        let app = App::builder("notes-abcde").base_url(self.url()).build();
        app.expect("a server that runs has a URL")
    }
}

impl Letter {
    /// The pair that its link carries.
    pub(crate) fn pair(&self) -> EmailToken {
        let link = format!("https://notes.example.com{}", self.page());
        link.parse().expect("a mailed link carries a pair")
    }
}

/// Status, code and text of a refusal, on one line: `401 InvalidPassword unauthorized`.
pub(crate) fn refusal<T>(result: Result<T, Error>) -> String {
    let Err(error) = result else {
        panic!("this should have been refused")
    };
    let status = error.status().unwrap_or_else(|| panic!("{error:?}")).to_string();
    let code = error.error_code().map(doorward_client::ErrorCode::as_str);
    [Some(&*status), code, error.server_message()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}
