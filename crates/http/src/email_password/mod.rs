//! The seven calls of `EmailPasswordAuth`, without its login.

pub(crate) mod confirm;
pub(crate) mod register;
pub(crate) mod reset;

use doorward_core::{EmailAddress, InvalidEmail, MalformedToken, Password, TokenPair};
use doorward_wire::{Secret, Text};

/// The address in a body.
fn email(text: &Secret) -> Result<EmailAddress, InvalidEmail> {
    EmailAddress::parse(text.expose())
}

/// The password in a body.
fn password(text: &Secret) -> Password {
    Password::new(text.expose().to_owned())
}

/// The token pair in a body. A part that is not a string is a malformed token, not a malformed body.
fn mailed_token(token: &Text, id: &Text) -> Result<TokenPair, MalformedToken> {
    match (token.as_str(), id.as_str()) {
        (Some(token), Some(id)) => TokenPair::parse(token, id),
        _ => Err(MalformedToken),
    }
}
