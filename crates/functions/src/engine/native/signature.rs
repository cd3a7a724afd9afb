//! RSA and ECDSA signatures with keys in PEM.
//!
//! aws-lc blinds its private-key operations with its own random generator, so the first signature in a process takes
//! the 40 ms in which that generator gathers entropy. It also signs with no RSA key below 2048 bits and not with SHA-1.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature as s;
use aws_lc_rs::signature::{EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair, UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rquickjs::{Ctx, Exception, Object, TypedArray};

use super::{Bytes, Refused, answer, put};

/// An RSA key of 8192 bits in PEM has less than a half of this.
const LONGEST_KEY: usize = 16 << 10;
const BAD_KEY: Refused = "the key cannot be read: PEM with PKCS#1, PKCS#8, SEC1 or SPKI is expected";
const UNSUPPORTED: Refused = "the key and the digest do not go together here";

pub(super) fn add<'js>(ctx: &Ctx<'js>, object: &Object<'js>) -> rquickjs::Result<()> {
    put(ctx, object, "sign", js_sign)?;
    put(ctx, object, "verify", js_verify)
}

fn js_sign(
    ctx: Ctx<'_>,
    scheme: String,
    hash: String,
    pem: String,
    data: Bytes,
) -> rquickjs::Result<TypedArray<'_, u8>> {
    answer(ctx, sign(&scheme, &hash, &pem, &data.0))
}

fn js_verify(
    ctx: Ctx<'_>,
    scheme: String,
    hash: String,
    pem: String,
    data: Bytes,
    signature: Bytes,
) -> rquickjs::Result<bool> {
    verify(&scheme, &hash, &pem, &data.0, &signature.0).map_err(|refused| Exception::throw_message(&ctx, refused))
}

/// What the label of a PEM block says about its content.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Pkcs8,
    RsaPrivate,
    EcPrivate,
    Public,
}

enum Private {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair, Curve),
}

#[derive(Clone, Copy)]
enum Curve {
    P256,
    P384,
    P521,
}

const CURVES: [Curve; 3] = [Curve::P256, Curve::P384, Curve::P521];

/// The first key in the text; other blocks, such as curve parameters, are passed over.
fn read(pem: &str) -> Result<(Form, Vec<u8>), Refused> {
    if pem.len() > LONGEST_KEY {
        return Err(BAD_KEY);
    }
    for block in pem.split("-----BEGIN ").skip(1) {
        let (label, rest) = block.split_once("-----").ok_or(BAD_KEY)?;
        let form = match label {
            "PRIVATE KEY" => Form::Pkcs8,
            "RSA PRIVATE KEY" => Form::RsaPrivate,
            "EC PRIVATE KEY" => Form::EcPrivate,
            "PUBLIC KEY" | "RSA PUBLIC KEY" => Form::Public,
            _ => continue,
        };
        let (body, _) = rest.split_once("-----END ").ok_or(BAD_KEY)?;
        let body: String = body.split_ascii_whitespace().collect();
        return Ok((form, BASE64_STANDARD.decode(body).map_err(|_| BAD_KEY)?));
    }
    Err(BAD_KEY)
}

fn private(form: Form, der: &[u8]) -> Result<Private, Refused> {
    let rsa = match form {
        Form::Pkcs8 => RsaKeyPair::from_pkcs8(der).ok(),
        Form::RsaPrivate => RsaKeyPair::from_der(der).ok(),
        Form::EcPrivate | Form::Public => None,
    };
    if let Some(key) = rsa {
        return Ok(Private::Rsa(key));
    }
    for curve in CURVES {
        let any = curve.signing("ecdsa-der", curve.own_hash())?;
        let key = match form {
            Form::Pkcs8 => EcdsaKeyPair::from_pkcs8(any, der).ok(),
            Form::EcPrivate => EcdsaKeyPair::from_private_key_der(any, der).ok(),
            Form::RsaPrivate | Form::Public => None,
        };
        if let Some(key) = key {
            return Ok(Private::Ec(key, curve));
        }
    }
    Err(BAD_KEY)
}

impl Curve {
    fn own_hash(self) -> &'static str {
        match self {
            Self::P256 => "sha256",
            Self::P384 => "sha384",
            Self::P521 => "sha512",
        }
    }

    fn signing(self, scheme: &str, hash: &str) -> Result<&'static EcdsaSigningAlgorithm, Refused> {
        Ok(match (self, scheme, hash) {
            (Self::P256, "ecdsa-der", "sha256") => &s::ECDSA_P256_SHA256_ASN1_SIGNING,
            (Self::P384, "ecdsa-der", "sha384") => &s::ECDSA_P384_SHA384_ASN1_SIGNING,
            (Self::P521, "ecdsa-der", "sha256") => &s::ECDSA_P521_SHA256_ASN1_SIGNING,
            (Self::P521, "ecdsa-der", "sha384") => &s::ECDSA_P521_SHA384_ASN1_SIGNING,
            (Self::P521, "ecdsa-der", "sha512") => &s::ECDSA_P521_SHA512_ASN1_SIGNING,
            (Self::P256, "ecdsa-fixed", "sha256") => &s::ECDSA_P256_SHA256_FIXED_SIGNING,
            (Self::P384, "ecdsa-fixed", "sha384") => &s::ECDSA_P384_SHA384_FIXED_SIGNING,
            (Self::P521, "ecdsa-fixed", "sha512") => &s::ECDSA_P521_SHA512_FIXED_SIGNING,
            _ => return Err(UNSUPPORTED),
        })
    }

    fn verifying(self, scheme: &str, hash: &str) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match (self, scheme, hash) {
            (Self::P256, "ecdsa-der", "sha256") => &s::ECDSA_P256_SHA256_ASN1,
            (Self::P256, "ecdsa-der", "sha384") => &s::ECDSA_P256_SHA384_ASN1,
            (Self::P256, "ecdsa-der", "sha512") => &s::ECDSA_P256_SHA512_ASN1,
            (Self::P384, "ecdsa-der", "sha256") => &s::ECDSA_P384_SHA256_ASN1,
            (Self::P384, "ecdsa-der", "sha384") => &s::ECDSA_P384_SHA384_ASN1,
            (Self::P384, "ecdsa-der", "sha512") => &s::ECDSA_P384_SHA512_ASN1,
            (Self::P521, "ecdsa-der", "sha256") => &s::ECDSA_P521_SHA256_ASN1,
            (Self::P521, "ecdsa-der", "sha384") => &s::ECDSA_P521_SHA384_ASN1,
            (Self::P521, "ecdsa-der", "sha512") => &s::ECDSA_P521_SHA512_ASN1,
            (Self::P256, "ecdsa-fixed", "sha256") => &s::ECDSA_P256_SHA256_FIXED,
            (Self::P384, "ecdsa-fixed", "sha384") => &s::ECDSA_P384_SHA384_FIXED,
            (Self::P521, "ecdsa-fixed", "sha512") => &s::ECDSA_P521_SHA512_FIXED,
            _ => return None,
        })
    }
}

/// The scheme for RSA is `pkcs1` or `pss`, for ECDSA `ecdsa-der` or `ecdsa-fixed`. Callers that take whatever the key
/// is give both, as in `pkcs1 ecdsa-der`; a caller that gives one cannot be talked into the other by the key.
fn pick<'a>(schemes: &'a str, wanted: &str) -> Result<&'a str, Refused> {
    schemes
        .split(' ')
        .find(|scheme| scheme.starts_with(wanted))
        .ok_or(UNSUPPORTED)
}

fn sign(schemes: &str, hash: &str, pem: &str, data: &[u8]) -> Result<Vec<u8>, Refused> {
    let random = SystemRandom::new();
    let (form, der) = read(pem)?;
    match private(form, &der)? {
        Private::Rsa(key) => {
            let padding: &'static dyn s::RsaEncoding = match (pick(schemes, "p")?, hash) {
                ("pkcs1", "sha256") => &s::RSA_PKCS1_SHA256,
                ("pkcs1", "sha384") => &s::RSA_PKCS1_SHA384,
                ("pkcs1", "sha512") => &s::RSA_PKCS1_SHA512,
                ("pss", "sha256") => &s::RSA_PSS_SHA256,
                ("pss", "sha384") => &s::RSA_PSS_SHA384,
                ("pss", "sha512") => &s::RSA_PSS_SHA512,
                _ => return Err(UNSUPPORTED),
            };
            let mut signature = vec![0; key.public_modulus_len()];
            key.sign(padding, &random, data, &mut signature)
                .map_err(|_| UNSUPPORTED)?;
            Ok(signature)
        }
        Private::Ec(_, curve) => {
            let algorithm = curve.signing(pick(schemes, "ecdsa")?, hash)?;
            let key = if form == Form::Pkcs8 {
                EcdsaKeyPair::from_pkcs8(algorithm, &der)
            } else {
                EcdsaKeyPair::from_private_key_der(algorithm, &der)
            };
            let signature = key.map_err(|_| BAD_KEY)?.sign(&random, data).map_err(|_| UNSUPPORTED)?;
            Ok(signature.as_ref().to_vec())
        }
    }
}

fn verify(schemes: &str, hash: &str, pem: &str, data: &[u8], signature: &[u8]) -> Result<bool, Refused> {
    let (form, der) = read(pem)?;
    // Node takes the private key here as well, and means its public half.
    let public = match form {
        Form::Public => der,
        _ => match private(form, &der)? {
            Private::Rsa(key) => key.public_key().as_ref().to_vec(),
            Private::Ec(key, _) => key.public_key().as_ref().to_vec(),
        },
    };
    let rsa: Option<&'static dyn VerificationAlgorithm> = match (pick(schemes, "p").unwrap_or_default(), hash) {
        ("pkcs1", "sha1") => Some(&s::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
        ("pkcs1", "sha256") => Some(&s::RSA_PKCS1_2048_8192_SHA256),
        ("pkcs1", "sha384") => Some(&s::RSA_PKCS1_2048_8192_SHA384),
        ("pkcs1", "sha512") => Some(&s::RSA_PKCS1_2048_8192_SHA512),
        ("pss", "sha256") => Some(&s::RSA_PSS_2048_8192_SHA256),
        ("pss", "sha384") => Some(&s::RSA_PSS_2048_8192_SHA384),
        ("pss", "sha512") => Some(&s::RSA_PSS_2048_8192_SHA512),
        _ => None,
    };
    let ecdsa = pick(schemes, "ecdsa").unwrap_or_default();
    let curves = CURVES.iter().filter_map(|curve| curve.verifying(ecdsa, hash));
    let candidates: Vec<_> = rsa.into_iter().chain(curves).collect();
    if candidates.is_empty() {
        return Err(UNSUPPORTED);
    }
    // A key belongs to one algorithm, and the others refuse to read it.
    Ok(candidates
        .into_iter()
        .any(|it| UnparsedPublicKey::new(it, &public).verify(data, signature).is_ok()))
}
