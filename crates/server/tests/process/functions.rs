//! The owner's functions as clients meet them: the real server, real worker processes, and a web service of the owner
//! that the functions call, so that a test decides what they return, and when.

mod calls;
mod confirmation;
mod limits;
mod logins;
mod mails;
mod reset;
#[cfg(target_os = "linux")]
mod sandbox;
mod stopping;
mod triggers;
mod user_creation;
mod waiting;
mod webhooks;

use std::time::{Duration, Instant};

use doorward_client::{App, Credentials, EmailToken, Error, User};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{AppDir, Call, OwnerService, Program, Server};

/// A server whose accounts are confirmed and reset by functions.
struct World {
    server: Option<Server>,
    program: Program,
    service: OwnerService,
    _app: AppDir,
    _data: tempfile::TempDir,
}

/// The function returns what the service answers. Its mail holds the token pair, for the test.
const CONFIRM: &str = r#"
    exports = async ({ token, tokenId, username }) => {
      const link = `https://notes.example.com/confirm?token=${token}&tokenId=${tokenId}`;
      await context.services.get("email").send({ to: username, subject: "Confirm", text: link });
      const said = await context.http.get({ url: context.values.get("service") });
      return JSON.parse(said.body.text());
    };
"#;

const RESET: &str = r#"
    exports = async ({ username, password, token, tokenId, currentPasswordValid }, ...extra) => {
      const link = `https://notes.example.com/reset?token=${token}&tokenId=${tokenId}`;
      await context.services.get("email").send({ to: username, subject: "Reset", text: link });
      const said = await context.http.post({
        url: context.values.get("service"),
        body: { username, password, currentPasswordValid, extra },
        encodeBodyAsJSON: true,
      });
      return JSON.parse(said.body.text());
    };
"#;

/// The password that addresses are registered with.
const PASSWORD: &str = "password";

const SUCCESS: &str = r#"{"status":"success"}"#;
const PENDING: &str = r#"{"status":"pending"}"#;
const FAIL: &str = r#"{"status":"fail"}"#;

impl World {
    async fn new() -> Self {
        Self::with_files(&[], &[]).await
    }

    /// A world with more files in `functions`, or others in place of the usual ones, and more arguments for the server.
    async fn with(functions: &[(&str, &str)], arguments: &[&str]) -> Self {
        let in_folder: Vec<_> = functions
            .iter()
            .map(|(name, text)| (format!("functions/{name}"), *text))
            .collect();
        let files: Vec<_> = in_folder.iter().map(|(name, text)| (&**name, *text)).collect();
        Self::with_files(&files, arguments).await
    }

    /// A world with more files, anywhere in the app directory, and more arguments for the server.
    async fn with_files(files: &[(&str, &str)], arguments: &[&str]) -> Self {
        let service = OwnerService::start().await;
        let app = AppDir::new(
            "notes-abcde",
            &json!({
                "autoConfirm": false,
                "runConfirmationFunction": true,
                "confirmationFunctionName": "confirmFunc",
                "runResetFunction": true,
                "resetFunctionName": "resetFunc",
            }),
        );
        app.write(
            "values/service.json",
            &json!({ "name": "service", "value": service.url() }).to_string(),
        );
        app.write("functions/confirmFunc.js", CONFIRM);
        app.write("functions/resetFunc.js", RESET);
        for (name, text) in files {
            app.write(name, &text.replace("SERVICE", service.url()));
        }
        let data = tempfile::tempdir().unwrap();
        let program = Program::serve(app.path(), data.path().to_str().unwrap())
            .with(["--function-http-allow", "127.0.0.1"])
            .with(arguments.iter().copied());
        Self {
            server: Some(program.start().await),
            program,
            service,
            _app: app,
            _data: data,
        }
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("the server runs")
    }

    /// The app on a device of its own.
    fn app(&self) -> App {
        self.server().app()
    }

    async fn register(&self, email: &str) -> Result<(), Error> {
        self.app().email_password_auth().register_user(email, PASSWORD).await
    }

    /// Registers an address in a task, while the test goes on.
    fn registering(&self, email: &str) -> JoinHandle<Result<(), Error>> {
        let (app, email) = (self.app(), email.to_owned());
        tokio::spawn(async move { app.email_password_auth().register_user(&email, PASSWORD).await })
    }

    /// Registers an address, which the function confirms immediately.
    async fn registered(&self, email: &str) {
        self.service.will_answer(SUCCESS);
        self.register(email).await.unwrap();
    }

    /// Registers an address, which stays pending, and returns the token pair that confirms it.
    async fn pending(&self, email: &str) -> EmailToken {
        self.service.will_answer(PENDING);
        self.register(email).await.unwrap();
        self.pair(email).await
    }

    async fn confirm(&self, pair: &EmailToken) -> Result<(), Error> {
        self.app().email_password_auth().confirm_user(pair).await
    }

    /// Has the server call the confirmation function again.
    async fn retry(&self, email: &str) -> Result<(), Error> {
        self.app().email_password_auth().retry_custom_confirmation(email).await
    }

    /// Has the server call the reset function with this password.
    async fn reset(&self, email: &str, password: &str) -> Result<(), Error> {
        let app = self.app();
        app.email_password_auth()
            .call_reset_password_function(email, password, ())
            .await
    }

    async fn log_in(&self, email: &str, password: &str) -> Result<User, Error> {
        self.app().log_in(Credentials::email_password(email, password)).await
    }

    /// Logs in in a task, while the test goes on.
    fn logging_in(&self, email: &str) -> JoinHandle<Result<User, Error>> {
        let (app, credentials) = (self.app(), Credentials::email_password(email, PASSWORD));
        tokio::spawn(async move { app.log_in(credentials).await })
    }

    async fn signed_in(&self, email: &str) -> User {
        self.registered(email).await;
        self.log_in(email, PASSWORD).await.unwrap()
    }

    /// The token pair in the newest mail to an address.
    async fn pair(&self, to: &str) -> EmailToken {
        let mails = self.mails_to(to, 1).await;
        mails.last().unwrap()["text"].as_str().unwrap().parse().unwrap()
    }

    /// All mails to an address, once there are at least so many: the outbox sends mails shortly after their commit.
    async fn mails_to(&self, to: &str, at_least: usize) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let reply = self.server().ask(&Call::get("/dev/mail/messages")).await;
            let all = reply.json().as_array().cloned().unwrap_or_default();
            let mails: Vec<_> = all.into_iter().filter(|mail| mail["to"] == to).collect();
            if mails.len() >= at_least {
                return mails;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "no mail to {to}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
