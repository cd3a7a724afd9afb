//! Registers an address, waits for the link of its mail, and logs in.
//!
//!     doorward serve examples/notes
//!     cargo run -p doorward-client --example register -- http://127.0.0.1:9090 notes-abcde ada@example.com
//!
//! The mail is at <http://127.0.0.1:9090/dev/mail>. Paste its link as it is.
//!
//! A program like this needs in its Cargo.toml:
//!
//!     [dependencies]
//!     anyhow = "1"
//!     doorward-client = { path = "../doorward/crates/client" }
//!     tokio = { version = "1", features = ["macros", "rt"] }
#![expect(clippy::print_stdout, reason = "the program talks to its user")]

use std::io::Write as _;

use anyhow::bail;

use doorward_client::{App, Credentials, EmailToken, ErrorCode};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(id), Some(email)) = (arguments.next(), arguments.next(), arguments.next()) else {
        bail!("usage: register BASE_URL APP_ID EMAIL");
    };
    let app = App::builder(id).base_url(url).build()?;
    let auth = app.email_password_auth();

    let password = ask("A password of 6 to 128 characters: ")?;
    match auth.register_user(&email, &password).await {
        Ok(()) => println!("{email} is registered."),
        Err(error) if error.error_code() == Some(&ErrorCode::AccountNameInUse) => {
            println!("{email} is registered already.");
        }
        Err(error) => return Err(error.into()),
    }
    loop {
        match app.log_in(Credentials::email_password(&email, &password)).await {
            Ok(user) => {
                println!("Logged in as user {}.", user.id());
                return Ok(());
            }
            Err(error) if error.error_code() == Some(&ErrorCode::AuthError) => {
                let link = ask(
                    "The address is not confirmed yet. Paste the link of the mail, or press enter for a new mail: ",
                )?;
                if link.is_empty() {
                    auth.resend_confirmation_email(&email).await?;
                } else if let Err(problem) = confirm(&app, &link).await {
                    println!("{problem}");
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn confirm(app: &App, link: &str) -> anyhow::Result<()> {
    let token: EmailToken = link.parse()?;
    app.email_password_auth().confirm_user(&token).await?;
    Ok(())
}

fn ask(question: &str) -> anyhow::Result<String> {
    print!("{question}");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
