//! Hashes, HMAC, random bytes and the comparison that takes the same time for all inputs.

use ::hmac::{KeyInit, Mac};
use aws_lc_rs::{constant_time, digest, hmac};
use md5::{Digest, Md5};
use rquickjs::{Ctx, Object, TypedArray};

use super::{Bytes, Refused, answer, count, put};

/// The most random bytes at once. Node allows two gigabytes, but the worker has a memory limit.
const MOST_RANDOM_BYTES: u32 = 1 << 20;

pub(super) fn add<'js>(ctx: &Ctx<'js>, object: &Object<'js>) -> rquickjs::Result<()> {
    put(ctx, object, "hash", js_hash)?;
    put(ctx, object, "hmac", js_hmac)?;
    put(ctx, object, "randomBytes", js_random)?;
    put(ctx, object, "timingSafeEqual", |a: Bytes, b: Bytes| {
        constant_time::verify_slices_are_equal(&a.0, &b.0).is_ok()
    })
}

fn js_hash(ctx: Ctx<'_>, name: String, data: Bytes) -> rquickjs::Result<TypedArray<'_, u8>> {
    answer(ctx, hash(&name, &data.0))
}

fn js_hmac(ctx: Ctx<'_>, name: String, key: Bytes, data: Bytes) -> rquickjs::Result<TypedArray<'_, u8>> {
    answer(ctx, keyed(&name, &key.0, &data.0))
}

fn js_random(ctx: Ctx<'_>, length: f64) -> rquickjs::Result<TypedArray<'_, u8>> {
    answer(ctx, random(length))
}

fn hash(name: &str, data: &[u8]) -> Result<Vec<u8>, Refused> {
    let algorithm = match name {
        "md5" => return Ok(Md5::digest(data).to_vec()),
        "sha1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        "sha224" => &digest::SHA224,
        "sha256" => &digest::SHA256,
        "sha384" => &digest::SHA384,
        "sha512" => &digest::SHA512,
        _ => return Err("Digest method not supported"),
    };
    Ok(digest::digest(algorithm, data).as_ref().to_vec())
}

fn keyed(name: &str, key: &[u8], data: &[u8]) -> Result<Vec<u8>, Refused> {
    let algorithm = match name {
        "md5" => {
            let mut mac = ::hmac::Hmac::<Md5>::new_from_slice(key).map_err(|_| "Invalid key length")?;
            mac.update(data);
            return Ok(mac.finalize().into_bytes().to_vec());
        }
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha224" => hmac::HMAC_SHA224,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return Err("Invalid digest"),
    };
    Ok(hmac::sign(&hmac::Key::new(algorithm, key), data).as_ref().to_vec())
}

/// From the system call: the generator of aws-lc gathers entropy for 40 ms when a process first asks it.
fn random(length: f64) -> Result<Vec<u8>, Refused> {
    let mut bytes = vec![0; count(length, MOST_RANDOM_BYTES)? as usize];
    getrandom::fill(&mut bytes).map_err(|_| "the system has no randomness")?;
    Ok(bytes)
}
