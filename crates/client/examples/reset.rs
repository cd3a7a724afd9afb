//! Sets a new password with the link of a mail. It works without `async`, as small tools do.
//!
//!     cargo run -p doorward-client --features blocking --example reset -- \
//!         http://127.0.0.1:9090 notes-abcde ada@example.com
//!
//! A program like this needs in its Cargo.toml:
//!
//!     [dependencies]
//!     anyhow = "1"
//!     doorward-client = { path = "../doorward/crates/client", features = ["blocking"] }
#![expect(clippy::print_stdout, reason = "the program talks to its user")]

use std::io::Write as _;

use anyhow::bail;

use doorward_client::blocking::App;
use doorward_client::{EmailToken, ErrorCode};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(id), Some(email)) = (arguments.next(), arguments.next(), arguments.next()) else {
        bail!("usage: reset BASE_URL APP_ID EMAIL");
    };
    let app = App::new(doorward_client::App::builder(id).base_url(url))?;
    let auth = app.email_password_auth();

    auth.send_reset_password_email(&email)?;
    let token: EmailToken = ask("Paste the link of the mail: ")?.parse()?;
    loop {
        match auth.reset_password(&ask("A new password of 6 to 128 characters: ")?, &token) {
            Ok(()) => break,
            // A refused password does not use up the link, so ask for another one.
            Err(error) if error.error_code() == Some(&ErrorCode::BadRequest) => println!("{error}"),
            Err(error) => return Err(error.into()),
        }
    }
    println!("The password is set, and every session of {email} has ended.");
    Ok(())
}

fn ask(question: &str) -> anyhow::Result<String> {
    print!("{question}");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
