//! The codes that the protocol has for refusals.

use std::fmt;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Why a server refused, as the `error_code` of its answer. The names are those of the Realm SDKs; not every server sends
        /// every one of them.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
            /// A code that this version of the SDK does not know.
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

            pub(crate) fn from_name(name: &str) -> Self {
                match name {
                    $(stringify!($name) => Self::$name,)*
                    other => Self::Other(other.to_owned()),
                }
            }
        }
    };
}

error_codes! {
    /// The request needs a login.
    MissingAuthReq,
    /// The session is over, or the provider is not enabled.
    InvalidSession,
    /// The token belongs to another app.
    UserAppDomainMismatch,
    /// The browser's origin is not allowed.
    DomainNotAllowed,
    /// More would have been read than is allowed.
    ReadSizeLimitExceeded,
    /// A value is not acceptable.
    InvalidParameter,
    /// A value is missing.
    MissingParameter,
    /// Twilio refused.
    TwilioError,
    /// Google Cloud Messaging refused.
    GCMError,
    /// A request of the server's own failed.
    HTTPError,
    /// AWS refused.
    AWSError,
    /// `MongoDB` refused.
    MongoDBError,
    /// The function takes no arguments.
    ArgumentsNotAllowed,
    /// The function threw, or its rule does not admit the user.
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
    /// The host may not be called.
    RestrictedHost,
    /// The user has an API key of this name already.
    APIKeyAlreadyExists,
    /// The webhook's caller is not who it should be.
    IncomingWebhookAuthFailed,
    /// The function took too long.
    ExecutionTimeLimitExceeded,
    /// The function cannot be called.
    NotCallable,
    /// The user needs no confirmation any more.
    UserAlreadyConfirmed,
    /// No user has this address.
    UserNotFound,
    /// The user is disabled.
    UserDisabled,
    /// The credentials are not enough: the address is not confirmed yet, an API key is wrong, a login function refused.
    AuthError,
    /// The request is not acceptable.
    BadRequest,
    /// The address is registered already.
    AccountNameInUse,
    /// Unknown address or wrong password.
    InvalidPassword,
    /// A document does not fit its schema.
    SchemaValidationFailedWrite,
    /// What native SDKs report where a server sends no code.
    AppUnknownError,
    /// The service is down for maintenance.
    MaintenanceInProgress,
    /// The mailed token is expired, used or unknown.
    UserpassTokenInvalid,
    /// The server answered something invalid.
    InvalidServerResponse,
    /// What native SDKs report where they do not know a code.
    AppServerError,
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_that_the_server_sends_has_a_name() {
        for code in doorward_wire::ErrorCode::ALL {
            assert!(
                !matches!(ErrorCode::from_name(code.as_str()), ErrorCode::Other(_)),
                "{}",
                code.as_str()
            );
        }
    }

    #[test]
    fn a_code_is_spelled_as_on_the_wire_and_any_other_is_kept() {
        assert_eq!(ErrorCode::NAMED.len(), 56);
        for code in ErrorCode::NAMED {
            assert_eq!(ErrorCode::from_name(code.as_str()), *code);
        }
        assert_eq!(
            ErrorCode::from_name("Invented"),
            ErrorCode::Other("Invented".to_owned())
        );
        assert_eq!(ErrorCode::from_name("Invented").to_string(), "Invented");
    }
}
