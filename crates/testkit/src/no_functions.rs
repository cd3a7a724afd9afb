//! A server that has no functions to run.

use async_trait::async_trait;
use doorward_core::{
    App, CallFailure, ConfirmQuestion, Ejson, FunctionCall, FunctionName, Functions, NotRun, Ran, ResetQuestion,
    Verdict,
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

    async fn call(&self, _: &App, _: FunctionCall) -> Result<Ran<Ejson>, CallFailure> {
        Err(CallFailure::NotFound)
    }
}
