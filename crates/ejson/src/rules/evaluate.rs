//! Whether an expression holds in a scope.
//!
//! The answer has three values. `None` means that it cannot be decided, because a part is not understood or a function
//! failed. The negation of an undecided part is undecided too, so that no failure admits a user.

use std::cmp::Ordering;

use bson::Bson;

use super::compare::{order, same};
use super::expression::{Comparison, Expression, FunctionCall, List, Operand, Path, Root};
use super::{RuleFunctions, Scope};

pub(super) async fn evaluate(
    expression: &Expression,
    scope: &Scope<'_>,
    functions: &dyn RuleFunctions,
) -> Option<bool> {
    match expression {
        Expression::Constant(holds) => Some(*holds),
        Expression::All(parts) => {
            for part in parts {
                match Box::pin(evaluate(part, scope, functions)).await {
                    Some(true) => {}
                    denied => return denied,
                }
            }
            Some(true)
        }
        Expression::Any(parts) => {
            let mut answer = Some(false);
            for part in parts {
                match Box::pin(evaluate(part, scope, functions)).await {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => answer = None,
                }
            }
            answer
        }
        Expression::Not(part) => Box::pin(evaluate(part, scope, functions)).await.map(|holds| !holds),
        Expression::Asks(call) => {
            let result = run(call, scope, functions).await?;
            Some(result == Bson::Boolean(true))
        }
        Expression::Compares(subject, comparisons) => {
            let subject = subject.resolve(scope);
            for comparison in comparisons {
                match compare(subject, comparison, scope, functions).await {
                    Some(true) => {}
                    denied => return denied,
                }
            }
            Some(true)
        }
        Expression::NotUnderstood(_) => None,
    }
}

async fn compare(
    subject: Option<&Bson>,
    comparison: &Comparison,
    scope: &Scope<'_>,
    functions: &dyn RuleFunctions,
) -> Option<bool> {
    let ordered = |operand: &Operand, holds: fn(Ordering) -> bool| {
        Some(order(subject, operand.resolve(scope)).is_some_and(holds))
    };
    match comparison {
        Comparison::Equals(operand) => Some(same(subject, operand.resolve(scope))),
        Comparison::NotEquals(operand) => Some(!same(subject, operand.resolve(scope))),
        Comparison::In(list) => list.contains(subject, scope),
        Comparison::NotIn(list) => list.contains(subject, scope).map(|contains| !contains),
        Comparison::Exists(wanted) => Some(wanted.resolve(scope) == Some(&Bson::Boolean(subject.is_some()))),
        Comparison::Greater(operand) => ordered(operand, Ordering::is_gt),
        Comparison::GreaterOrEqual(operand) => ordered(operand, Ordering::is_ge),
        Comparison::Less(operand) => ordered(operand, Ordering::is_lt),
        Comparison::LessOrEqual(operand) => ordered(operand, Ordering::is_le),
        Comparison::EqualsResult(call) => {
            let result = run(call, scope, functions).await?;
            Some(same(subject, Some(&result)))
        }
    }
}

/// An argument that is not there is `null`.
async fn run(call: &FunctionCall, scope: &Scope<'_>, functions: &dyn RuleFunctions) -> Option<Bson> {
    let arguments = call.arguments.iter();
    let arguments = arguments
        .map(|argument| argument.resolve(scope).cloned().unwrap_or(Bson::Null))
        .collect();
    functions.call(&call.name, arguments).await
}

impl List {
    /// Whether the value is in the list. `None`: there is no list.
    fn contains(&self, value: Option<&Bson>, scope: &Scope<'_>) -> Option<bool> {
        match self {
            Self::Of(items) => Some(items.iter().any(|item| same(value, item.resolve(scope)))),
            Self::At(path) => match path.find(scope)? {
                Bson::Array(items) => Some(items.iter().any(|item| same(value, Some(item)))),
                _ => None,
            },
        }
    }
}

impl Operand {
    fn resolve<'a>(&'a self, scope: &Scope<'a>) -> Option<&'a Bson> {
        match self {
            Self::Literal(value) => Some(value),
            Self::At(path) => path.find(scope),
        }
    }
}

impl Path {
    fn find<'a>(&self, scope: &Scope<'a>) -> Option<&'a Bson> {
        let root = match self.root {
            Root::User => scope.user,
            Root::Request => scope.request,
            Root::Values => scope.values,
            Root::Environment => scope.environment,
        };
        self.keys.iter().try_fold(root, |value, key| match value {
            Bson::Document(document) => document.get(key),
            Bson::Array(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        })
    }
}
