//! An app that has no functions to run.

use async_trait::async_trait;
use doorward_core::{
    ClaimedDelivery, ConfirmCall, CreateUserCall, Ejson, ExternalIdentity, FunctionCall, FunctionError, FunctionName,
    FunctionResult, Functions, LoginCall, ResetCall, Verdict,
};

/// Runs nothing: for tests of apps that have no functions.
#[derive(Debug, Clone, Copy)]
pub struct NoFunctions;

#[async_trait]
impl Functions for NoFunctions {
    async fn confirm(&self, _: &FunctionName, _: ConfirmCall) -> Result<FunctionResult<Verdict>, FunctionError> {
        Err(FunctionError::Unavailable)
    }

    async fn reset(&self, _: &FunctionName, _: ResetCall) -> Result<FunctionResult<Verdict>, FunctionError> {
        Err(FunctionError::Unavailable)
    }

    async fn identify(
        &self,
        _: &FunctionName,
        _: LoginCall,
    ) -> Result<FunctionResult<Option<ExternalIdentity>>, FunctionError> {
        Err(FunctionError::NotFound)
    }

    async fn create_user(&self, _: &FunctionName, _: CreateUserCall) -> Result<FunctionResult<()>, FunctionError> {
        Err(FunctionError::NotFound)
    }

    async fn deliver(&self, _: &FunctionName, _: &ClaimedDelivery) -> Result<FunctionResult<()>, FunctionError> {
        Err(FunctionError::Unavailable)
    }

    async fn call(&self, _: FunctionCall) -> Result<FunctionResult<Ejson>, FunctionError> {
        Err(FunctionError::NotFound)
    }
}
