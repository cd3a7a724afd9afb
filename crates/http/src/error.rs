//! Every error that this API can answer with: one enum, whose form on the wire `error_table`
//! holds. The refusals of each flow are mapped to it here, without a catch-all arm, so that a new refusal does not
//! compile until its answer is chosen.

use std::any::Any;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use doorward_core::{
    CallRefusal, CallResetRefusal, ConfirmationMailRefusal, EmailAddress, Failure, FlowError, FunctionLoginRefusal,
    FunctionName, InvalidEmail, LinkRefusal, LoginRefusal, MalformedToken, NotSignedIn, PasswordRefusal,
    RegisterRefusal, ResendRefusal, ResetRefusal, RetryRefusal, SendResetRefusal, SessionEnded, SignInRefusal,
    UserGone,
};
use doorward_tokens::{AccessTokenError, RefreshTokenError};
use http::StatusCode;

/// Anything that a handler or an extractor can refuse with. The texts say when.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The address is empty, too long, has control characters, or cannot be mailed to in a mode that mails.
    #[error("the e-mail address is invalid")]
    EmailInvalid,
    /// The address is registered, pending or confirmed.
    #[error("the e-mail address is already registered")]
    EmailTaken,
    /// A new password is shorter than 6 or longer than 128 characters.
    #[error("the password must have 6 to 128 characters")]
    PasswordLength,
    /// The token or its id does not have the form of one.
    #[error("the token is malformed")]
    TokenMalformed,
    /// The token is unknown, expired, used, void, or for something else.
    #[error("the token is expired or invalid")]
    TokenInvalid,
    /// No registration has this address.
    #[error("there is no such user")]
    UserNotFound,
    /// The registration needs no confirmation any more.
    #[error("the user is already confirmed")]
    AlreadyConfirmed,
    /// The client called the confirmation function, but registering confirms immediately.
    #[error("confirmation is automatic")]
    ConfirmationAutomatic {
        /// The address in the request: the public text repeats it.
        email: EmailAddress,
    },
    /// The client called the confirmation function, but a mail confirms.
    #[error("confirmation is by e-mail")]
    ConfirmationByEmail,
    /// The client requested a confirmation mail, but a function confirms.
    #[error("confirmation is by a function")]
    ConfirmationByFunction,
    /// The confirmation function refused, or failed.
    #[error("the confirmation function refused")]
    ConfirmationRefused {
        /// The address in the request: the public text repeats it.
        email: EmailAddress,
    },
    /// The client called the reset function, but a mail resets.
    #[error("password reset is by e-mail")]
    ResetByEmail,
    /// The client requested a reset mail, but a function resets.
    #[error("password reset is by a function")]
    ResetByFunction,
    /// The reset function refused, or failed.
    #[error("the reset function refused")]
    ResetRefused {
        /// The address in the request: the public text repeats it.
        email: EmailAddress,
    },
    /// No mail can be addressed to this account.
    #[error("no mail can be sent to this account")]
    NotMailable,
    /// Unknown address or wrong password.
    #[error("the credentials are wrong")]
    InvalidCredentials,
    /// The password is right, but the registration is pending.
    #[error("the registration is not confirmed")]
    NotConfirmed,
    /// The password is right, but the user is disabled.
    #[error("the user is disabled")]
    UserDisabled,
    /// The session has ended or never existed.
    #[error("there is no such session")]
    SessionNotFound,
    /// The user of a live access token is gone.
    #[error("the user of the session is gone")]
    UserGone,
    /// E-mail and password accounts are switched off in this app.
    #[error("the provider is disabled")]
    ProviderDisabled,
    /// The provider of a login is switched off. Other calls answer this with another error.
    #[error("the provider is disabled")]
    LoginProviderDisabled,
    /// The server cannot do it now.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The app has no function of that name that a client may call.
    #[error("there is no such function")]
    FunctionNotFound {
        /// The name.
        name: FunctionName,
    },
    /// The function's rule does not admit the user.
    #[error("the rule of the function does not admit the user")]
    FunctionNotAllowed {
        /// The name.
        name: FunctionName,
    },
    /// The function threw. Its text is public: that is how the owner's code talks to the owner's client.
    #[error("the function threw")]
    FunctionThrew {
        /// `<Name>: <message>`
        text: String,
    },
    /// The function took too long.
    #[error("the function took too long")]
    FunctionTimedOut,
    /// The login function threw. Its text is public, as that of a called function.
    #[error("the login function threw")]
    LoginFunctionThrew {
        /// `<Name>: <message>`
        text: String,
    },
    /// The login function took too long, or returned nothing that could be an id.
    #[error("the login function identified no user")]
    LoginFunctionFailed,
    /// The user-creation function threw or took too long.
    #[error("the user-creation function refused")]
    UserCreationRefused,
    /// The body is not the JSON object that the endpoint takes.
    #[error("the body is not the expected JSON object")]
    InvalidJson,
    /// The body is larger than the limit.
    #[error("the body is too large")]
    BodyTooLarge,
    /// The body did not arrive in time, or broke off.
    #[error("the body did not arrive")]
    BodyIncomplete,
    /// The body has another content type than JSON.
    #[error("the content type is not JSON")]
    UnsupportedContentType,
    /// The path exists, but not with this method.
    #[error("the method is not allowed")]
    MethodNotAllowed,
    /// There is no such path.
    #[error("there is no such path")]
    PathNotFound,
    /// No app has this id.
    #[error("there is no such app")]
    UnknownApp {
        /// The id in the path.
        id: String,
    },
    /// The app does not allow this origin.
    #[error("the origin is not allowed")]
    OriginNotAllowed,
    /// There is no `Authorization` header.
    #[error("there is no authorization header")]
    NotAuthenticated,
    /// The `Authorization` header has no bearer token.
    #[error("the authorization header has no bearer token")]
    NoBearerToken,
    /// The access token is not one of ours.
    #[error("the access token is not valid")]
    InvalidAccessToken,
    /// The access token has expired.
    #[error("the access token has expired")]
    AccessTokenExpired,
    /// The token belongs to another app than the path names.
    #[error("the token belongs to another app")]
    TokenOfAnotherApp,
    /// The refresh token is not one of ours.
    #[error("the refresh token is not valid")]
    InvalidRefreshToken,
    /// An access token came where a refresh token belongs.
    #[error("an access token was sent as a refresh token")]
    NotARefreshToken,
    /// The refresh token has expired.
    #[error("the refresh token has expired")]
    RefreshTokenExpired,
    /// Linking comes in a later version.
    #[error("linking is not supported")]
    LinkingNotSupported,
    /// The provider is not one that this app can log in with.
    #[error("the provider is not available")]
    ProviderUnavailable,
    /// The app has no keys to sign tokens with.
    #[error("the app has no keys")]
    NoKeys,
    /// A handler panicked.
    #[error("a handler panicked")]
    Panicked,
}

impl From<AccessTokenError> for ApiError {
    fn from(error: AccessTokenError) -> Self {
        match error {
            AccessTokenError::Invalid => Self::InvalidAccessToken,
            AccessTokenError::Expired => Self::AccessTokenExpired,
        }
    }
}

impl From<RefreshTokenError> for ApiError {
    fn from(error: RefreshTokenError) -> Self {
        match error {
            RefreshTokenError::Invalid => Self::InvalidRefreshToken,
            RefreshTokenError::AccessToken => Self::NotARefreshToken,
            RefreshTokenError::Expired => Self::RefreshTokenExpired,
        }
    }
}

impl<R: Into<ApiError>> From<FlowError<R>> for ApiError {
    fn from(error: FlowError<R>) -> Self {
        match error {
            FlowError::Refused(refusal) => refusal.into(),
            FlowError::Failed(failure) => failure.into(),
        }
    }
}

impl From<RegisterRefusal> for ApiError {
    fn from(refusal: RegisterRefusal) -> Self {
        match refusal {
            RegisterRefusal::ProviderDisabled => Self::ProviderDisabled,
            RegisterRefusal::Password(refusal) => refusal.into(),
            RegisterRefusal::EmailInvalid => Self::EmailInvalid,
            RegisterRefusal::EmailTaken => Self::EmailTaken,
            RegisterRefusal::ByFunction { email } => Self::ConfirmationRefused { email },
        }
    }
}

impl From<PasswordRefusal> for ApiError {
    fn from(refusal: PasswordRefusal) -> Self {
        match refusal {
            PasswordRefusal::Length => Self::PasswordLength,
        }
    }
}

impl From<LinkRefusal> for ApiError {
    fn from(refusal: LinkRefusal) -> Self {
        match refusal {
            LinkRefusal::ProviderDisabled => Self::ProviderDisabled,
            LinkRefusal::TokenInvalid => Self::TokenInvalid,
        }
    }
}

impl From<ResendRefusal> for ApiError {
    fn from(refusal: ResendRefusal) -> Self {
        match refusal {
            ResendRefusal::ProviderDisabled => Self::ProviderDisabled,
            ResendRefusal::UserNotFound => Self::UserNotFound,
            ResendRefusal::Mail(ConfirmationMailRefusal::AlreadyConfirmed) => Self::AlreadyConfirmed,
            ResendRefusal::Mail(ConfirmationMailRefusal::ByFunction) => Self::ConfirmationByFunction,
            ResendRefusal::Mail(ConfirmationMailRefusal::NotMailable) => Self::NotMailable,
        }
    }
}

impl From<RetryRefusal> for ApiError {
    fn from(refusal: RetryRefusal) -> Self {
        match refusal {
            RetryRefusal::ProviderDisabled => Self::ProviderDisabled,
            RetryRefusal::Automatic { email } => Self::ConfirmationAutomatic { email },
            RetryRefusal::UserNotFound => Self::UserNotFound,
            RetryRefusal::AlreadyConfirmed => Self::AlreadyConfirmed,
            RetryRefusal::ByEmail => Self::ConfirmationByEmail,
            RetryRefusal::ByFunction { email } => Self::ConfirmationRefused { email },
        }
    }
}

impl From<SendResetRefusal> for ApiError {
    fn from(refusal: SendResetRefusal) -> Self {
        match refusal {
            SendResetRefusal::ProviderDisabled => Self::ProviderDisabled,
            SendResetRefusal::UserNotFound => Self::UserNotFound,
            SendResetRefusal::ByFunction => Self::ResetByFunction,
            SendResetRefusal::NotMailable => Self::NotMailable,
        }
    }
}

impl From<ResetRefusal> for ApiError {
    fn from(refusal: ResetRefusal) -> Self {
        match refusal {
            ResetRefusal::ProviderDisabled => Self::ProviderDisabled,
            ResetRefusal::Password(refusal) => refusal.into(),
            ResetRefusal::TokenInvalid => Self::TokenInvalid,
            ResetRefusal::UserNotFound => Self::UserNotFound,
        }
    }
}

impl From<CallResetRefusal> for ApiError {
    fn from(refusal: CallResetRefusal) -> Self {
        match refusal {
            CallResetRefusal::ProviderDisabled => Self::ProviderDisabled,
            CallResetRefusal::UserNotFound => Self::UserNotFound,
            CallResetRefusal::ByEmail => Self::ResetByEmail,
            CallResetRefusal::Password(refusal) => refusal.into(),
            CallResetRefusal::ByFunction { email } => Self::ResetRefused { email },
        }
    }
}

impl From<LoginRefusal> for ApiError {
    fn from(refusal: LoginRefusal) -> Self {
        match refusal {
            LoginRefusal::ProviderDisabled => Self::LoginProviderDisabled,
            LoginRefusal::InvalidCredentials => Self::InvalidCredentials,
            LoginRefusal::NotConfirmed => Self::NotConfirmed,
            LoginRefusal::SignIn(refusal) => refusal.into(),
        }
    }
}

impl From<FunctionLoginRefusal> for ApiError {
    fn from(refusal: FunctionLoginRefusal) -> Self {
        match refusal {
            FunctionLoginRefusal::ProviderDisabled => Self::LoginProviderDisabled,
            FunctionLoginRefusal::Threw { text } => Self::LoginFunctionThrew { text },
            FunctionLoginRefusal::Unidentified => Self::LoginFunctionFailed,
            FunctionLoginRefusal::SignIn(refusal) => refusal.into(),
        }
    }
}

impl From<SignInRefusal> for ApiError {
    fn from(refusal: SignInRefusal) -> Self {
        match refusal {
            SignInRefusal::Stale => Self::InvalidCredentials,
            SignInRefusal::UserDisabled => Self::UserDisabled,
            SignInRefusal::UserCreation => Self::UserCreationRefused,
        }
    }
}

impl From<SessionEnded> for ApiError {
    fn from(SessionEnded: SessionEnded) -> Self {
        Self::SessionNotFound
    }
}

impl From<UserGone> for ApiError {
    fn from(UserGone: UserGone) -> Self {
        Self::UserGone
    }
}

impl From<NotSignedIn> for ApiError {
    fn from(refusal: NotSignedIn) -> Self {
        match refusal {
            NotSignedIn::UserGone(refusal) => refusal.into(),
            NotSignedIn::SessionEnded(refusal) => refusal.into(),
        }
    }
}

impl From<CallRefusal> for ApiError {
    fn from(refusal: CallRefusal) -> Self {
        match refusal {
            CallRefusal::NotSignedIn(refusal) => refusal.into(),
            CallRefusal::NotFound { name } => Self::FunctionNotFound { name },
            CallRefusal::NotAllowed { name } => Self::FunctionNotAllowed { name },
            CallRefusal::Threw { text } => Self::FunctionThrew { text },
            CallRefusal::TimedOut => Self::FunctionTimedOut,
        }
    }
}

impl From<InvalidEmail> for ApiError {
    fn from(InvalidEmail: InvalidEmail) -> Self {
        Self::EmailInvalid
    }
}

impl From<MalformedToken> for ApiError {
    fn from(MalformedToken: MalformedToken) -> Self {
        Self::TokenMalformed
    }
}

/// Kept in the extensions of a response until [`crate::error_body`] writes the body.
#[derive(Clone)]
pub(crate) struct ErrorAnswer(pub(crate) Arc<ApiError>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(ErrorAnswer(Arc::new(self)));
        response
    }
}

/// The answer on a path that does not exist.
pub(crate) async fn path_not_found() -> ApiError {
    ApiError::PathNotFound
}

/// The answer on a known path with another method.
pub(crate) async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}

/// The answer when a handler panicked: the process and the connection go on.
pub(crate) fn panicked(_: Box<dyn Any + Send>) -> Response {
    ApiError::Panicked.into_response()
}
