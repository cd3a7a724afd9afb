//! Keeps several users logged in on one device, also between two runs of the program.
//!
//!     cargo run -p doorward-client --example switch_users -- \
//!         http://127.0.0.1:9090 notes-abcde [USER_ID | EMAIL PASSWORD]
//!
//! With an address and a password it logs a user in; with the id of a user it makes that one the current user. Then it
//! lists all users, and marks the current one with `*`.
//!
//! A program like this needs in its Cargo.toml:
//!
//!     [dependencies]
//!     anyhow = "1"
//!     doorward-client = { path = "../doorward/crates/client" }
//!     tokio = { version = "1", features = ["macros", "rt"] }
#![expect(clippy::print_stdout, reason = "the program talks to its user")]

use anyhow::{Context as _, bail};
use doorward_client::{App, Credentials, FileStore};

const USAGE: &str = "usage: switch_users BASE_URL APP_ID [USER_ID | EMAIL PASSWORD]";

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [url, id, rest @ ..] = arguments.as_slice() else {
        bail!("{USAGE}");
    };
    let app = App::builder(id)
        .base_url(url)
        .session_store(FileStore::new(std::env::temp_dir().join("doorward-example")))
        .build()?;
    match rest {
        [] => {}
        [id] => {
            let users = app.all_users();
            let user = users.iter().find(|user| user.id() == id);
            app.switch_user(user.context("there is no user with this id on this device")?)?;
        }
        [email, password] => {
            app.log_in(Credentials::email_password(email, password)).await?;
        }
        _ => bail!("{USAGE}"),
    }
    for user in app.all_users() {
        let mark = if Some(&user) == app.current_user().as_ref() {
            "*"
        } else {
            " "
        };
        let profile = user.profile();
        println!(
            "{mark} {} {} {:?}",
            user.id(),
            profile.email().unwrap_or("-"),
            user.state()
        );
    }
    Ok(())
}
