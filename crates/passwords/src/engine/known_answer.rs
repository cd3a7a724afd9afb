//! Two hashes that every engine must compute correctly before it gets a password.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use argon2::Version;
use zeroize::Zeroizing;

use super::{Candidate, Recipe};
use crate::Parameters;
use crate::pace::Pace;

/// Checks a candidate in well under a millisecond. Returns its pace, or `None` if it is wrong, refuses or panics.
pub(super) fn check(candidate: &Candidate) -> Option<Pace> {
    catch_unwind(AssertUnwindSafe(|| {
        let (one_lane, one_lane_tag) = one_lane();
        let (four_lanes, four_lanes_tag) = rfc_9106();
        let work = one_lane.parameters.work();
        let mut hasher = (candidate.hasher)(one_lane.parameters);
        if *hasher.tag(&four_lanes).ok()? != four_lanes_tag {
            return None;
        }
        let started = Instant::now();
        let tag = hasher.tag(&one_lane).ok()?;
        let pace = Pace::guess(work, started.elapsed());
        (*tag == one_lane_tag).then_some(pace)
    }))
    .ok()
    .flatten()
}

/// The Argon2id vector of RFC 9106, section 5.3: four lanes, with a secret and associated data.
pub(super) fn rfc_9106() -> (Recipe, [u8; 32]) {
    let recipe = Recipe {
        password: Zeroizing::new(vec![1; 32]),
        salt: vec![2; 16],
        secret: &[3; 8],
        associated: &[4; 12],
        version: Version::V0x13,
        parameters: Parameters {
            memory_kib: 32,
            passes: 3,
            lanes: 4,
        },
        tag_len: 32,
    };
    let tag = [
        0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53, 0xc9, 0xd0, 0x1e,
        0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59,
    ];
    (recipe, tag)
}

/// One lane and two passes, as in use, computed with the `argon2` crate 0.6.0. The memory is not a multiple of four
/// blocks and takes more than one block of addresses in a segment; the password is longer than a block of `BLAKE2b`.
pub(super) fn one_lane() -> (Recipe, [u8; 32]) {
    let recipe = Recipe {
        password: Zeroizing::new((0..200).collect()),
        salt: (100..116).collect(),
        secret: &[],
        associated: &[],
        version: Version::V0x13,
        parameters: Parameters {
            memory_kib: 601,
            passes: 2,
            lanes: 1,
        },
        tag_len: 32,
    };
    let tag = [
        0x88, 0x57, 0x4b, 0xb2, 0xb7, 0xfe, 0xb8, 0x75, 0xaa, 0x74, 0xf4, 0x74, 0x6f, 0x56, 0xfd, 0xbb, 0x9d, 0x2e,
        0x49, 0x3f, 0xc5, 0x80, 0x5f, 0x28, 0x5f, 0x60, 0xa1, 0x16, 0x81, 0x93, 0xfa, 0xf6,
    ];
    (recipe, tag)
}
