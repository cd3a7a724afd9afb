//! The requests about accounts with an e-mail address and a password: registering, confirming and resetting. Their
//! answers have no body.

use serde::{Deserialize, Serialize};

use crate::{EjsonArray, Secret, Text};

/// `POST …/register`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Register {
    /// The address.
    pub email: Secret,
    /// The password.
    pub password: Secret,
}

/// `POST …/confirm`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ConfirmUser {
    /// The secret part of the token pair: 128 hexadecimal characters.
    pub token: Text,
    /// The id of the token pair: 24 hexadecimal characters.
    #[serde(rename = "tokenId")]
    pub token_id: Text,
}

/// `POST …/confirm/send`, `…/confirm/call` and `…/reset/send`.
#[derive(Debug, Serialize, Deserialize)]
pub struct EmailOnly {
    /// The address.
    pub email: Secret,
}

/// `POST …/reset`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ResetPassword {
    /// The new password.
    pub password: Secret,
    /// The secret part of the token pair: 128 hexadecimal characters.
    pub token: Text,
    /// The id of the token pair: 24 hexadecimal characters.
    #[serde(rename = "tokenId")]
    pub token_id: Text,
}

/// `POST …/reset/call`.
#[derive(Debug, Serialize, Deserialize)]
pub struct CallReset {
    /// The address.
    pub email: Secret,
    /// The new password.
    pub password: Secret,
    /// The further arguments of the reset function.
    #[serde(default)]
    pub arguments: EjsonArray,
}
