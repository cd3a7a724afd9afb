//! Registers an address, waits for the link of its mail, and logs in.
//!
//!     doorward serve examples/notes
//!     cargo run -p doorward-client --example register -- http://127.0.0.1:9090 notes-abcde ada@example.com
//!
//! The mail is at <http://127.0.0.1:9090/dev/mail>. Its link can be pasted as it is.
#![expect(clippy::print_stdout, reason = "it talks to a person")]

use std::error::Error;
use std::io::Write as _;

use doorward_client::{App, Credentials, EmailToken, ErrorCode};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(id), Some(email)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: register BASE_URL APP_ID EMAIL".into());
    };
    let app = App::builder(id).base_url(url).build()?;
    let auth = app.email_password_auth();

    let password = ask("A password of 6 to 128 characters: ")?;
    match auth.register_user(&email, &password).await {
        Ok(()) => println!("{email} is registered."),
        Err(error) if error.error_code() == Some(&ErrorCode::AccountNameInUse) => {
            println!("{email} was registered before.");
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
                    "The address is to be confirmed. Paste the link of the mail, or press enter for another mail: ",
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

async fn confirm(app: &App, link: &str) -> Result<(), Box<dyn Error>> {
    let token = EmailToken::from_url(&link.parse()?)?;
    app.email_password_auth().confirm_user(&token).await?;
    Ok(())
}

fn ask(question: &str) -> Result<String, std::io::Error> {
    print!("{question}");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
