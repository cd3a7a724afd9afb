//! Sets a new password by mail. Without `async`, as a small tool would.
//!
//!     cargo run -p doorward-client --features blocking --example reset -- http://127.0.0.1:9090 notes-abcde ada@example.com
#![expect(clippy::print_stdout, reason = "it talks to a person")]

use std::error::Error;
use std::io::Write as _;

use doorward_client::blocking::App;
use doorward_client::{EmailToken, ErrorCode};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(id), Some(email)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: reset BASE_URL APP_ID EMAIL".into());
    };
    let app = App::new(doorward_client::App::builder(id).base_url(url))?;
    let auth = app.email_password_auth();

    auth.send_reset_password_email(&email)?;
    let token = EmailToken::from_url(&ask("Paste the link of the mail: ")?.parse()?)?;
    loop {
        match auth.reset_password(&ask("A new password of 6 to 128 characters: ")?, &token) {
            Ok(()) => break,
            // A password that is refused does not use up the link.
            Err(error) if error.error_code() == Some(&ErrorCode::BadRequest) => println!("{error}"),
            Err(error) => return Err(error.into()),
        }
    }
    println!("The password is set, and every session of {email} has ended.");
    Ok(())
}

fn ask(question: &str) -> Result<String, std::io::Error> {
    print!("{question}");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
