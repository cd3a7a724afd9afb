//! An attempt to log in, by any provider: what fails counts against the client's network.

use crate::limits::NetworkPermit;
use crate::{
    AppAccounts, Credentials, DeviceId, Ejson, Failure, FlowError, FunctionLoginRefusal, Limit, LoginRefusal, SignedIn,
};

/// An attempt to log in that the client's network has a permit for. It counts as failed unless it ends otherwise.
#[must_use]
pub struct LoginAttempt {
    accounts: AppAccounts,
    permit: NetworkPermit,
}

impl AppAccounts {
    /// Begins an attempt to log in. It is refused here, before anything that the client sent is read, if too many
    /// attempts of the client's network have failed.
    pub async fn begin_login(&self) -> Result<LoginAttempt, Failure> {
        Ok(LoginAttempt {
            permit: self.network_permit(Limit::FailedLoginsOfNetwork).await?,
            accounts: self.clone(),
        })
    }
}

impl LoginAttempt {
    /// Logs in with an e-mail address and a password. An unknown address, a wrong password and a pending registration
    /// cost the same time.
    pub async fn log_in(self, credentials: &Credentials) -> Result<SignedIn, FlowError<LoginRefusal>> {
        let answer = self.accounts.log_in_by_password(credentials).await;
        // A network that goes on where the account allows no more attempts runs into its own limit, which is cheaper.
        let has_failed = matches!(
            answer,
            Err(FlowError::Refused(LoginRefusal::InvalidCredentials) | FlowError::Failed(Failure::Limited { .. }))
        );
        if !has_failed {
            self.accounts.give_back_to_network(&self.permit);
        }
        answer
    }

    /// Logs in the user that the login function identifies.
    pub async fn log_in_by_function(
        self,
        payload: Ejson,
        device: Option<DeviceId>,
    ) -> Result<SignedIn, FlowError<FunctionLoginRefusal>> {
        let answer = self.accounts.identify_and_sign_in(payload, device).await;
        let has_failed = matches!(
            answer,
            Err(FlowError::Refused(
                FunctionLoginRefusal::Threw { .. } | FunctionLoginRefusal::Unidentified
            ))
        );
        if !has_failed {
            self.accounts.give_back_to_network(&self.permit);
        }
        answer
    }
}
