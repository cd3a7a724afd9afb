//! The seven calls about accounts with an e-mail address and a password.

use doorward_wire::{CallReset, ConfirmUser, EmailOnly, Register, ResetPassword, Secret, Text};
use serde::Serialize;

use crate::transport::Request;
use crate::user::array;
use crate::{App, EmailToken, Error};

/// The calls that register, confirm and reset accounts: [`App::email_password_auth`].
///
/// None of them needs a login, and none logs the user in. To use the account, call [`App::log_in`] after registering
/// it, and after confirming it if the app wants that.
///
/// # What the owner of the app has chosen
///
/// | Confirmation | After [`register_user`] | Further calls |
/// |---|---|---|
/// | automatic | the user can log in | |
/// | by e-mail | a mail with a link is on its way | [`confirm_user`], [`resend_confirmation_email`] |
/// | by a function | it has confirmed, sent a link, or refused | [`confirm_user`], [`retry_custom_confirmation`] |
///
/// | Reset | Calls |
/// |---|---|
/// | by e-mail | [`send_reset_password_email`], then [`reset_password`] with what the link carries |
/// | by a function | [`call_reset_password_function`], then [`reset_password`] if the function has sent a link |
///
/// [`register_user`]: Self::register_user
/// [`confirm_user`]: Self::confirm_user
/// [`resend_confirmation_email`]: Self::resend_confirmation_email
/// [`retry_custom_confirmation`]: Self::retry_custom_confirmation
/// [`send_reset_password_email`]: Self::send_reset_password_email
/// [`reset_password`]: Self::reset_password
/// [`call_reset_password_function`]: Self::call_reset_password_function
///
/// # Errors of all calls
///
/// Each call lists its own refusals. In addition, the server refuses any of them with
///
/// - [`AuthProviderNotFound`](crate::ErrorCode::AuthProviderNotFound): the app has no accounts of this kind;
/// - [`BadRequest`](crate::ErrorCode::BadRequest) and `email invalid`: the address is not valid. It has 1 to 254 bytes
///   and no control characters, and if the app sends mail, mail can be sent to it;
/// - status 404 without a code: there is no such app;
/// - status 429: the server is overloaded, see [`Error::retry_after`];
/// - status 503: the server cannot reach its database.
///
/// The SDK never repeats one of these calls on its own.
#[derive(Debug, Clone, Copy)]
pub struct EmailPasswordAuth<'a> {
    app: &'a App,
}

impl<'a> EmailPasswordAuth<'a> {
    pub(crate) fn new(app: &'a App) -> Self {
        Self { app }
    }

    /// Registers an address with a password of 6 to 128 characters. The server stores and compares the address exactly
    /// as it is given, including upper and lower case.
    ///
    /// What follows depends on how the app confirms addresses:
    ///
    /// - automatically: the user can log in at once;
    /// - by e-mail: the server sends a mail with a link, and refuses logins with
    ///   [`AuthError`](crate::ErrorCode::AuthError) until the link has been used;
    /// - by a function: the function has run when this call returns. It has confirmed the user, or it has sent a link
    ///   in its own way.
    ///
    /// The server refuses with
    ///
    /// - [`AccountNameInUse`](crate::ErrorCode::AccountNameInUse): the address is registered already, confirmed or not;
    /// - [`BadRequest`](crate::ErrorCode::BadRequest): the password is too short or too long;
    /// - [`BadRequest`](crate::ErrorCode::BadRequest) and `failed to confirm user "…"`: the function refused. Nothing
    ///   was stored, and the address can be registered again.
    ///
    /// ```no_run
    /// # async fn example(app: doorward_client::App) -> Result<(), doorward_client::Error> {
    /// app.email_password_auth()
    ///     .register_user("ada@example.com", "correct horse")
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn register_user(&self, email: &str, password: &str) -> Result<(), Error> {
        let body = Register {
            email: Secret::new(email),
            password: Secret::new(password),
        };
        self.post("register", &body).await
    }

    /// Confirms the address with the token pair that a mailed link carries: see [`EmailToken`]. A pair can be used
    /// once, within 30 minutes unless the operator of the server chose another time. Every pair works
    /// until one of them is used or the password changes.
    ///
    /// The server refuses with
    ///
    /// - [`UserpassTokenInvalid`](crate::ErrorCode::UserpassTokenInvalid): the pair has expired, was used, is
    ///   void because another one was used, or is for a reset;
    /// - [`BadRequest`](crate::ErrorCode::BadRequest) and `invalid token data`: it is not a token pair at all.
    ///
    /// ```no_run
    /// # async fn example(app: doorward_client::App) -> Result<(), Box<dyn std::error::Error>> {
    /// use doorward_client::EmailToken;
    ///
    /// // What the operating system hands to an app that a link opens.
    /// let link = "notes://confirm?token=…&tokenId=…".parse()?;
    /// app.email_password_auth().confirm_user(&EmailToken::from_url(&link)?).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn confirm_user(&self, token: &EmailToken) -> Result<(), Error> {
        let body = ConfirmUser {
            token: Text::new(token.token()),
            token_id: Text::new(token.token_id()),
        };
        self.post("confirm", &body).await
    }

    /// Sends the mail with the confirmation link again. Links of earlier mails go on working.
    ///
    /// The server refuses with
    ///
    /// - [`UserNotFound`](crate::ErrorCode::UserNotFound): the address is not registered;
    /// - [`UserAlreadyConfirmed`](crate::ErrorCode::UserAlreadyConfirmed): the address is confirmed already;
    /// - no code and `please use confirm via function`: in this app a function confirms addresses.
    ///
    /// ```no_run
    /// # async fn example(app: doorward_client::App) -> Result<(), doorward_client::Error> {
    /// app.email_password_auth().resend_confirmation_email("ada@example.com").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn resend_confirmation_email(&self, email: &str) -> Result<(), Error> {
        self.post("confirm/send", &email_only(email)).await
    }

    /// Runs the confirmation function again, with a new token pair. If it decides `pending`, the new pair works, and
    /// earlier ones go on working. If it refuses, everything stays as it was.
    ///
    /// The server refuses with
    ///
    /// - [`UserNotFound`](crate::ErrorCode::UserNotFound): the address is not registered;
    /// - [`UserAlreadyConfirmed`](crate::ErrorCode::UserAlreadyConfirmed): the address is confirmed already;
    /// - [`BadRequest`](crate::ErrorCode::BadRequest) and `failed to confirm user "…"`: the function refused;
    /// - no code and `cannot run confirmation for …: automatic confirmation is enabled`: this app confirms addresses
    ///   automatically;
    /// - no code and `please use confirm via email`: this app confirms addresses by e-mail.
    ///
    /// ```no_run
    /// # async fn example(app: doorward_client::App) -> Result<(), doorward_client::Error> {
    /// app.email_password_auth().retry_custom_confirmation("ada@example.com").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn retry_custom_confirmation(&self, email: &str) -> Result<(), Error> {
        self.post("confirm/call", &email_only(email)).await
    }

    /// Sends a mail with a link to set a new password. The password does not change until the link is used. Links of
    /// earlier mails go on working.
    ///
    /// The server refuses with
    ///
    /// - [`UserNotFound`](crate::ErrorCode::UserNotFound): the address is not registered;
    /// - no code and `please use reset password via function`: in this app a function resets passwords.
    ///
    /// ```no_run
    /// # async fn example(app: doorward_client::App) -> Result<(), doorward_client::Error> {
    /// app.email_password_auth().send_reset_password_email("ada@example.com").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_reset_password_email(&self, email: &str) -> Result<(), Error> {
        self.post("reset/send", &email_only(email)).await
    }

    /// Sets a new password of 6 to 128 characters with the token pair that a mailed link carries: see [`EmailToken`]. A
    /// pair can be used once, within 30 minutes unless the operator of the server chose another time; a refused
    /// password does not use it up.
    ///
    /// All sessions of the user end, those on this device too. An address that was not confirmed before is still not
    /// confirmed.
    ///
    /// The server refuses with
    ///
    /// - [`UserpassTokenInvalid`](crate::ErrorCode::UserpassTokenInvalid): the pair has expired, was used, is
    ///   void because another one was used, or is for a confirmation;
    /// - [`BadRequest`](crate::ErrorCode::BadRequest): it is not a token pair at all, or the password is too short or
    ///   too long.
    ///
    /// ```no_run
    /// # async fn example(app: doorward_client::App) -> Result<(), Box<dyn std::error::Error>> {
    /// use doorward_client::EmailToken;
    ///
    /// let link = "https://notes.example.com/reset?token=…&tokenId=…".parse()?;
    /// let token = EmailToken::from_url(&link)?;
    /// app.email_password_auth().reset_password("a new password", &token).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn reset_password(&self, password: &str, token: &EmailToken) -> Result<(), Error> {
        let body = ResetPassword {
            password: Secret::new(password),
            token: Text::new(token.token()),
            token_id: Text::new(token.token_id()),
        };
        self.post("reset", &body).await
    }

    /// Asks the reset function to set a new password of 6 to 128 characters. The function gets the arguments: a tuple,
    /// an array or a `Vec`, and `()` for none.
    ///
    /// The function decides. If it decides `success`, the password is set and all sessions of the user end. If it
    /// decides `pending`, nothing changes until [`reset_password`](Self::reset_password) is called with a token pair
    /// that the function has sent, and the password given there is the one that counts. The answer does not say which
    /// of the two it was.
    ///
    /// The server refuses with
    ///
    /// - [`UserNotFound`](crate::ErrorCode::UserNotFound): the address is not registered;
    /// - [`BadRequest`](crate::ErrorCode::BadRequest): the password is too short or too long;
    /// - no code and `failed to reset password for user "…"`: the function refused;
    /// - no code and `please use reset password via email`: this app resets passwords by e-mail.
    ///
    /// ```no_run
    /// # async fn example(app: doorward_client::App) -> Result<(), doorward_client::Error> {
    /// app.email_password_auth()
    ///     .call_reset_password_function("ada@example.com", "a new password", ("first pet", 1887))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call_reset_password_function(
        &self,
        email: &str,
        password: &str,
        arguments: impl Serialize,
    ) -> Result<(), Error> {
        let body = CallReset {
            email: Secret::new(email),
            password: Secret::new(password),
            arguments: array(arguments)?,
        };
        self.post("reset/call", &body).await
    }

    async fn post(&self, call: &str, body: &impl Serialize) -> Result<(), Error> {
        let path = format!("{}/auth/providers/local-userpass/{call}", self.app.path());
        self.app.shared().transport.send(Request::post(path).json(body)).await?;
        Ok(())
    }
}

fn email_only(email: &str) -> EmailOnly {
    EmailOnly {
        email: Secret::new(email),
    }
}
