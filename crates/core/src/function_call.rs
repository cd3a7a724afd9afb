//! A function that a signed-in user calls by its name.

use std::sync::Arc;

use crate::{Accounts, App, AuthError, CallFailure, Caller, Ejson, FunctionCall, FunctionName, UserId};

impl Accounts {
    /// Runs a function for a user. The arguments are an array.
    pub async fn call_function(
        self: &Arc<Self>,
        app: &App,
        user: UserId,
        function: FunctionName,
        arguments: Ejson,
        caller: Caller,
    ) -> Result<Ejson, AuthError> {
        let call = FunctionCall {
            function,
            arguments,
            user: self.profile(app, user).await?,
            caller,
        };
        let (accounts, app) = (Arc::clone(self), app.clone());
        self.outlive_caller(async move { accounts.run_call(&app, call).await })
            .await
    }

    async fn run_call(&self, app: &App, call: FunctionCall) -> Result<Ejson, AuthError> {
        let function = call.function.clone();
        let result = self
            .functions()
            .call(app, call)
            .await
            .map_err(|failure| match failure {
                CallFailure::NotFound => AuthError::FunctionNotFound { name: function },
                CallFailure::NotAllowed => AuthError::FunctionNotAllowed { name: function },
                CallFailure::Threw { text } | CallFailure::Unanswered { text } => AuthError::FunctionThrew { text },
                CallFailure::TimedOut => AuthError::FunctionTimedOut,
                CallFailure::NotRun(not_run) => not_run.into(),
            })?;
        if !result.mails.is_empty() {
            let mut tx = self.store().begin().await?;
            self.promise_function_mails(&mut *tx, app, &result.mails).await?;
            self.commit_with_mail(tx).await?;
        }
        Ok(result.value)
    }
}
