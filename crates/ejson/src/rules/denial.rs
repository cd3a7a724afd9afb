//! Which rules deny every call, so that `doorward check` can say so. Only the rule itself counts, because users, values
//! and functions change.

use super::compare::same;
use super::expression::{Comparison, Expression, List, Operand};

/// Why the expression never holds; `None` if it may.
pub(super) fn never(expression: &Expression) -> Option<String> {
    match expression {
        Expression::Constant(true) | Expression::Asks(_) => None,
        Expression::Constant(false) => Some("it is `false`".to_owned()),
        Expression::All(parts) => parts.iter().find_map(never),
        Expression::Any(parts) => {
            let reasons: Option<Vec<String>> = parts.iter().map(never).collect();
            match reasons?.as_slice() {
                [] => Some("it has a choice without alternatives".to_owned()),
                [only] => Some(only.clone()),
                [first, ..] => Some(format!("no alternative can hold; of the first: {first}")),
            }
        }
        Expression::Not(part) => always(part).then(|| "it negates what always holds".to_owned()),
        Expression::Compares(subject, comparisons) => comparisons
            .iter()
            .find_map(|comparison| never_fulfilled(subject, comparison)),
        Expression::NotUnderstood(reason) => Some(reason.clone()),
    }
}

/// Whether the expression holds whatever the scope and the functions are.
fn always(expression: &Expression) -> bool {
    match expression {
        Expression::Constant(holds) => *holds,
        Expression::All(parts) => parts.iter().all(always),
        Expression::Any(parts) => parts.iter().any(always),
        // `never` is not enough here: what can be undecided stays undecided when it is negated.
        Expression::Not(part) => match &**part {
            Expression::Constant(holds) => !holds,
            Expression::Any(parts) => parts.is_empty(),
            _ => false,
        },
        Expression::Compares(Operand::Literal(subject), comparisons) => comparisons.iter().all(|comparison| {
            matches!(comparison, Comparison::Equals(Operand::Literal(wanted)) if same(Some(subject), Some(wanted)))
        }),
        Expression::Compares(..) | Expression::Asks(_) | Expression::NotUnderstood(_) => false,
    }
}

fn never_fulfilled(subject: &Operand, comparison: &Comparison) -> Option<String> {
    match (subject, comparison) {
        (_, Comparison::In(List::Of(items))) if items.is_empty() => {
            Some("it looks for a value in an empty list".to_owned())
        }
        (Operand::Literal(subject), Comparison::Equals(Operand::Literal(wanted)))
            if !same(Some(subject), Some(wanted)) =>
        {
            Some("it compares two constants that differ".to_owned())
        }
        _ => None,
    }
}
