//! Landlock: no file, no TCP, no signal and no abstract socket that belongs to somebody else.

use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetError, RulesetStatus, Scope};

/// Handles every right that this version knows and grants none. Says whether the kernel refuses anything because of it.
pub(super) fn apply() -> bool {
    restrict().is_ok_and(|status| status != RulesetStatus::NotEnforced)
}

/// The crate leaves out, by itself, what an older kernel does not know.
fn restrict() -> Result<RulesetStatus, RulesetError> {
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V6))?
        .handle_access(AccessNet::from_all(ABI::V6))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .restrict_self()?;
    Ok(status.ruleset)
}
