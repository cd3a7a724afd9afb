//! AES in the modes of Node's `createCipheriv`, as steps from which the module builds its streaming objects.
//!
//! CBC and ECB take whole blocks: padding is the module's. GCM is CTR and a tag, because Node allows nonces of
//! any length, which the sealed interface of aws-lc does not.

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use ghash::universal_hash::UniversalHash;
use ghash::{GHash, Key};
use rquickjs::{Ctx, Object, TypedArray};

use super::{Bytes, Refused, answer, bits, put};

const BLOCK: usize = 16;
const FAILED: Refused = "the cipher failed";

pub(super) fn add<'js>(ctx: &Ctx<'js>, object: &Object<'js>) -> rquickjs::Result<()> {
    put(ctx, object, "aesBlocks", js_blocks)?;
    put(ctx, object, "aesCtr", js_ctr)?;
    put(ctx, object, "gcmStart", js_gcm_start)?;
    put(ctx, object, "gcmTag", js_gcm_tag)
}

fn js_blocks(ctx: Ctx<'_>, encrypt: bool, key: Bytes, iv: Bytes, data: Bytes) -> rquickjs::Result<TypedArray<'_, u8>> {
    answer(ctx, blocks(encrypt, &key.0, &iv.0, data.0))
}

fn js_ctr(ctx: Ctx<'_>, key: Bytes, counter: Bytes, data: Bytes) -> rquickjs::Result<TypedArray<'_, u8>> {
    answer(ctx, ctr(&key.0, &counter.0, data.0))
}

fn js_gcm_start(ctx: Ctx<'_>, key: Bytes, nonce: Bytes) -> rquickjs::Result<TypedArray<'_, u8>> {
    answer(ctx, gcm_start(&key.0, &nonce.0))
}

fn js_gcm_tag(
    ctx: Ctx<'_>,
    key: Bytes,
    start: Bytes,
    extra: Bytes,
    sealed: Bytes,
) -> rquickjs::Result<TypedArray<'_, u8>> {
    answer(ctx, gcm_tag(&key.0, &start.0, &extra.0, &sealed.0))
}

fn unbound(key: &[u8]) -> Result<UnboundCipherKey, Refused> {
    let algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        32 => &AES_256,
        _ => return Err("Invalid key length"),
    };
    UnboundCipherKey::new(algorithm, key).map_err(|_| FAILED)
}

fn fixed(iv: &[u8]) -> Result<FixedLength<BLOCK>, Refused> {
    FixedLength::try_from(iv).map_err(|_| "Invalid IV length")
}

/// CBC with an initialisation vector, ECB with an empty one.
fn blocks(encrypt: bool, key: &[u8], iv: &[u8], mut data: Vec<u8>) -> Result<Vec<u8>, Refused> {
    if !data.len().is_multiple_of(BLOCK) {
        return Err("wrong final block length");
    }
    let key = unbound(key)?;
    if encrypt {
        let (key, context) = if iv.is_empty() {
            (EncryptingKey::ecb(key), EncryptionContext::None)
        } else {
            (EncryptingKey::cbc(key), EncryptionContext::Iv128(fixed(iv)?))
        };
        key.and_then(|key| key.less_safe_encrypt(&mut data, context))
            .map_err(|_| FAILED)?;
    } else {
        let (key, context) = if iv.is_empty() {
            (DecryptingKey::ecb(key), DecryptionContext::None)
        } else {
            (DecryptingKey::cbc(key), DecryptionContext::Iv128(fixed(iv)?))
        };
        key.and_then(|key| key.decrypt(&mut data, context).map(|_| ()))
            .map_err(|_| FAILED)?;
    }
    Ok(data)
}

fn ctr(key: &[u8], counter: &[u8], mut data: Vec<u8>) -> Result<Vec<u8>, Refused> {
    let context = EncryptionContext::Iv128(fixed(counter)?);
    let key = EncryptingKey::ctr(unbound(key)?).map_err(|_| FAILED)?;
    key.less_safe_encrypt(&mut data, context).map_err(|_| FAILED)?;
    Ok(data)
}

fn ghash(key: &[u8], parts: [&[u8]; 2]) -> Result<[u8; BLOCK], Refused> {
    let hash_key = blocks(true, key, &[], vec![0; BLOCK])?;
    let hash_key = Key::try_from(hash_key.as_slice()).map_err(|_| FAILED)?;
    let mut hash = GHash::new(&hash_key);
    for part in parts {
        hash.update_padded(part);
    }
    let lengths = (u128::from(bits(parts[0].len())) << 64) | u128::from(bits(parts[1].len()));
    hash.update(&[lengths.to_be_bytes().into()]);
    Ok(hash.finalize().into())
}

/// The counter block that masks the tag (J0 of NIST SP 800-38D); the text begins with the one after it.
fn gcm_start(key: &[u8], nonce: &[u8]) -> Result<Vec<u8>, Refused> {
    match nonce.len() {
        0 => Err("Invalid IV length"),
        12 => Ok([nonce, &[0, 0, 0, 1]].concat()),
        _ => Ok(ghash(key, [&[], nonce])?.to_vec()),
    }
}

fn gcm_tag(key: &[u8], start: &[u8], extra: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Refused> {
    ctr(key, start, ghash(key, [extra, sealed])?.to_vec())
}
