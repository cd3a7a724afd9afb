//! The error body and the codes in it.

use serde::{Deserialize, Serialize};

/// Every error answer, whatever its status. Native SDKs read it only under the exact content type `application/json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What went wrong; SDK tests compare it literally.
    pub error: String,
    /// The code that SDKs turn into an exception; absent means "unknown".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// Where the owner finds the log of this request; never null.
    pub link: String,
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// The codes that this server sends, spelled as on the wire. All are names that realm-core 14.14 knows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum ErrorCode { $($(#[$doc])* $name),* }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code as on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

error_codes! {
    /// The address is registered.
    AccountNameInUse,
    /// The credentials are right and still not enough.
    AuthError,
    /// The provider does not exist or is switched off.
    AuthProviderNotFound,
    /// The request is not acceptable.
    BadRequest,
    /// The browser's origin is not allowed.
    DomainNotAllowed,
    /// A function took too long.
    ExecutionTimeLimitExceeded,
    /// A function threw, or its rule does not admit the user.
    FunctionExecutionError,
    /// There is no such function.
    FunctionNotFound,
    /// The server is at fault.
    InternalServerError,
    /// Unknown address or wrong password.
    InvalidPassword,
    /// The session is over.
    InvalidSession,
    /// The token belongs to another app.
    UserAppDomainMismatch,
    /// The user needs no confirmation any more.
    UserAlreadyConfirmed,
    /// The user is disabled.
    UserDisabled,
    /// No registration has this address.
    UserNotFound,
    /// The mailed token is expired, used or unknown.
    UserpassTokenInvalid,
}
