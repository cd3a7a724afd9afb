//! Bytes that come from JavaScript, copied at once.
#![expect(unsafe_code, reason = "the engine's safe interface reads one element at a time")]

use rquickjs::{Ctx, Exception, FromJs, TypedArray, Value};

/// No script's memory holds more, and MD5 of nearly all of it took a fifth of a second in a test.
const MOST_BYTES: usize = 32 << 20;

/// The content of a `Uint8Array`, copied: JavaScript may detach or resize the original at any time.
pub(super) struct Bytes(pub(super) Vec<u8>);

impl<'js> FromJs<'js> for Bytes {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Self> {
        let array = TypedArray::<u8>::from_value(value)
            .map_err(|_| Exception::throw_type(ctx, "the data must be a Buffer or Uint8Array"))?;
        // SAFETY: the slice dies at the end of this block, and nothing in it runs JavaScript: the engine is not called
        // between reading the array's address and the copy, and no other thread has this runtime.
        let copied = unsafe {
            array
                .as_bytes()
                .map(|bytes| (bytes.len() <= MOST_BYTES).then(|| bytes.to_vec()))
        };
        match copied {
            Some(Some(bytes)) => Ok(Self(bytes)),
            Some(None) => Err(Exception::throw_range(ctx, "the data is too long for a function")),
            None => Err(Exception::throw_type(ctx, "the data has been given away")),
        }
    }
}
