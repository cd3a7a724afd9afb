//! A server that has no functions to run.

use async_trait::async_trait;
use doorward_core::{
    App, CallFailure, ClaimedDelivery, ConfirmQuestion, DeliveryError, Ejson, ExternalIdentity, FunctionCall,
    FunctionName, FunctionResult, Functions, LoginQuestion, NewUser, NotRun, ResetQuestion, Verdict,
};

/// Runs nothing: for tests of apps that have no functions.
#[derive(Debug, Clone, Copy)]
pub struct NoFunctions;

#[async_trait]
impl Functions for NoFunctions {
    async fn confirm(&self, _: &App, _: &FunctionName, _: ConfirmQuestion) -> Result<FunctionResult<Verdict>, NotRun> {
        Err(NotRun::Unavailable)
    }

    async fn reset(&self, _: &App, _: &FunctionName, _: ResetQuestion) -> Result<FunctionResult<Verdict>, NotRun> {
        Err(NotRun::Unavailable)
    }

    async fn identify(
        &self,
        _: &App,
        _: &FunctionName,
        _: LoginQuestion,
    ) -> Result<FunctionResult<Option<ExternalIdentity>>, CallFailure> {
        Err(CallFailure::NotFound)
    }

    async fn create_user(&self, _: &App, _: &FunctionName, _: NewUser) -> Result<FunctionResult<()>, CallFailure> {
        Err(CallFailure::NotFound)
    }

    async fn trigger(
        &self,
        _: &App,
        _: &FunctionName,
        _: &ClaimedDelivery,
    ) -> Result<FunctionResult<()>, DeliveryError> {
        Err(DeliveryError::NotRun(NotRun::Unavailable))
    }

    async fn call(&self, _: &App, _: FunctionCall) -> Result<FunctionResult<Ejson>, CallFailure> {
        Err(CallFailure::NotFound)
    }
}
