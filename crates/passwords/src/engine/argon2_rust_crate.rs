//! The `argon2-rust` crate. It wipes its memory after each hash, when an error or a panic ends one, and when dropped.

use argon2_rust::params::{Memory, TagLen};
use argon2_rust::{Algorithm, Argon2, Error, Params, Version};
use zeroize::Zeroizing;

use super::{Hasher, HasherError, Recipe, Tag};
use crate::Parameters;

pub(super) struct Reusing {
    block_kib: u32,
    /// Made with the first recipe, since it cannot be made without parameters.
    hasher: Option<argon2_rust::Hasher>,
}

impl Reusing {
    pub(super) fn new(block: Parameters) -> Self {
        Self {
            block_kib: block.memory_kib,
            hasher: None,
        }
    }
}

impl Hasher for Reusing {
    fn tag(&mut self, recipe: &Recipe) -> Result<Tag, HasherError> {
        let argon2 = argon2(recipe)?;
        let Recipe {
            password,
            salt,
            secret,
            associated,
            ..
        } = recipe;
        let mut tag = Zeroizing::new(vec![0; recipe.tag_len]);
        if recipe.parameters.memory_kib > self.block_kib {
            argon2.hash_into_with_ad(password, salt, secret, associated, &mut tag)
        } else {
            let hasher = self.hasher.get_or_insert_with(|| argon2.hasher());
            hasher.set_argon2(argon2);
            hasher.hash_into_with_ad(password, salt, secret, associated, &mut tag)
        }
        .map_err(hasher_error)?;
        Ok(tag)
    }
}

fn argon2(recipe: &Recipe) -> Result<Argon2, HasherError> {
    let version = Version::from_u32(recipe.version.into()).ok_or(HasherError::Refused)?;
    let params = Params::builder()
        .memory(Memory::kib(recipe.parameters.memory_kib.into()))
        .passes(recipe.parameters.passes)
        .lanes(recipe.parameters.lanes)
        // The pool has a thread for each core already, and a stored hash must not be able to start more.
        .threads(1)
        .tag_len(TagLen::bytes(recipe.tag_len as u64))
        .build()
        .map_err(hasher_error)?;
    Ok(Argon2::new(Algorithm::Argon2id, version, params))
}

fn hasher_error(error: Error) -> HasherError {
    match error {
        Error::MemoryAllocationError => HasherError::OutOfMemory,
        _ => HasherError::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::recipe;

    #[test]
    fn memory_is_allocated_late_reused_and_never_grows_beyond_the_block() {
        let mut hasher = Reusing::new(Parameters {
            memory_kib: 64,
            passes: 1,
            lanes: 1,
        });
        let mut held = |memory_kib| {
            hasher
                .tag(&recipe(
                    b"password",
                    Parameters {
                        memory_kib,
                        passes: 1,
                        lanes: 1,
                    },
                ))
                .unwrap();
            hasher.hasher.as_ref().map(argon2_rust::Hasher::reserved_blocks)
        };
        assert_eq!(held(128), None);
        assert_eq!(held(16), Some(16));
        assert_eq!(held(64), Some(64));
        assert_eq!(held(8), Some(64));
        assert_eq!(held(128), Some(64));
    }
}
