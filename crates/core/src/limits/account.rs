//! The buckets of accounts and recipients, in the database.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::in_flight::Held;
use super::limit::{TIGHT_AFTER, TIGHT_REFILL};
use super::{Limit, LimitKey};
use crate::change::Change;
use crate::store::{Charge, KnownNetwork, Taken};
use crate::{Actor, AppAccounts, EmailAddress, Failure, Purpose, Registration, StoreError, Timestamp};

/// How long a network is known for an account after a login.
pub(super) const KNOWN_FOR: Duration = Duration::from_hours(30 * 24);

/// How often a login writes that its network is known.
const KNOWN_AGAIN: Duration = Duration::from_hours(24);

/// How long failed logins in a row are remembered after the last.
const FAILURES_REMEMBERED: Duration = Duration::from_hours(24);

/// Whether an address has a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registered {
    Yes,
    No,
}

impl Registered {
    /// Whether a registration was found.
    pub(crate) fn of(found: Option<&Registration>) -> Self {
        if found.is_some() { Self::Yes } else { Self::No }
    }
}

/// A permit to try a password of an account. It is spent unless it is given back.
#[must_use]
pub(crate) struct AccountPermit(Option<Permit>);

struct Permit {
    key: LimitKey,
    charge: Charge,
    /// Other logins of the account wait for this one while it lives.
    _held: Held,
    /// The network of the client, if this account does not know it, or has not written so today.
    new_network: Option<KnownNetwork>,
}

impl AccountPermit {
    /// For a login that has no password to try.
    pub(crate) fn none() -> Self {
        Self(None)
    }
}

impl AppAccounts {
    /// Takes a permit to try a password. Where other logins on this node hold the last ones, it waits for them as long
    /// as for a place in the queue of the password pool: their passwords may be right.
    pub(crate) async fn password_permit(
        &self,
        email: &EmailAddress,
        registered: Registered,
    ) -> Result<AccountPermit, Failure> {
        let limit = Limit::FailedLoginsOfAccount;
        if !self.is_limited() {
            return Ok(AccountPermit(None));
        }
        let limits = self.accounts().limits();
        let account = self.limit_key(limit, None, email, registered);
        let (key, new_network) = self.bucket_of_network(account).await?;
        let price = self.charge(limit);
        let patience = Instant::now() + self.queue_deadline();
        loop {
            // Before the bucket is asked, and again after it: who holds a permit may begin or end in between.
            let next_end = limits.in_flight.next_end(&key);
            let taken = self.transact(|| async {
                let mut change = self.begin().await?;
                match change.take_permit(&key, &price, self.now()).await? {
                    Taken::Permit => {
                        let held = limits.in_flight.hold(&key);
                        change.commit().await?;
                        Ok(Ok(held))
                    }
                    Taken::Empty { retry_after } => Ok::<_, StoreError>(Err(retry_after)),
                }
            });
            let retry_after = match taken.await? {
                Ok(held) => {
                    return Ok(AccountPermit(Some(Permit {
                        key,
                        charge: price,
                        _held: held,
                        new_network,
                    })));
                }
                Err(retry_after) => retry_after,
            };
            let waited = match next_end.or_else(|| limits.in_flight.next_end(&key)) {
                // It is an error when the last of them has ended, and then it is worth trying again too.
                Some(mut next_end) => timeout_at(patience, next_end.changed()).await.is_ok(),
                None => false,
            };
            if !waited {
                return Err(limits.refuse(limit, retry_after));
            }
        }
    }

    /// Takes a permit to mail a link to an address, in a change that has written nothing yet.
    pub(crate) async fn link_mail_permit(
        &self,
        change: &mut Change,
        purpose: Purpose,
        email: &EmailAddress,
        registered: Registered,
    ) -> Result<(), Failure> {
        let limit = Limit::MailsToRecipient;
        self.spend(change, limit, Some(purpose), email, registered).await
    }

    async fn spend(
        &self,
        change: &mut Change,
        limit: Limit,
        purpose: Option<Purpose>,
        email: &EmailAddress,
        registered: Registered,
    ) -> Result<(), Failure> {
        if !self.is_limited() {
            return Ok(());
        }
        let key = self.limit_key(limit, purpose, email, registered);
        match change.take_permit(&key, &self.charge(limit), self.now()).await? {
            Taken::Permit => Ok(()),
            Taken::Empty { retry_after } => Err(self.accounts().limits().refuse(limit, retry_after)),
        }
    }

    /// Takes a permit to call a function for an address, in a change that has written nothing yet.
    pub(crate) async fn function_call_permit(
        &self,
        change: &mut Change,
        email: &EmailAddress,
        registered: Registered,
    ) -> Result<(), Failure> {
        let limit = Limit::FunctionCallsForAccount;
        self.spend(change, limit, None, email, registered).await
    }

    /// Takes a permit to call a function for a registered address, in a change of its own.
    pub(crate) async fn take_function_call_permit(&self, email: &EmailAddress) -> Result<(), Failure> {
        self.transact(|| async {
            let mut change = self.begin().await?;
            self.function_call_permit(&mut change, email, Registered::Yes).await?;
            Ok(change.commit().await?)
        })
        .await
    }

    /// Gives a permit back without a login: the password was right and opens no session, or was not checked at all.
    pub(crate) async fn give_back(&self, permit: AccountPermit) -> Result<(), StoreError> {
        let Some(Permit { key, charge, .. }) = &permit.0 else {
            return Ok(());
        };
        self.transact(|| async {
            let mut change = self.begin().await?;
            change.give_permit_back(key, charge, self.now()).await?;
            change.commit().await
        })
        .await
    }

    /// Gives a permit back in the change of a login, and remembers that the account knows the client's network.
    pub(crate) async fn give_back_after_login(
        &self,
        change: &mut Change,
        permit: &AccountPermit,
    ) -> Result<(), StoreError> {
        let Some(permit) = &permit.0 else { return Ok(()) };
        let now = self.now();
        change.give_permit_back(&permit.key, &permit.charge, now).await?;
        if let Some(network) = &permit.new_network {
            change.remember_network(network, now).await?;
        }
        Ok(())
    }

    /// Whether limits are meant for the actor.
    fn is_limited(&self) -> bool {
        let is_client = matches!(self.actor(), Actor::Client(_));
        is_client && self.accounts().limits().settings.on
    }

    fn limit_key(
        &self,
        limit: Limit,
        purpose: Option<Purpose>,
        email: &EmailAddress,
        registered: Registered,
    ) -> LimitKey {
        let (limits, app) = (self.accounts().limits(), self.app().object_id);
        let key = limits.keys.of_address(app, limit, purpose, email);
        if registered == Registered::No && limits.is_crowded() {
            limits.keys.shared_slot(app, &key)
        } else {
            key
        }
    }

    /// The bucket that the client's network has for itself, if the account knows it: a stranger's failures then leave
    /// the owner a way in.
    async fn bucket_of_network(&self, account: LimitKey) -> Result<(LimitKey, Option<KnownNetwork>), StoreError> {
        let Some(network) = self.network() else {
            return Ok((account, None));
        };
        let id = self.accounts().limits().keys.of_network(&account, network);
        let known_since = |age| self.now().minus(age);
        let seen = self.reads().await?.find_known_network(&id).await?;
        let is_since = |start: Timestamp| seen.is_some_and(|seen| seen >= start);
        let new_network = (!is_since(known_since(KNOWN_AGAIN))).then(|| KnownNetwork {
            id: id.clone(),
            account: account.clone(),
        });
        let key = if is_since(known_since(KNOWN_FOR)) { id } else { account };
        Ok((key, new_network))
    }

    fn charge(&self, limit: Limit) -> Charge {
        let bucket = self.accounts().limits().settings.table.of(limit);
        if limit == Limit::FailedLoginsOfAccount {
            Charge {
                bucket,
                tight_after: Some((TIGHT_AFTER, TIGHT_REFILL)),
                remembered: FAILURES_REMEMBERED,
            }
        } else {
            Charge {
                bucket,
                tight_after: None,
                remembered: Duration::ZERO,
            }
        }
    }
}
