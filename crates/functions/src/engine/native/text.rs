//! Conversions between bytes and text, which the engine has no fast way for.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rquickjs::{Ctx, Object, TypedArray};

use super::{Bytes, answer, put};

/// As lenient as Node: padding may be missing, and bits that no byte needs may be set.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn add<'js>(ctx: &Ctx<'js>, object: &Object<'js>) -> rquickjs::Result<()> {
    put(ctx, object, "toUtf8", |data: Bytes| {
        String::from_utf8_lossy(&data.0).into_owned()
    })?;
    put(ctx, object, "fromUtf8", js_from_utf8)?;
    put(ctx, object, "toHex", |data: Bytes| hex::encode(data.0))?;
    put(ctx, object, "toBase64", |data: Bytes| LENIENT.encode(data.0))?;
    put(ctx, object, "fromBase64", js_from_base64)
}

fn js_from_utf8(ctx: Ctx<'_>, text: String) -> rquickjs::Result<TypedArray<'_, u8>> {
    answer(ctx, Ok(text.into_bytes()))
}

fn js_from_base64(ctx: Ctx<'_>, text: String) -> rquickjs::Result<TypedArray<'_, u8>> {
    answer(ctx, Ok(from_base64(&text)))
}

/// Both alphabets; other characters are skipped and the first `=` ends the data, as Node does it.
fn from_base64(text: &str) -> Vec<u8> {
    let mut kept: Vec<u8> = text
        .bytes()
        .take_while(|&byte| byte != b'=')
        .filter_map(|byte| match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            b'+' | b'/' => Some(byte),
            _ => byte.is_ascii_alphanumeric().then_some(byte),
        })
        .collect();
    if kept.len() % 4 == 1 {
        kept.pop();
    }
    LENIENT.decode(kept).unwrap_or_default()
}
