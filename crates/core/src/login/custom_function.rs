//! Logging in by a function of the app's owner: it receives what the client sent and identifies the user.

use super::SignInRefusal;
use super::sign_in::Login;
use crate::limits::AccountPermit;
use crate::{
    AppAccounts, DeviceId, Ejson, Failure, FlowError, FunctionError, FunctionName, Identity, LoginCall, Profile,
    Provider, Refusal, SignedIn, VerifiedIdentity,
};

/// Why the login function opens no session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FunctionLoginRefusal {
    /// The owner has no login function.
    #[error("the provider is disabled")]
    ProviderDisabled,
    /// The login function threw. Its text is public, as that of a called function.
    #[error("the login function threw")]
    Threw {
        /// `<Name>: <message>`
        text: String,
    },
    /// The login function took too long, or returned nothing that could be an id.
    #[error("the login function identified no user")]
    Unidentified,
    /// The identity is verified, and opens no session.
    #[error(transparent)]
    SignIn(#[from] SignInRefusal),
}

impl Refusal for FunctionLoginRefusal {}

impl AppAccounts {
    pub(super) async fn identify_and_sign_in(
        &self,
        payload: Ejson,
        device: Option<DeviceId>,
    ) -> Result<SignedIn, FlowError<FunctionLoginRefusal>> {
        let function = self.app().providers.custom_function.clone();
        let function = function.ok_or(FunctionLoginRefusal::ProviderDisabled)?;
        self.outlive_caller(async move |accounts| accounts.identify(&function, payload, device).await)
            .await
    }

    async fn identify(
        &self,
        function: &FunctionName,
        payload: Ejson,
        device: Option<DeviceId>,
    ) -> Result<SignedIn, FlowError<FunctionLoginRefusal>> {
        let call = LoginCall {
            payload,
            actor: self.actor().clone(),
        };
        let result = self.app().functions.identify(function, call).await.map_err(refusal)?;
        let external = result.value.ok_or(FunctionLoginRefusal::Unidentified)?;
        let identity = Identity {
            provider: Provider::CustomFunction,
            id: external.id,
            profile: Profile {
                email: None,
                name: external.name,
            },
        };
        let login = Login {
            identity: VerifiedIdentity::External {
                app: self.app().object_id,
                identity,
            },
            device,
            permit: AccountPermit::none(),
            mails: result.mails,
        };
        self.sign_in(login).await.map_err(FlowError::widen)
    }
}

fn refusal(error: FunctionError) -> FlowError<FunctionLoginRefusal> {
    match error {
        FunctionError::Threw { text } | FunctionError::Unanswered { text } => {
            FunctionLoginRefusal::Threw { text }.into()
        }
        FunctionError::TimedOut | FunctionError::NotFound | FunctionError::NotAllowed => {
            FunctionLoginRefusal::Unidentified.into()
        }
        FunctionError::Busy { retry_after } => Failure::Busy { retry_after }.into(),
        FunctionError::Unavailable => Failure::FunctionsUnavailable.into(),
    }
}
