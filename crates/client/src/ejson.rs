//! Between Extended JSON, which functions speak, and what serde makes of a program's own types.

use serde_json::{Map, Number, Value};

/// Reads the numbers of Extended JSON as numbers, `$undefined` as null, and leaves other types as they are
/// written: an id stays `{"$oid": "…"}`.
pub(crate) fn plain(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        Value::Object(object) => match number(&object) {
            Some(number) => number,
            None => Value::Object(object.into_iter().map(|(key, value)| (key, plain(value))).collect()),
        },
        other => other,
    }
}

fn number(object: &Map<String, Value>) -> Option<Value> {
    let mut entries = object.iter();
    let (Some((key, value)), None) = (entries.next(), entries.next()) else {
        return None;
    };
    match (key.as_str(), value) {
        ("$numberInt" | "$numberLong", Value::String(text)) => text.parse::<i64>().ok().map(Value::from),
        // JSON has no infinity: those stay as they are.
        ("$numberDouble", Value::String(text)) => Number::from_f64(text.parse().ok()?).map(Value::Number),
        ("$undefined", Value::Bool(true)) => Some(Value::Null),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_numbers_and_other_types_stay_as_they_are_written() {
        for (sent, read) in [
            (json!({ "$numberInt": "15" }), json!(15)),
            (
                json!({ "$numberLong": "9007199254740993" }),
                json!(9_007_199_254_740_993_i64),
            ),
            (json!({ "$numberDouble": "1.5" }), json!(1.5)),
            (
                json!({ "$numberDouble": "Infinity" }),
                json!({ "$numberDouble": "Infinity" }),
            ),
            (json!({ "$undefined": true }), json!(null)),
            (json!([{ "a": { "$numberInt": "1" } }]), json!([{ "a": 1 }])),
            (
                json!({ "$oid": "0123456789abcdef01234567" }),
                json!({ "$oid": "0123456789abcdef01234567" }),
            ),
            (
                json!({ "$numberInt": "1", "more": 2 }),
                json!({ "$numberInt": "1", "more": 2 }),
            ),
            (json!({ "$numberInt": "x" }), json!({ "$numberInt": "x" })),
            (json!({}), json!({})),
        ] {
            assert_eq!(plain(sent), read);
        }
    }
}
