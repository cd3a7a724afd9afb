//! `can_evaluate`: the rule that decides who may call a function.
//!
//! A rule is a JSON expression. It is parsed once, when the app is loaded, and evaluated at each call. Its purpose is
//! to keep users out, so a part that is not understood denies.

mod compare;
mod denial;
mod evaluate;
mod expression;
mod parse;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bson::Bson;
use serde_json::Value;

use self::expression::Expression;

/// A parsed rule. Clones are cheap.
#[derive(Clone, PartialEq)]
pub struct Rule(Arc<Expression>);

/// What a rule can refer to.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// `%%user`
    pub user: &'a Bson,
    /// `%%request`
    pub request: &'a Bson,
    /// `%%values`
    pub values: &'a Bson,
    /// `%%environment`
    pub environment: &'a Bson,
}

/// Runs the functions that rules ask with `%function`.
#[async_trait]
pub trait RuleFunctions: Sync {
    /// The result of a function. `None`: it failed, so that the rule cannot be decided and denies.
    async fn call(&self, function: &str, arguments: Vec<Bson>) -> Option<Bson>;
}

impl Rule {
    /// Parses a rule. What is not understood becomes a part that denies, and [`Rule::always_denies`] can say why.
    pub fn parse(rule: &Value) -> Self {
        Self(Arc::new(parse::rule(rule)))
    }

    /// Whether the rule admits the call.
    pub async fn admits(&self, scope: &Scope<'_>, functions: &dyn RuleFunctions) -> bool {
        evaluate::evaluate(&self.0, scope, functions).await == Some(true)
    }

    /// Why the rule denies every call, whatever the user, the values and the functions are; `None` if it may admit
    /// some.
    pub fn always_denies(&self) -> Option<String> {
        denial::never(&self.0)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rule(..)")
    }
}

#[cfg(test)]
mod tests;
