//! From JSON to an expression.

use bson::Bson;
use serde_json::{Map, Value};

use super::expression::{Comparison, Expression, FunctionCall, List, Operand, Path, Root};
use crate::to_bson;

/// Why a part of a rule is not understood.
type Reason = String;

/// A whole rule, or one in the list of a combination.
pub(super) fn rule(rule: &Value) -> Expression {
    match rule {
        Value::Null => Expression::Constant(true),
        Value::Bool(admits) => Expression::Constant(*admits),
        Value::Object(fields) => Expression::All(fields.iter().map(|(key, value)| field(key, value)).collect()),
        Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Expression::NotUnderstood("a rule is an object, true or false".to_owned())
        }
    }
}

/// One field of a rule's object.
fn field(key: &str, value: &Value) -> Expression {
    let parsed = match operator(key) {
        Some("and") => rules(key, value).map(Expression::All),
        Some("or") => rules(key, value).map(Expression::Any),
        Some("nor") => rules(key, value).and_then(|rules| negated(Expression::Any(rules))),
        Some("not") if value.is_object() => negated(rule(value)),
        Some("not") => Err(format!("`{key}` needs an object")),
        Some("function") => function_call(key, value).map(Expression::Asks),
        Some(_) => Err(unknown_operator(key)),
        None if key.starts_with("%%") => compares(key, value),
        None => Err(format!(
            "`{key}` is a field of a document, and a function call has none"
        )),
    };
    parsed.unwrap_or_else(Expression::NotUnderstood)
}

fn rules(key: &str, value: &Value) -> Result<Vec<Expression>, Reason> {
    let list = value
        .as_array()
        .ok_or_else(|| format!("`{key}` needs a list of rules"))?;
    Ok(list.iter().map(rule).collect())
}

/// The negation of a part that is not understood is not understood either; otherwise it would admit every user.
fn negated(expression: Expression) -> Result<Expression, Reason> {
    match not_understood(&expression) {
        Some(reason) => Err(reason.to_owned()),
        None => Ok(Expression::Not(Box::new(expression))),
    }
}

fn not_understood(expression: &Expression) -> Option<&str> {
    match expression {
        Expression::NotUnderstood(reason) => Some(reason),
        Expression::All(parts) | Expression::Any(parts) => parts.iter().find_map(not_understood),
        Expression::Not(part) => not_understood(part),
        Expression::Constant(_) | Expression::Asks(_) | Expression::Compares(..) => None,
    }
}

/// `"%%user.id": value`, or with an object of comparisons in place of the value.
fn compares(key: &str, value: &Value) -> Result<Expression, Reason> {
    let subject = expansion(key)?;
    let comparisons = match value {
        Value::Object(comparisons) if is_operators(comparisons) => {
            let comparisons = comparisons.iter();
            comparisons
                .map(|(key, value)| comparison(key, value))
                .collect::<Result<_, _>>()?
        }
        plain => vec![Comparison::Equals(operand(plain)?)],
    };
    Ok(Expression::Compares(subject, comparisons))
}

fn is_operators(object: &Map<String, Value>) -> bool {
    !object.is_empty() && object.keys().all(|key| operator(key).is_some())
}

fn comparison(key: &str, value: &Value) -> Result<Comparison, Reason> {
    Ok(match operator(key) {
        Some("eq") => Comparison::Equals(operand(value)?),
        Some("ne") => Comparison::NotEquals(operand(value)?),
        Some("in") => Comparison::In(list(key, value)?),
        Some("nin") => Comparison::NotIn(list(key, value)?),
        Some("exists") => match operand(value)? {
            Operand::Literal(literal) if !matches!(literal, Bson::Boolean(_)) => {
                return Err(format!("`{key}` needs true or false"));
            }
            wanted => Comparison::Exists(wanted),
        },
        Some("gt") => Comparison::Greater(operand(value)?),
        Some("gte") => Comparison::GreaterOrEqual(operand(value)?),
        Some("lt") => Comparison::Less(operand(value)?),
        Some("lte") => Comparison::LessOrEqual(operand(value)?),
        Some("function") => Comparison::EqualsResult(function_call(key, value)?),
        Some(_) | None => return Err(unknown_operator(key)),
    })
}

fn list(key: &str, value: &Value) -> Result<List, Reason> {
    if let Value::Array(items) = value {
        return Ok(List::Of(items.iter().map(operand).collect::<Result<_, _>>()?));
    }
    match operand(value)? {
        Operand::At(path) => Ok(List::At(path)),
        Operand::Literal(_) => Err(format!("`{key}` needs a list")),
    }
}

fn function_call(key: &str, value: &Value) -> Result<FunctionCall, Reason> {
    let name = value.get("name").and_then(Value::as_str);
    let arguments = match value.get("arguments") {
        None => Some(Vec::new()),
        Some(Value::Array(arguments)) => Some(arguments.iter().map(operand).collect::<Result<_, _>>()?),
        Some(_) => None,
    };
    match (name, arguments) {
        (Some(name), Some(arguments)) => Ok(FunctionCall {
            name: name.to_owned(),
            arguments,
        }),
        _ => Err(format!("`{key}` needs a `name`, and `arguments` that are a list")),
    }
}

/// A literal, or an expansion.
fn operand(value: &Value) -> Result<Operand, Reason> {
    match value {
        Value::String(text) if text.starts_with("%%") => expansion(text),
        literal => Ok(Operand::Literal(to_bson(literal))),
    }
}

/// `%%user.id` and the like.
fn expansion(text: &str) -> Result<Operand, Reason> {
    let mut parts = text.split('.');
    let root = parts.next().unwrap_or_default();
    let keys: Vec<String> = parts.map(str::to_owned).collect();
    let root = match root.strip_prefix("%%").unwrap_or_default() {
        "true" if keys.is_empty() => return Ok(Operand::Literal(Bson::Boolean(true))),
        "false" if keys.is_empty() => return Ok(Operand::Literal(Bson::Boolean(false))),
        "user" => Root::User,
        "request" => Root::Request,
        "values" => Root::Values,
        "environment" => Root::Environment,
        _ => return Err(format!("there is no expansion `{text}`")),
    };
    Ok(Operand::At(Path { root, keys }))
}

/// The name of an operator, which is written with `%` or with `$`.
fn operator(key: &str) -> Option<&str> {
    if key.starts_with("%%") {
        return None;
    }
    key.strip_prefix('%').or_else(|| key.strip_prefix('$'))
}

fn unknown_operator(key: &str) -> Reason {
    format!("there is no operator `{key}`")
}
