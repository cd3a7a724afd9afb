//! The `argon2` crate, with its memory reused.

use argon2::{Algorithm, Argon2, AssociatedData, Block, ParamsBuilder};
use zeroize::{Zeroize, Zeroizing};

use super::{Hasher, HasherError, Recipe, Tag};
use crate::Parameters;

pub(super) struct Reusing {
    block_kib: usize,
    block: Memory,
}

impl Reusing {
    pub(super) fn new(block: Parameters) -> Self {
        Self {
            block_kib: kib(block),
            block: Memory(Vec::new()),
        }
    }
}

impl Hasher for Reusing {
    fn tag(&mut self, recipe: &Recipe) -> Result<Tag, HasherError> {
        let needed = kib(recipe.parameters);
        if needed > self.block_kib {
            return fill(recipe, &mut Memory::allocate(needed)?);
        }
        if self.block.0.is_empty() {
            self.block = Memory::allocate(self.block_kib)?;
        }
        fill(recipe, &mut self.block)
    }
}

fn fill(recipe: &Recipe, memory: &mut Memory) -> Result<Tag, HasherError> {
    let params = ParamsBuilder::new()
        .m_cost(recipe.parameters.memory_kib)
        .t_cost(recipe.parameters.passes)
        .p_cost(recipe.parameters.lanes)
        .data(AssociatedData::new(recipe.associated).map_err(|_| HasherError::Refused)?)
        .output_len(recipe.tag_len)
        .build()
        .map_err(|_| HasherError::Refused)?;
    let argon2 = Argon2::new_with_secret(recipe.secret, Algorithm::Argon2id, recipe.version, params)
        .map_err(|_| HasherError::Refused)?;
    let used = &mut memory.0[..kib(recipe.parameters)];
    let mut tag = Zeroizing::new(vec![0; recipe.tag_len]);
    let result = argon2.hash_password_into_with_memory(&recipe.password, &recipe.salt, &mut tag, &mut *used);
    wipe(used);
    result.map(|()| tag).map_err(|_| HasherError::Refused)
}

/// Blocks of 1 KiB, wiped when dropped: a panic skips the wipe after the hash.
struct Memory(Vec<Block>);

impl Memory {
    fn allocate(blocks: usize) -> Result<Self, HasherError> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(blocks).map_err(|_| HasherError::OutOfMemory)?;
        memory.resize(blocks, Block::new());
        Ok(Self(memory))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(blocks: &mut [Block]) {
    for block in blocks {
        block.zeroize();
    }
}

fn kib(parameters: Parameters) -> usize {
    // Bounded to 2²⁰, which fits a `usize` on every platform that this crate supports.
    usize::try_from(parameters.memory_kib).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::recipe;

    #[test]
    fn memory_is_allocated_late_reused_and_wiped() {
        let mut hasher = Reusing::new(Parameters {
            memory_kib: 64,
            passes: 1,
            lanes: 1,
        });
        assert!(hasher.block.0.is_empty());
        let smaller = recipe(
            b"password",
            Parameters {
                memory_kib: 16,
                passes: 1,
                lanes: 1,
            },
        );
        hasher.tag(&smaller).unwrap();
        let address = hasher.block.0.as_ptr();
        assert_eq!(hasher.block.0.len(), 64);
        for memory_kib in [64, 8, 128, 32] {
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
            assert_eq!((hasher.block.0.as_ptr(), hasher.block.0.len()), (address, 64));
            assert!(
                hasher
                    .block
                    .0
                    .iter()
                    .all(|block| block.as_ref().iter().all(|word| *word == 0))
            );
        }
    }
}
