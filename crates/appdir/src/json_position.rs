//! From a JSON pointer to a line and a column.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::error::Place;

/// Where the value at `pointer` begins in `text`; if it is not there, the nearest value around it.
///
/// Types are checked after template expansions, which lose the positions, so a position is looked up again in the text.
pub(crate) fn locate(text: &str, pointer: &str) -> Place {
    let mut rest = text.trim_start();
    for token in pointer.split('/').skip(1) {
        match child(rest, &unescape(token)) {
            Some(value) => rest = value,
            None => break,
        }
    }
    // Every step borrows from `text`, so the distance of the addresses is the offset.
    let offset = (rest.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    let before = text.get(..offset).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Place {
        pointer: pointer.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

/// The pointer of `key` within the value at `parent`.
pub(crate) fn join(parent: &str, key: impl std::fmt::Display) -> String {
    format!("{parent}/{}", key.to_string().replace('~', "~0").replace('/', "~1"))
}

fn child<'a>(text: &'a str, token: &str) -> Option<&'a str> {
    if text.starts_with('{') {
        let object: BTreeMap<Cow<'a, str>, &'a RawValue> = serde_json::from_str(text).ok()?;
        object.get(token).map(|value| value.get())
    } else {
        let array: Vec<&'a RawValue> = serde_json::from_str(text).ok()?;
        array.get(token.parse::<usize>().ok()?).map(|value| value.get())
    }
}

fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\n  \"a\": [\n    1,\n    { \"b/c\": \"é\", \"d\\u0020e\": true }\n  ]\n}\n";

    #[test]
    fn a_nested_value_is_found_by_line_and_column() {
        let place = locate(TEXT, "/a/1/b~1c");
        assert_eq!((place.line, place.column), (4, 14));
    }

    #[test]
    fn columns_count_characters_and_keys_may_be_escaped() {
        let place = locate(TEXT, "/a/1/d e");
        assert_eq!((place.line, place.column), (4, 31));
    }

    #[test]
    fn an_absent_value_gives_the_object_around_it() {
        let place = locate(TEXT, "/a/1/zzz");
        assert_eq!((place.line, place.column), (4, 5));
    }

    #[test]
    fn joining_escapes_what_rfc_6901_reserves() {
        assert_eq!(join("/a", "x/y~z"), "/a/x~1y~0z");
    }
}
