//! What the built-in modules need and JavaScript cannot do well: `require("doorward:native")`, for those modules only.
//!
//! The engine's interrupt handler cannot stop Rust code, so every function here bounds what it does before it begins.
//! Arguments come from the owner's code by way of the modules, so any of them may be anything.

#![expect(
    clippy::needless_pass_by_value,
    reason = "what comes from JavaScript is converted into a value of its own"
)]

mod aes;
mod bytes;
mod digest;
mod key_derivation;
mod signature;
mod text;
mod url;

use rquickjs::{Ctx, Exception, Function, Object, TypedArray};

use self::bytes::Bytes;

/// Why a native function refused: the text of the JavaScript error.
type Refused = &'static str;

/// The object behind `require("doorward:native")`.
pub(super) fn object<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    aes::add(ctx, &object)?;
    digest::add(ctx, &object)?;
    key_derivation::add(ctx, &object)?;
    signature::add(ctx, &object)?;
    text::add(ctx, &object)?;
    url::add(ctx, &object)?;
    Ok(object)
}

/// The conversions alone, for the values of BSON.
pub(super) fn text<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    text::add(ctx, &object)?;
    Ok(object)
}

/// Hands bytes to JavaScript, or throws. They are copied, because only memory that the engine takes is counted.
fn answer(ctx: Ctx<'_>, result: Result<Vec<u8>, Refused>) -> rquickjs::Result<TypedArray<'_, u8>> {
    match result {
        Ok(bytes) => TypedArray::new_copy(ctx, bytes),
        Err(refused) => Err(Exception::throw_message(&ctx, refused)),
    }
}

/// A whole number from JavaScript, at most `most`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is whole and in range"
)]
fn count(number: f64, most: u32) -> Result<u32, Refused> {
    let whole = number.fract() == 0.0 && (0.0..=f64::from(most)).contains(&number);
    whole.then_some(number as u32).ok_or("the number is out of range")
}

/// The lengths here are those of arrays of at most some megabytes.
fn bits(length: usize) -> u64 {
    (length as u64).saturating_mul(8)
}

/// Names one function in the object.
fn put<'js, F, P>(ctx: &Ctx<'js>, object: &Object<'js>, name: &str, function: F) -> rquickjs::Result<()>
where
    F: rquickjs::function::IntoJsFunc<'js, P> + 'js,
{
    object.set(name, Function::new(ctx.clone(), function)?)
}
