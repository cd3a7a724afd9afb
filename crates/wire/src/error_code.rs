//! The codes by which the protocol names the reasons of refusals.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// The reason why a server refused, as `error_code` of its answer names it. The named codes are those that
        /// realm-core 14.14 knows; no server sends all of them.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
        #[serde(from = "String")]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
            /// A code without a name here.
            Other(String),
        }

        impl ErrorCode {
            /// Every code that has a name here.
            pub const NAMED: &'static [Self] = &[$(Self::$name),*];

            /// The code as it is spelled on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => stringify!($name),)*
                    Self::Other(name) => name,
                }
            }
        }

        /// Reads a code as it is spelled on the wire.
        impl From<String> for ErrorCode {
            fn from(name: String) -> Self {
                match name.as_str() {
                    $(stringify!($name) => Self::$name,)*
                    _ => Self::Other(name),
                }
            }
        }
    };
}

error_codes! {
    /// The request needs a login.
    MissingAuthReq,
    /// The session is over, or the app does not offer this provider.
    InvalidSession,
    /// The token belongs to another app.
    UserAppDomainMismatch,
    /// The browser's origin is not allowed.
    DomainNotAllowed,
    /// The query would have read more than is allowed.
    ReadSizeLimitExceeded,
    /// A value is not acceptable.
    InvalidParameter,
    /// A value is missing.
    MissingParameter,
    /// Twilio refused.
    TwilioError,
    /// Google Cloud Messaging refused.
    GCMError,
    /// An HTTP request that the server made failed.
    HTTPError,
    /// AWS refused.
    AWSError,
    /// `MongoDB` refused.
    MongoDBError,
    /// The function takes no arguments.
    ArgumentsNotAllowed,
    /// The function threw an error, or its rule does not admit the user.
    FunctionExecutionError,
    /// No rule matches.
    NoMatchingRuleFound,
    /// The server is at fault.
    InternalServerError,
    /// The provider does not exist or is switched off.
    AuthProviderNotFound,
    /// There is such a provider already.
    AuthProviderAlreadyExists,
    /// There is no such service.
    ServiceNotFound,
    /// There is no such type of service.
    ServiceTypeNotFound,
    /// There is such a service already.
    ServiceAlreadyExists,
    /// The service has no such command.
    ServiceCommandNotFound,
    /// There is no such value.
    ValueNotFound,
    /// There is such a value already.
    ValueAlreadyExists,
    /// A value has this name already.
    ValueDuplicateName,
    /// There is no such function.
    FunctionNotFound,
    /// There is such a function already.
    FunctionAlreadyExists,
    /// A function has this name already.
    FunctionDuplicateName,
    /// The function does not compile.
    FunctionSyntaxError,
    /// The function is not valid.
    FunctionInvalid,
    /// There is no such webhook.
    IncomingWebhookNotFound,
    /// There is such a webhook already.
    IncomingWebhookAlreadyExists,
    /// A webhook has this name already.
    IncomingWebhookDuplicateName,
    /// There is no such rule.
    RuleNotFound,
    /// The user has no such API key.
    APIKeyNotFound,
    /// There is such a rule already.
    RuleAlreadyExists,
    /// A rule has this name already.
    RuleDuplicateName,
    /// A provider has this name already.
    AuthProviderDuplicateName,
    /// A function may not call this host.
    RestrictedHost,
    /// The user has an API key of this name already.
    APIKeyAlreadyExists,
    /// The caller of the webhook could not prove who it is.
    IncomingWebhookAuthFailed,
    /// The function took too long.
    ExecutionTimeLimitExceeded,
    /// The function cannot be called.
    NotCallable,
    /// The address is confirmed already.
    UserAlreadyConfirmed,
    /// No user has this address.
    UserNotFound,
    /// The user is disabled.
    UserDisabled,
    /// The address is not confirmed yet, the API key is wrong, or the login function refused.
    AuthError,
    /// The request is not acceptable.
    BadRequest,
    /// The address is registered already, confirmed or not.
    AccountNameInUse,
    /// The address is unknown, or the password is wrong.
    InvalidPassword,
    /// A document does not fit its schema.
    SchemaValidationFailedWrite,
    /// Native SDKs report this when the server sent no code.
    AppUnknownError,
    /// The service is down for maintenance.
    MaintenanceInProgress,
    /// The mailed token is expired, used or unknown.
    UserpassTokenInvalid,
    /// The answer of the server is not valid.
    InvalidServerResponse,
    /// Native SDKs report this when the server sent a code that they do not know.
    AppServerError,
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_spelled_as_on_the_wire_and_any_other_is_kept() {
        let read = |name: &str| ErrorCode::from(name.to_owned());
        assert_eq!(ErrorCode::NAMED.len(), 56);
        for code in ErrorCode::NAMED {
            assert_eq!(read(code.as_str()), *code);
        }
        assert_eq!(read("Invented"), ErrorCode::Other("Invented".to_owned()));
        assert_eq!(read("Invented").to_string(), "Invented");
    }
}
