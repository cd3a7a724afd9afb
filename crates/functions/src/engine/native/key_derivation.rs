//! PBKDF2 and scrypt, with bounded cost.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;
use rquickjs::{Ctx, Object, TypedArray};

use super::{Bytes, Refused, answer, count, put};

/// Rounds times blocks of output: about a second of one core.
const MOST_ROUNDS: u32 = 700_000;
const LONGEST_OUTPUT: u32 = 4096;
/// What scrypt may allocate: the default of Node, and twice what its default parameters need.
const MOST_MEMORY: u64 = 32 << 20;
/// What scrypt may compute, in bytes that it fills.
const MOST_WORK: u64 = 128 << 20;

pub(super) fn add<'js>(ctx: &Ctx<'js>, object: &Object<'js>) -> rquickjs::Result<()> {
    put(ctx, object, "pbkdf2", js_pbkdf2)?;
    put(ctx, object, "scrypt", js_scrypt)
}

fn js_pbkdf2(
    ctx: Ctx<'_>,
    name: String,
    password: Bytes,
    salt: Bytes,
    rounds: f64,
    length: f64,
) -> rquickjs::Result<TypedArray<'_, u8>> {
    answer(ctx, derive(&name, &password.0, &salt.0, rounds, length))
}

fn js_scrypt(
    ctx: Ctx<'_>,
    password: Bytes,
    salt: Bytes,
    cost: Vec<f64>,
    length: f64,
) -> rquickjs::Result<TypedArray<'_, u8>> {
    answer(ctx, scrypt(&password.0, &salt.0, &cost, length))
}

fn derive(name: &str, password: &[u8], salt: &[u8], rounds: f64, length: f64) -> Result<Vec<u8>, Refused> {
    let (algorithm, block) = match name {
        "sha1" => (pbkdf2::PBKDF2_HMAC_SHA1, 20),
        "sha256" => (pbkdf2::PBKDF2_HMAC_SHA256, 32),
        "sha384" => (pbkdf2::PBKDF2_HMAC_SHA384, 48),
        "sha512" => (pbkdf2::PBKDF2_HMAC_SHA512, 64),
        _ => return Err("Invalid digest"),
    };
    let length = count(length, LONGEST_OUTPUT)?;
    let rounds = NonZeroU32::new(count(rounds, MOST_ROUNDS)?).ok_or("the iterations must be positive")?;
    if rounds.get().saturating_mul(length.div_ceil(block)) > MOST_ROUNDS {
        return Err("too many iterations for a function");
    }
    let mut output = vec![0; length as usize];
    if length > 0 {
        pbkdf2::derive(algorithm, rounds, salt, password, &mut output);
    }
    Ok(output)
}

fn scrypt(password: &[u8], salt: &[u8], cost: &[f64], length: f64) -> Result<Vec<u8>, Refused> {
    let &[n, r, p] = cost else {
        return Err("Invalid scrypt params");
    };
    let (n, r, p) = (count(n, 1 << 24)?, count(r, 1024)?, count(p, 64)?);
    let length = count(length, LONGEST_OUTPUT)?;
    if n < 2 || !n.is_power_of_two() {
        return Err("Invalid scrypt params");
    }
    let memory = 128 * u64::from(n) * u64::from(r);
    if memory > MOST_MEMORY || memory * u64::from(p) > MOST_WORK {
        return Err("Invalid scrypt params: memory limit exceeded");
    }
    let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| "Invalid scrypt params")?;
    let parameters = ::scrypt::Params::new(log_n, r, p).map_err(|_| "Invalid scrypt params")?;
    let mut output = vec![0; length as usize];
    if length > 0 {
        ::scrypt::scrypt(password, salt, &parameters, &mut output).map_err(|_| "Invalid scrypt params")?;
    }
    Ok(output)
}
