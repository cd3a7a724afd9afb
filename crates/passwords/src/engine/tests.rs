//! What every engine of this build must do alike.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordVerifier, Version};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use zeroize::Zeroizing;

use super::*;
use crate::phc;

/// A recipe with a salt that does not matter.
pub(crate) fn recipe(password: &[u8], parameters: Parameters) -> Recipe {
    phc::recipe(password, [0x5a; 16], parameters)
}

/// A candidate whose hashers are changed by `wrap`.
pub(crate) fn wrapped(
    engine: Engine,
    wrap: impl Fn(Box<dyn Hasher>) -> Box<dyn Hasher> + Send + Sync + 'static,
) -> Candidate {
    let inner = candidates().pop().unwrap().hasher;
    Candidate {
        engine,
        hasher: Arc::new(move |block| wrap(inner(block))),
    }
}

/// An engine with a bug in one bit.
struct Lying(Box<dyn Hasher>);

impl Hasher for Lying {
    fn tag(&mut self, recipe: &Recipe) -> Result<Tag, HasherError> {
        let mut tag = self.0.tag(recipe)?;
        tag[31] ^= 1;
        Ok(tag)
    }
}

/// An engine that is only wrong about hashes of so many lanes.
struct WrongWithLanes(u32, Box<dyn Hasher>);

impl Hasher for WrongWithLanes {
    fn tag(&mut self, recipe: &Recipe) -> Result<Tag, HasherError> {
        let mut tag = self.1.tag(recipe)?;
        tag[0] ^= u8::from(recipe.parameters.lanes == self.0);
        Ok(tag)
    }
}

struct Broken;

impl Hasher for Broken {
    fn tag(&mut self, _recipe: &Recipe) -> Result<Tag, HasherError> {
        panic!("an engine that panics in a test")
    }
}

const SMALL: Parameters = Parameters {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};

fn hashers(block: Parameters) -> Vec<(Engine, Box<dyn Hasher>)> {
    candidates()
        .into_iter()
        .map(|candidate| (candidate.engine, (candidate.hasher)(block)))
        .collect()
}

#[test]
fn both_engines_are_built_unless_a_feature_says_otherwise() {
    let engines: Vec<String> = candidates()
        .iter()
        .map(|candidate| candidate.engine.to_string())
        .collect();
    if cfg!(feature = "argon2-only") {
        assert_eq!(engines, ["argon2"]);
    } else {
        assert_eq!(engines, ["argon2-rust", "argon2"]);
    }
}

#[test]
fn every_engine_computes_the_known_answers() {
    for (engine, mut hasher) in hashers(SMALL) {
        for (recipe, tag) in [known_answer::rfc_9106(), known_answer::one_lane()] {
            assert_eq!(*hasher.tag(&recipe).unwrap(), tag, "{engine}");
        }
    }
}

#[test]
fn the_known_answer_of_ours_is_what_the_argon2_crate_says() {
    let (recipe, tag) = known_answer::one_lane();
    let Parameters {
        memory_kib,
        passes,
        lanes,
    } = recipe.parameters;
    let params = Params::new(memory_kib, passes, lanes, Some(32)).unwrap();
    let mut out = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(&recipe.password, &recipe.salt, &mut out)
        .unwrap();
    assert_eq!(out, tag);
}

/// RFC 9106, sections 5.1 and 5.2. The engines only ever make Argon2id; a crate that is wrong about the other two is
/// wrong about something they share.
#[cfg(not(feature = "argon2-only"))]
#[test]
fn argon2_rust_computes_the_other_vectors_of_the_rfc() {
    use argon2_rust::{Algorithm, Argon2, Params, Version, params};
    const ARGON2D: [u8; 32] = [
        0x51, 0x2b, 0x39, 0x1b, 0x6f, 0x11, 0x62, 0x97, 0x53, 0x71, 0xd3, 0x09, 0x19, 0x73, 0x42, 0x94, 0xf8, 0x68,
        0xe3, 0xbe, 0x39, 0x84, 0xf3, 0xc1, 0xa1, 0x3a, 0x4d, 0xb9, 0xfa, 0xbe, 0x4a, 0xcb,
    ];
    const ARGON2I: [u8; 32] = [
        0xc8, 0x14, 0xd9, 0xd1, 0xdc, 0x7f, 0x37, 0xaa, 0x13, 0xf0, 0xd7, 0x7f, 0x24, 0x94, 0xbd, 0xa1, 0xc8, 0xde,
        0x6b, 0x01, 0x6d, 0xd3, 0x88, 0xd2, 0x99, 0x52, 0xa4, 0xc4, 0x67, 0x2b, 0x6c, 0xe8,
    ];
    let params = Params::builder()
        .memory(params::Memory::kib(32))
        .passes(3)
        .lanes(4)
        .build()
        .unwrap();
    for (algorithm, expected) in [(Algorithm::Argon2d, ARGON2D), (Algorithm::Argon2i, ARGON2I)] {
        let argon2 = Argon2::new(algorithm, Version::V0x13, params);
        assert_eq!(
            argon2.hash_with_ad(&[1; 32], &[2; 16], &[3; 8], &[4; 12]).unwrap(),
            expected
        );
    }
}

#[test]
fn the_engines_agree_on_random_inputs() {
    let mut random = StdRng::seed_from_u64(9106);
    // The same hashers throughout, so that a block which remembers its last hash would show.
    let mut hashers = hashers(Parameters {
        memory_kib: 512,
        passes: 1,
        lanes: 1,
    });
    for round in 0..1000 {
        let lanes = random.random_range(1..=4);
        let parameters = Parameters {
            // Up to twice the block, so that some hashes need memory of their own.
            memory_kib: random.random_range(8 * lanes..=1024),
            passes: random.random_range(1..=4),
            lanes,
        };
        let mut password = vec![0; random.random_range(0..=600)];
        random.fill_bytes(&mut password);
        if let Some(byte) = password.first_mut() {
            *byte = 0;
        }
        let mut salt = vec![0; random.random_range(8..=48)];
        random.fill_bytes(&mut salt);
        let version = if random.random_bool(0.8) {
            Version::V0x13
        } else {
            Version::V0x10
        };
        let tag_len = random.random_range(10..=64);
        let params = Params::new(parameters.memory_kib, parameters.passes, lanes, Some(tag_len)).unwrap();
        let mut expected = vec![0; tag_len];
        Argon2::new(Algorithm::Argon2id, version, params)
            .hash_password_into(&password, &salt, &mut expected)
            .unwrap();
        let password = Zeroizing::new(password);
        let recipe = Recipe {
            password,
            salt,
            secret: &[],
            associated: &[],
            version,
            parameters,
            tag_len,
        };
        for (engine, hasher) in &mut hashers {
            assert_eq!(
                *hasher.tag(&recipe).unwrap(),
                expected,
                "{engine}, round {round}: {parameters:?}"
            );
        }
    }
}

#[test]
fn the_engines_agree_at_the_default_parameters() {
    let recipe = recipe(b"correct horse battery staple", Parameters::default());
    let mut tags = hashers(Parameters::default())
        .into_iter()
        .map(|(_, mut hasher)| hasher.tag(&recipe).unwrap());
    let first = tags.next().unwrap();
    let phc = phc::write([0x5a; 16], recipe.parameters, &first).unwrap();
    assert!(tags.all(|tag| tag == first));
    Argon2::default()
        .verify_password(&recipe.password, &PasswordHash::new(&phc).unwrap())
        .unwrap();
}

/// No truncation at 72 bytes or at a NUL, and no byte that does not count.
#[test]
fn s02_every_changed_byte_changes_the_tag() {
    let parameters = Parameters {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };
    for (engine, mut hasher) in hashers(parameters) {
        let mut tag = |password: &[u8]| hasher.tag(&recipe(password, parameters)).unwrap();
        let password: Vec<u8> = (0..200).map(|index| if index % 5 == 0 { 0 } else { index }).collect();
        let right = tag(&password);
        for index in 0..password.len() {
            let mut other = password.clone();
            other[index] ^= 1;
            assert_ne!(tag(&other), right, "{engine}: byte {index}");
            assert_ne!(tag(&password[..index]), right, "{engine}: the first {index} bytes");
        }
        assert_ne!(tag(&[&password[..], &[0]].concat()), right, "{engine}: a NUL more");
    }
}

#[test]
fn a_wrong_engine_is_passed_over() {
    for wrong in [
        wrapped(Engine::Argon2Rust, |inner| Box::new(Lying(inner))),
        wrapped(Engine::Argon2Rust, |inner| Box::new(WrongWithLanes(1, inner))),
        wrapped(Engine::Argon2Rust, |inner| Box::new(WrongWithLanes(4, inner))),
        wrapped(Engine::Argon2Rust, |_| Box::new(Broken)),
    ] {
        let sound = wrapped(Engine::Argon2, |inner| inner);
        let (chosen, _) = choose(vec![wrong.clone(), sound]).unwrap();
        assert_eq!(chosen.engine, Engine::Argon2);
        assert!(matches!(choose(vec![wrong]), Err(PoolError::NoEngine)));
    }
}

#[test]
fn the_best_engine_is_chosen_when_it_is_right() {
    let (chosen, _) = choose(candidates()).unwrap();
    assert_eq!(chosen.engine, candidates()[0].engine);
}
