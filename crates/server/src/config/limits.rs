//! Limits on what strangers can cause.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use doorward_core::{Bucket, Limit, LimitSettings, LimitTable};

use super::arg_ext::{Amount, ArgExt as _, Limits};
use super::values::Span;

#[derive(Debug, Args)]
pub(crate) struct LimitOptions {
    /// Whether clients are limited in what they can cause.
    #[arg(long, value_name = "SWITCH", env = "DOORWARD_LIMITS", default_value = "on")]
    limits: Switch,

    /// Mails with a link to one recipient, for each purpose.
    ///
    /// `5/12m` means that five are possible at once, and one more every 12 minutes.
    #[arg(
        long,
        value_name = "BUCKET",
        env = "DOORWARD_LIMITS_MAILS_TO_RECIPIENT",
        default_value_t = Permits::usual(Limit::MailsToRecipient),
        limits = Limits::of_permits()
    )]
    limits_mails_to_recipient: Permits,

    /// Failed logins of an account.
    ///
    /// After 100 in a row there is one every 15 minutes, until a login succeeds. A network from which somebody has
    /// logged in to the account within 30 days has a bucket of its own for it.
    #[arg(
        long,
        value_name = "BUCKET",
        env = "DOORWARD_LIMITS_FAILED_LOGINS_OF_ACCOUNT",
        default_value_t = Permits::usual(Limit::FailedLoginsOfAccount),
        limits = Limits::of_permits()
    )]
    limits_failed_logins_of_account: Permits,

    /// Calls of the confirmation or reset function for an account.
    #[arg(
        long,
        value_name = "BUCKET",
        env = "DOORWARD_LIMITS_FUNCTION_CALLS_FOR_ACCOUNT",
        default_value_t = Permits::usual(Limit::FunctionCallsForAccount),
        limits = Limits::of_permits()
    )]
    limits_function_calls_for_account: Permits,

    /// Mails with a link that a network asks for, on each node.
    ///
    /// A network is an IPv4 address, or the first 64 bits of an IPv6 address.
    #[arg(
        long,
        value_name = "BUCKET",
        env = "DOORWARD_LIMITS_MAILS_OF_NETWORK",
        default_value_t = Permits::usual(Limit::MailsOfNetwork),
        limits = Limits::of_permits()
    )]
    limits_mails_of_network: Permits,

    /// Failed logins of a network, by any provider, on each node.
    #[arg(
        long,
        value_name = "BUCKET",
        env = "DOORWARD_LIMITS_FAILED_LOGINS_OF_NETWORK",
        default_value_t = Permits::usual(Limit::FailedLoginsOfNetwork),
        limits = Limits::of_permits()
    )]
    limits_failed_logins_of_network: Permits,

    /// Registrations of a network, on each node.
    #[arg(
        long,
        value_name = "BUCKET",
        env = "DOORWARD_LIMITS_REGISTRATIONS_OF_NETWORK",
        default_value_t = Permits::usual(Limit::RegistrationsOfNetwork),
        limits = Limits::of_permits()
    )]
    limits_registrations_of_network: Permits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    /// They are.
    On,
    /// They are not.
    Off,
}

/// A bucket as people write it: its burst, and the time until there is one more permit.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
struct Permits {
    burst: u32,
    refill: Span,
}

/// A text that describes no bucket.
#[derive(Debug, thiserror::Error)]
#[error("a bucket is a number and a duration, such as 5/12m")]
struct NoBucket;

impl LimitOptions {
    /// The limits of the flows. Behind a trusted proxy a private address is that of a client.
    pub(super) fn settings(&self, trusts_a_proxy: bool) -> LimitSettings {
        let mut table = LimitTable::default();
        for limit in Limit::ALL {
            table.set(limit, self.of(limit).bucket());
        }
        LimitSettings {
            on: self.limits == Switch::On,
            table,
            private_networks: trusts_a_proxy,
            ..LimitSettings::default()
        }
    }

    fn of(&self, limit: Limit) -> Permits {
        match limit {
            Limit::MailsToRecipient => self.limits_mails_to_recipient,
            Limit::FailedLoginsOfAccount => self.limits_failed_logins_of_account,
            Limit::FunctionCallsForAccount => self.limits_function_calls_for_account,
            Limit::MailsOfNetwork => self.limits_mails_of_network,
            Limit::FailedLoginsOfNetwork => self.limits_failed_logins_of_network,
            Limit::RegistrationsOfNetwork => self.limits_registrations_of_network,
        }
    }
}

impl Permits {
    fn usual(limit: Limit) -> Self {
        let Bucket { burst, refill } = LimitTable::default().of(limit);
        Self {
            burst,
            refill: Span(refill),
        }
    }

    fn bucket(self) -> Bucket {
        Bucket {
            burst: self.burst,
            refill: self.refill.0,
        }
    }
}

impl FromStr for Permits {
    type Err = NoBucket;

    fn from_str(text: &str) -> Result<Self, NoBucket> {
        let (burst, refill) = text.split_once('/').ok_or(NoBucket)?;
        Ok(Self {
            burst: burst.trim().parse().map_err(|_| NoBucket)?,
            refill: refill.trim().parse().map_err(|_| NoBucket)?,
        })
    }
}

impl fmt::Display for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.burst, self.refill)
    }
}

impl Amount for Permits {
    fn is_between(&self, least: &Self, most: Option<&Self>) -> bool {
        let most = most.unwrap_or(self);
        (least.burst..=most.burst).contains(&self.burst) && (least.refill..=most.refill).contains(&self.refill)
    }
}

impl Limits<Permits> {
    fn of_permits() -> Self {
        let permits = |burst, refill| Permits {
            burst,
            refill: Span(refill),
        };
        let least = permits(1, Duration::from_millis(1));
        Self::from_to(least, permits(1_000_000, Duration::from_hours(24)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::config::config_of;

    #[test]
    fn limits_are_on_and_have_the_buckets_of_the_flows() {
        let settings = config_of(&[]).unwrap().settings().limits;
        assert!(settings.on);
        for limit in Limit::ALL {
            assert_eq!(settings.table.of(limit), LimitTable::default().of(limit), "{limit:?}");
        }
        assert!(!config_of(&["--limits", "off"]).unwrap().settings().limits.on);
    }

    #[test]
    fn every_limit_has_an_option_with_its_name() {
        for limit in Limit::ALL {
            let option = format!("--limits-{}", limit.as_str());
            let settings = config_of(&[&option, "3/7s"]).unwrap().settings().limits;
            let changed = Bucket {
                burst: 3,
                refill: Duration::from_secs(7),
            };
            assert_eq!(settings.table.of(limit), changed, "{option}");
        }
    }

    #[test]
    fn limits_stand_in_a_table_of_the_configuration_file() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"[limits]\nmails-of-network = \"3/7s\"\n").unwrap();
        let config = config_of(&["--config", file.path().to_str().unwrap()]).unwrap();
        assert_eq!(config.settings().limits.table.of(Limit::MailsOfNetwork).burst, 3);
    }

    #[test]
    fn a_bucket_is_a_number_and_a_duration() {
        for refused in ["", "5", "5/", "/12m", "0/12m", "5/0s", "5/25h", "-1/12m", "1000001/1s"] {
            let options = ["--limits-mails-of-network", refused];
            assert!(config_of(&options).is_err(), "{refused}");
        }
    }

    #[test]
    fn private_addresses_are_networks_only_behind_a_trusted_proxy() {
        assert!(!config_of(&[]).unwrap().settings().limits.private_networks);
        let behind_proxy = config_of(&["--trusted-proxy", "10.0.0.0/8"]).unwrap();
        assert!(behind_proxy.settings().limits.private_networks);
    }
}
