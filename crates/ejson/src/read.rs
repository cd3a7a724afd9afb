//! From texts and JSON to typed values.

use bson::{Bson, Document};
use serde::de::{Deserialize, Deserializer, IgnoredAny};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::Ejson;

/// The text is not one JSON value.
#[derive(Debug, thiserror::Error)]
#[error("this is not JSON")]
pub struct ParseError(#[from] serde_json::Error);

impl Ejson {
    /// Takes a text that is one JSON value.
    pub fn parse(text: String) -> Result<Self, ParseError> {
        serde_json::from_str::<IgnoredAny>(&text)?;
        Ok(Self::from_json(text))
    }

    /// The typed value, as [`to_bson`] reads it.
    pub fn to_bson(&self) -> Result<Bson, ParseError> {
        let value: Value = serde_json::from_str(self.as_str())?;
        Ok(to_bson(&value))
    }
}

/// Reads Extended JSON, canonical or relaxed. An object that looks like one of its types and is not, such as `{"$oid":
/// 1}`, stays an object.
pub fn to_bson(value: &Value) -> Bson {
    match value {
        Value::Object(fields) => typed(fields).unwrap_or_else(|| Bson::Document(document(fields))),
        Value::Array(items) => Bson::Array(items.iter().map(to_bson).collect()),
        Value::String(text) => Bson::String(text.clone()),
        Value::Bool(flag) => Bson::Boolean(*flag),
        // Every number of JSON fits into one of the three types.
        Value::Number(_) => Bson::try_from(value.clone()).unwrap_or(Bson::Null),
        Value::Null => Bson::Null,
    }
}

fn document(fields: &Map<String, Value>) -> Document {
    let fields = fields.iter();
    fields.map(|(name, value)| (name.clone(), to_bson(value))).collect()
}

/// What the object stands for, if it is the notation of a type.
fn typed(fields: &Map<String, Value>) -> Option<Bson> {
    if !fields.keys().any(|name| name.starts_with('$')) {
        return None;
    }
    match Bson::try_from(fields.clone()) {
        Ok(Bson::Document(_)) | Err(_) => None,
        Ok(value) => Some(value),
    }
}

impl<'de> Deserialize<'de> for Ejson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: Box<str> = Box::<RawValue>::deserialize(deserializer)?.into();
        Ok(Self::from_json(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use bson::oid::ObjectId;
    use bson::{DateTime, doc};
    use serde_json::json;

    use super::*;

    #[test]
    fn canonical_and_relaxed_notation_are_the_same_values() {
        let id = ObjectId::from_bytes([1; 12]);
        let at = DateTime::from_millis(1_583_020_800_000);
        for (json, value) in [
            (json!(1), Bson::Int32(1)),
            (json!({ "$numberInt": "1" }), Bson::Int32(1)),
            (json!(1_099_511_627_776_i64), Bson::Int64(1 << 40)),
            (json!({ "$numberLong": "1099511627776" }), Bson::Int64(1 << 40)),
            (json!(1.5), Bson::Double(1.5)),
            (json!({ "$numberDouble": "1.5" }), Bson::Double(1.5)),
            (json!({ "$oid": id.to_hex() }), Bson::ObjectId(id)),
            (json!({ "$date": "2020-03-01T00:00:00Z" }), Bson::DateTime(at)),
            (
                json!({ "$date": { "$numberLong": "1583020800000" } }),
                Bson::DateTime(at),
            ),
            (json!({ "$undefined": true }), Bson::Undefined),
            (
                json!([{ "a": { "$numberInt": "1" } }]),
                Bson::Array(vec![doc! { "a": 1 }.into()]),
            ),
            (json!(null), Bson::Null),
        ] {
            assert_eq!(to_bson(&json), value, "{json}");
        }
    }

    #[test]
    fn an_object_that_is_no_type_stays_an_object_and_what_is_in_it_is_read() {
        for json in [
            json!({ "$oid": "short" }),
            json!({ "$oid": 1 }),
            json!({ "$numberInt": "x" }),
            json!({ "$date": "today" }),
            json!({ "$unknown": "x" }),
            json!({ "$numberInt": "1", "more": "x" }),
        ] {
            assert!(matches!(to_bson(&json), Bson::Document(_)), "{json}");
        }
        let read = to_bson(&json!({ "$bad": { "$oid": 1 }, "good": { "$numberLong": "2" } }));
        assert_eq!(read, Bson::Document(doc! { "$bad": { "$oid": 1 }, "good": 2_i64 }));
    }

    #[test]
    fn only_one_json_value_is_a_text() {
        assert_eq!(
            Ejson::parse(r#"{"b":1.0, "a":[]}"#.to_owned()).unwrap().as_str(),
            r#"{"b":1.0, "a":[]}"#
        );
        for text in ["", "{", "1 2", "nul", "{'a':1}"] {
            assert!(Ejson::parse(text.to_owned()).is_err(), "{text}");
        }
    }
}
