//! The seven calls about accounts of e-mail address and password.

use serde::Serialize;
use serde_json::{Value, json};

use crate::transport::Request;
use crate::user::array;
use crate::{App, EmailToken, Error};

/// Registering, confirming and resetting: [`App::email_password_auth`].
///
/// None of these calls needs a login, and none logs anybody in: after registering (and confirming, where the app wants that) follows
/// [`App::log_in`].
///
/// # What the owner of the app has chosen
///
/// | Confirmation | after `register_user` | |
/// |---|---|---|
/// | automatic | the user can log in | |
/// | by e-mail | a mail with a link is on its way | [`confirm_user`](Self::confirm_user), [`resend_confirmation_email`](Self::resend_confirmation_email) |
/// | by a function | what the function says: confirmed, waiting, or refused | [`confirm_user`](Self::confirm_user), [`retry_custom_confirmation`](Self::retry_custom_confirmation) |
///
/// | Reset | |
/// |---|---|
/// | by e-mail | [`send_reset_password_email`](Self::send_reset_password_email), then [`reset_password`](Self::reset_password) |
/// | by a function | [`call_reset_password_function`](Self::call_reset_password_function), and [`reset_password`](Self::reset_password) if the function says that it waits |
///
/// # Errors of every call
///
/// Beside those of each call: [`AuthProviderNotFound`](crate::ErrorCode::AuthProviderNotFound) if the app has no accounts of this kind,
/// [`BadRequest`](crate::ErrorCode::BadRequest) with `email invalid` for what cannot be an address (1 to 254 bytes without control
/// characters; where mail is sent, something that mail can be sent to), status 404 without a code if there is no such app, status 429
/// if the server has too much to do ([`Error::retry_after`]), and 503 while it has no database. None of these calls is repeated by
/// itself.
#[derive(Debug, Clone, Copy)]
pub struct EmailPasswordAuth<'a> {
    app: &'a App,
}

impl<'a> EmailPasswordAuth<'a> {
    pub(crate) fn new(app: &'a App) -> Self {
        Self { app }
    }

    /// Registers an address with a password of 6 to 128 characters. The address is kept and compared exactly as it is given, upper and
    /// lower case included.
    ///
    /// - confirmed automatically: the user can log in at once.
    /// - by e-mail: a mail with a link is sent; until the link has been used, logging in is refused with
    ///   [`AuthError`](crate::ErrorCode::AuthError).
    /// - by a function: it has been asked when this returns. It may have confirmed the user, or sent a link in its own way.
    ///
    /// Refused with [`AccountNameInUse`](crate::ErrorCode::AccountNameInUse) if the address is registered, confirmed or not;
    /// [`BadRequest`](crate::ErrorCode::BadRequest) for a password of another length, or with `failed to confirm user "…"` if the
    /// function says no: then nothing is stored, and the address is free.
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
        self.post("register", &json!({ "email": email, "password": password }))
            .await
    }

    /// Confirms the address with the pair that a link carried: see [`EmailToken`]. A pair works once, and for 30 minutes unless the
    /// operator chose another time. It is the newest pair that works.
    ///
    /// Refused with [`UserpassTokenInvalid`](crate::ErrorCode::UserpassTokenInvalid) if it is over, used, replaced by a newer one, or
    /// for something else; [`BadRequest`](crate::ErrorCode::BadRequest) with `invalid token data` if it cannot be one.
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
        let body = json!({ "token": token.token(), "tokenId": token.token_id() });
        self.post("confirm", &body).await
    }

    /// Sends the mail with the confirmation link again. Links of earlier mails stop working.
    ///
    /// Refused with [`UserNotFound`](crate::ErrorCode::UserNotFound) for an address that is not registered,
    /// [`UserAlreadyConfirmed`](crate::ErrorCode::UserAlreadyConfirmed) for one that needs no confirmation; without a code, and with
    /// `please use confirm via function`, where a function confirms.
    ///
    /// ```no_run
    /// # async fn example(app: doorward_client::App) -> Result<(), doorward_client::Error> {
    /// app.email_password_auth().resend_confirmation_email("ada@example.com").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn resend_confirmation_email(&self, email: &str) -> Result<(), Error> {
        self.post("confirm/send", &json!({ "email": email })).await
    }

    /// Asks the confirmation function again, with a new pair. If it says that it waits, the new pair works and earlier ones do not; if it
    /// says no, everything stays as it was.
    ///
    /// Refused with [`UserNotFound`](crate::ErrorCode::UserNotFound), [`UserAlreadyConfirmed`](crate::ErrorCode::UserAlreadyConfirmed),
    /// or [`BadRequest`](crate::ErrorCode::BadRequest) with `failed to confirm user "…"`; without a code where confirmation is automatic
    /// (`cannot run confirmation for …: automatic confirmation is enabled`) or by e-mail (`please use confirm via email`).
    ///
    /// ```no_run
    /// # async fn example(app: doorward_client::App) -> Result<(), doorward_client::Error> {
    /// app.email_password_auth().retry_custom_confirmation("ada@example.com").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn retry_custom_confirmation(&self, email: &str) -> Result<(), Error> {
        self.post("confirm/call", &json!({ "email": email })).await
    }

    /// Sends a mail with a link that sets a new password. Nothing changes until it is used; links of earlier mails stop working.
    ///
    /// Refused with [`UserNotFound`](crate::ErrorCode::UserNotFound); without a code, and with `please use reset password via function`,
    /// where a function resets.
    ///
    /// ```no_run
    /// # async fn example(app: doorward_client::App) -> Result<(), doorward_client::Error> {
    /// app.email_password_auth().send_reset_password_email("ada@example.com").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_reset_password_email(&self, email: &str) -> Result<(), Error> {
        self.post("reset/send", &json!({ "email": email })).await
    }

    /// Sets a new password of 6 to 128 characters with the pair that a link carried. A pair works once, and for 30 minutes; a password
    /// that is refused does not use it up. Every session of the user ends, on this device too: log in again.
    ///
    /// An address that was never confirmed stays so.
    ///
    /// Refused with [`UserpassTokenInvalid`](crate::ErrorCode::UserpassTokenInvalid) if the pair is over, used, replaced, or for
    /// something else; [`BadRequest`](crate::ErrorCode::BadRequest) if it cannot be one, or for a password of another length.
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
        let body = json!({ "password": password, "token": token.token(), "tokenId": token.token_id() });
        self.post("reset", &body).await
    }

    /// Asks the reset function to set a new password of 6 to 128 characters. It gets the arguments (a tuple, an array or a `Vec`, `()`
    /// for none), and decides: the password is set at once and every session ends, or nothing happens until
    /// [`reset_password`](Self::reset_password) is called with a pair that the function has sent somewhere. Which of the two it was
    /// cannot be told from the answer; the password that counts in the second case is the one given to `reset_password`.
    ///
    /// Refused with [`UserNotFound`](crate::ErrorCode::UserNotFound); without a code, and with
    /// `failed to reset password for user "…"`, if the function says no; without a code and with
    /// `please use reset password via email` where a mail resets; [`BadRequest`](crate::ErrorCode::BadRequest) for a password of
    /// another length.
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
        let body = json!({ "email": email, "password": password, "arguments": array(arguments)? });
        self.post("reset/call", &body).await
    }

    async fn post(&self, call: &str, body: &Value) -> Result<(), Error> {
        let path = format!("{}/auth/providers/local-userpass/{call}", self.app.path());
        self.app.shared().transport.send(Request::post(path).json(body)).await?;
        Ok(())
    }
}
