//! The server as a program with the Rust SDK meets it. Raw requests, in `call.rs`, are for what the SDK hides on
//! purpose: the status of a success, a request that is sent many times, a session that is carried to another server.

use doorward_client::{App, EmailToken, Error};

use super::{Letter, PASSWORD, Server};

impl Server {
    /// The app of the tests, on a device of its own.
    pub(crate) fn app(&self) -> App {
        self.app_of("notes-abcde")
    }

    /// Another app.
    pub(crate) fn app_of(&self, id: &str) -> App {
        let app = App::builder(id).base_url(self.url()).build();
        app.expect("a server that runs has a URL")
    }

    /// Registers an address with [`PASSWORD`], on a device of its own.
    pub(crate) async fn register(&self, email: &str) {
        let app = self.app();
        let registered = app.email_password_auth().register_user(email, PASSWORD).await;
        registered.expect("a new address can be registered");
    }

    /// Confirms an address by the link in its mail.
    pub(crate) async fn confirm(&self, letter: &Letter) {
        let app = self.app();
        let confirmed = app.email_password_auth().confirm_user(&letter.pair()).await;
        confirmed.expect("a link that was mailed works");
    }
}

impl Letter {
    /// The token pair that its link carries.
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
