//! Landlock: no file, no TCP, no signal to another process and no abstract socket of one.

use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetError, RulesetStatus, Scope};

/// Grants none of the rights that this version of Landlock knows. Returns whether the kernel enforces any of it.
pub(super) fn apply() -> bool {
    restrict().is_ok_and(|status| status != RulesetStatus::NotEnforced)
}

/// The crate leaves out what an older kernel does not know.
fn restrict() -> Result<RulesetStatus, RulesetError> {
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V6))?
        .handle_access(AccessNet::from_all(ABI::V6))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .restrict_self()?;
    Ok(status.ruleset)
}
