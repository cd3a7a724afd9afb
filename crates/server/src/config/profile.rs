//! How closely the server follows App Services.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(super) struct ProfileOptions {
    /// Faithful to App Services, or stricter. `strict` does not exist yet and is refused.
    #[arg(long, value_name = "PROFILE", env = "DOORWARD_PROFILE", default_value = "compatible")]
    profile: Profile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// As App Services did it.
    Compatible,
    /// Not in this version.
    Strict,
}

impl ProfileOptions {
    pub(super) fn check(&self) -> Result<()> {
        match self.profile {
            Profile::Compatible => Ok(()),
            Profile::Strict => {
                bail!("the strict profile does not exist yet; leave --profile out, or say --profile compatible")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::config_of;

    #[test]
    fn the_strict_profile_is_refused_until_it_exists() {
        let error = config_of(&["--profile", "strict"]).unwrap_err().to_string();
        assert!(error.starts_with("the strict profile does not exist yet"), "{error}");
    }
}
