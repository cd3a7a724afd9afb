//! When two values are the same, and which one is greater.

use std::borrow::Cow;
use std::cmp::Ordering;

use bson::Bson;

/// A value that is not there equals nothing, not even another one that is not there.
pub(super) fn same(a: Option<&Bson>, b: Option<&Bson>) -> bool {
    a.zip(b).is_some_and(|(a, b)| equal(a, b))
}

/// The order of two numbers, or of two texts; other values have none.
pub(super) fn order(a: Option<&Bson>, b: Option<&Bson>) -> Option<Ordering> {
    let (a, b) = (a?, b?);
    if let (Some(a), Some(b)) = (text(a), text(b)) {
        return Some(a.cmp(&b));
    }
    match (integer(a), integer(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => number(a)?.partial_cmp(&number(b)?),
    }
}

/// `1`, `1.0` and a long of 1 are the same number, and an id is the same as its text.
fn equal(a: &Bson, b: &Bson) -> bool {
    match (a, b) {
        (Bson::Array(a), Bson::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Bson::Document(a), Bson::Document(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => {
            if let (Some(a), Some(b)) = (text(a), text(b)) {
                return a == b;
            }
            match (integer(a).zip(integer(b)), number(a).zip(number(b))) {
                // A double cannot tell large integers apart.
                (Some((a, b)), _) => a == b,
                (None, Some((a, b))) => a.total_cmp(&b) == Ordering::Equal,
                (None, None) => a == b,
            }
        }
    }
}

fn text(value: &Bson) -> Option<Cow<'_, str>> {
    match value {
        Bson::String(text) => Some(Cow::Borrowed(text)),
        Bson::ObjectId(id) => Some(Cow::Owned(id.to_hex())),
        _ => None,
    }
}

fn integer(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int32(number) => Some(i64::from(*number)),
        Bson::Int64(number) => Some(*number),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "this is how a long is compared with a double")]
fn number(value: &Bson) -> Option<f64> {
    match value {
        Bson::Double(number) => Some(*number),
        other => integer(other).map(|number| number as f64),
    }
}
