//! The limits there are, and their usual buckets.

use std::time::Duration;

use super::Bucket;

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// Mails with a link to one recipient, for each purpose.
    MailsToRecipient,
    /// Failed logins of an account.
    FailedLoginsOfAccount,
    /// Calls of the confirmation or reset function for an account.
    FunctionCallsForAccount,
    /// Mails with a link that a network asks for.
    MailsOfNetwork,
    /// Failed logins of a network, by any provider.
    FailedLoginsOfNetwork,
    /// Registrations of a network.
    RegistrationsOfNetwork,
}

/// After how many failed logins in a row an account allows only one at each [`TIGHT_REFILL`].
pub(crate) const TIGHT_AFTER: u32 = 100;

/// The pace of an account that has had [`TIGHT_AFTER`] failed logins in a row.
pub(crate) const TIGHT_REFILL: Duration = Duration::from_mins(15);

impl Limit {
    /// All of them, those of accounts and recipients first.
    pub const ALL: [Self; 6] = [
        Self::MailsToRecipient,
        Self::FailedLoginsOfAccount,
        Self::FunctionCallsForAccount,
        Self::MailsOfNetwork,
        Self::FailedLoginsOfNetwork,
        Self::RegistrationsOfNetwork,
    ];

    /// Its name in metrics, in logs and in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MailsToRecipient => "mails-to-recipient",
            Self::FailedLoginsOfAccount => "failed-logins-of-account",
            Self::FunctionCallsForAccount => "function-calls-for-account",
            Self::MailsOfNetwork => "mails-of-network",
            Self::FailedLoginsOfNetwork => "failed-logins-of-network",
            Self::RegistrationsOfNetwork => "registrations-of-network",
        }
    }

    const fn usual(self) -> Bucket {
        let (burst, refill) = match self {
            Self::MailsToRecipient => (5, Duration::from_mins(12)),
            Self::FailedLoginsOfAccount => (10, Duration::from_secs(10)),
            Self::FunctionCallsForAccount => (5, Duration::from_mins(2)),
            Self::MailsOfNetwork => (30, Duration::from_mins(2)),
            Self::FailedLoginsOfNetwork => (100, Duration::from_secs(5)),
            Self::RegistrationsOfNetwork => (20, Duration::from_mins(3)),
        };
        Bucket { burst, refill }
    }
}

/// The bucket of each limit.
#[derive(Debug, Clone)]
pub struct LimitTable([Bucket; Limit::ALL.len()]);

impl LimitTable {
    /// The bucket of a limit.
    pub fn of(&self, limit: Limit) -> Bucket {
        self.0[limit as usize]
    }

    /// Replaces the bucket of a limit.
    pub fn set(&mut self, limit: Limit, bucket: Bucket) {
        self.0[limit as usize] = bucket;
    }
}

impl Default for LimitTable {
    fn default() -> Self {
        Self(Limit::ALL.map(Limit::usual))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_its_own_place_in_the_table() {
        for (place, limit) in Limit::ALL.into_iter().enumerate() {
            assert_eq!(limit as usize, place);
        }
    }
}
