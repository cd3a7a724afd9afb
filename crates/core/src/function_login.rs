//! Logging in by a function of the app's owner: it looks at what the client sent and says who that is.

use std::sync::Arc;

use crate::login::VerifiedLogin;
use crate::{
    Accounts, App, AuthError, CallFailure, Caller, DeviceId, Ejson, FunctionName, LoginQuestion, SignedIn,
    VerifiedIdentity,
};

impl Accounts {
    /// Logs in whoever the login function says it is.
    pub async fn log_in_by_function(
        self: &Arc<Self>,
        app: &App,
        payload: Ejson,
        device: Option<DeviceId>,
        caller: Caller,
    ) -> Result<SignedIn, AuthError> {
        let function = app.login_function.clone().ok_or(AuthError::LoginProviderDisabled)?;
        let (accounts, app) = (Arc::clone(self), app.clone());
        self.outlive_caller(async move {
            let question = LoginQuestion { payload, caller };
            accounts.identify(&app, &function, question, device).await
        })
        .await
    }

    async fn identify(
        &self,
        app: &App,
        function: &FunctionName,
        question: LoginQuestion,
        device: Option<DeviceId>,
    ) -> Result<SignedIn, AuthError> {
        let caller = question.caller.clone();
        let result = self
            .functions()
            .identify(app, function, question)
            .await
            .map_err(|failure| match failure {
                CallFailure::Threw { text } | CallFailure::Unanswered { text } => {
                    AuthError::LoginFunctionThrew { text }
                }
                CallFailure::TimedOut | CallFailure::NotFound | CallFailure::NotAllowed => {
                    AuthError::LoginFunctionFailed
                }
                CallFailure::NotRun(not_run) => not_run.into(),
            })?;
        let identity = result.value.ok_or(AuthError::LoginFunctionFailed)?;
        let login = VerifiedLogin {
            identity: VerifiedIdentity::Function {
                app: app.object_id,
                id: identity.id,
                name: identity.name,
            },
            device,
            caller,
            mails: result.mails,
        };
        self.sign_in(app, login).await
    }
}
