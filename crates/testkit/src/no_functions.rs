//! A server that has no functions to run.

use async_trait::async_trait;
use doorward_core::{
    App, CallFailure, ClaimedTrigger, ConfirmQuestion, Ejson, FunctionCall, FunctionName, Functions, LoginQuestion,
    NewUser, NotRun, NotTold, Ran, ResetQuestion, Verdict, Vouched,
};

/// Runs nothing: for tests of apps that have no functions.
#[derive(Debug, Clone, Copy)]
pub struct NoFunctions;

#[async_trait]
impl Functions for NoFunctions {
    async fn confirm(&self, _: &App, _: &FunctionName, _: ConfirmQuestion) -> Result<Ran<Verdict>, NotRun> {
        Err(NotRun::Unavailable)
    }

    async fn reset(&self, _: &App, _: &FunctionName, _: ResetQuestion) -> Result<Ran<Verdict>, NotRun> {
        Err(NotRun::Unavailable)
    }

    async fn identify(&self, _: &App, _: &FunctionName, _: LoginQuestion) -> Result<Ran<Option<Vouched>>, CallFailure> {
        Err(CallFailure::NotFound)
    }

    async fn create_user(&self, _: &App, _: &FunctionName, _: NewUser) -> Result<Ran<()>, CallFailure> {
        Err(CallFailure::NotFound)
    }

    async fn trigger(&self, _: &App, _: &FunctionName, _: &ClaimedTrigger) -> Result<Ran<()>, NotTold> {
        Err(NotTold::NotRun(NotRun::Unavailable))
    }

    async fn call(&self, _: &App, _: FunctionCall) -> Result<Ran<Ejson>, CallFailure> {
        Err(CallFailure::NotFound)
    }
}
