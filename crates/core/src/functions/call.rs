//! A function that a signed-in user calls by its name.

use super::{FunctionCall, FunctionError};
use crate::{AppAccounts, Ejson, Failure, FlowError, FunctionName, NotSignedIn, Refusal, SignedInUser};

/// Why a call by a user has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallRefusal {
    /// The holder of the access token is not signed in any more.
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// The app has no function of that name that a client may call.
    #[error("there is no such function")]
    NotFound {
        /// The name.
        name: FunctionName,
    },
    /// The function's rule does not admit the user.
    #[error("the rule of the function does not admit the user")]
    NotAllowed {
        /// The name.
        name: FunctionName,
    },
    /// The function threw. Its text is public: that is how the owner's code talks to the owner's client.
    #[error("the function threw")]
    Threw {
        /// `<Name>: <message>`
        text: String,
    },
    /// The function took too long.
    #[error("the function took too long")]
    TimedOut,
}

impl Refusal for CallRefusal {}

impl AppAccounts {
    /// Runs a function for a user. The arguments are an array.
    pub async fn call_function(
        &self,
        caller: SignedInUser,
        function: FunctionName,
        arguments: Ejson,
    ) -> Result<Ejson, FlowError<CallRefusal>> {
        let call = FunctionCall {
            function,
            arguments,
            user: self.profile(caller).await.map_err(FlowError::widen)?,
            actor: self.actor().clone(),
        };
        self.outlive_caller(async move |accounts| accounts.run_call(call).await)
            .await
    }

    async fn run_call(&self, call: FunctionCall) -> Result<Ejson, FlowError<CallRefusal>> {
        let name = call.function.clone();
        let result = self.app().functions.call(call).await;
        let result = result.map_err(|error| refusal(error, name))?;
        if !result.mails.is_empty() {
            let promised = self.transact(|| async {
                let mut change = self.begin().await?;
                change.promise_function_mails(&result.mails).await?;
                change.commit().await
            });
            promised.await?;
        }
        Ok(result.value)
    }
}

fn refusal(error: FunctionError, name: FunctionName) -> FlowError<CallRefusal> {
    match error {
        FunctionError::NotFound => CallRefusal::NotFound { name }.into(),
        FunctionError::NotAllowed => CallRefusal::NotAllowed { name }.into(),
        FunctionError::Threw { text } | FunctionError::Unanswered { text } => CallRefusal::Threw { text }.into(),
        FunctionError::TimedOut => CallRefusal::TimedOut.into(),
        FunctionError::Busy { retry_after } => Failure::Busy { retry_after }.into(),
        FunctionError::Unavailable => Failure::FunctionsUnavailable.into(),
    }
}
