//! Several users on one device, who are still there when the program is started again.
//!
//!     cargo run -p doorward-client --example switch_users -- http://127.0.0.1:9090 notes-abcde               who is there
//!     cargo run -p doorward-client --example switch_users -- http://127.0.0.1:9090 notes-abcde USER_ID        switch to one
//!     cargo run -p doorward-client --example switch_users -- http://127.0.0.1:9090 notes-abcde EMAIL PASSWORD log one in
#![expect(clippy::print_stdout, reason = "it talks to a person")]

use std::error::Error;

use doorward_client::{App, Credentials, FileStore};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [url, id, rest @ ..] = arguments.as_slice() else {
        return Err("usage: switch_users BASE_URL APP_ID [USER_ID | EMAIL PASSWORD]".into());
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
            app.switch_user(user.ok_or("there is no such user on this device")?)?;
        }
        [email, password] => {
            app.log_in(Credentials::email_password(email, password)).await?;
        }
        _ => return Err("too many arguments".into()),
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
