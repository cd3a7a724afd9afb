//! From typed values and JSON to texts.

use bson::Bson;
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Ejson;

impl Ejson {
    /// Writes a value in canonical form, which keeps every type: `{"$numberInt": "1"}`.
    pub fn canonical(value: impl Into<Bson>) -> Self {
        Self::from(&value.into().into_canonical_extjson())
    }

    /// Writes a value in relaxed form, which uses plain JSON where it can: `1`.
    pub fn relaxed(value: impl Into<Bson>) -> Self {
        Self::from(&value.into().into_relaxed_extjson())
    }
}

/// The JSON as it is.
impl From<&Value> for Ejson {
    fn from(value: &Value) -> Self {
        Self::from_json(value.to_string())
    }
}

impl Serialize for Ejson {
    /// The text goes into the document as it is, after a check that it cannot break out of its place there.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value: &RawValue = serde_json::from_str(self.as_str()).map_err(S::Error::custom)?;
        value.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use bson::{DateTime, doc};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_written_in_either_notation() {
        let value = doc! { "int": 1, "long": 1_i64 << 40, "double": 2.0, "at": DateTime::from_millis(0), "text": "a", "none": null };
        assert_eq!(
            Ejson::canonical(value.clone()).as_str(),
            r#"{"at":{"$date":{"$numberLong":"0"}},"double":{"$numberDouble":"2.0"},"int":{"$numberInt":"1"},"long":{"$numberLong":"1099511627776"},"none":null,"text":"a"}"#
        );
        assert_eq!(
            Ejson::relaxed(value).as_str(),
            r#"{"at":{"$date":"1970-01-01T00:00:00Z"},"double":2.0,"int":1,"long":1099511627776,"none":null,"text":"a"}"#
        );
    }

    #[test]
    fn a_text_keeps_its_spelling_inside_a_document() {
        let text = r#"{"b":1.0, "a":{"$numberLong":"1"}}"#;
        let within = serde_json::to_string(&[Ejson::parse(text.to_owned()).unwrap()]).unwrap();
        assert_eq!(within, format!("[{text}]"));
        let [back]: [Ejson; 1] = serde_json::from_str(&within).unwrap();
        assert_eq!(back.as_str(), text);
    }

    #[test]
    fn a_text_that_is_not_json_cannot_break_out_of_its_place() {
        let broken = Ejson::from_json(r#"1,"admin":true"#.to_owned());
        assert!(serde_json::to_string(&json!({ "a": 1 })).is_ok());
        assert!(serde_json::to_string(&[broken]).is_err());
    }

    #[test]
    fn a_double_of_any_magnitude_is_read_as_it_was_written() {
        for exponent in -320..=308 {
            let power: f64 = format!("1e{exponent}").parse().unwrap();
            for number in [power, -power, power.next_up(), power.next_down()] {
                let text = Ejson::canonical(number);
                assert_eq!(text.to_bson().unwrap(), Bson::Double(number), "{}", text.as_str());
            }
        }
    }
}
