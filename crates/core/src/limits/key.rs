//! The names of buckets in the database.

use std::fmt;

use aws_lc_rs::hmac;

use super::{Limit, Network};
use crate::{AppObjectId, EmailAddress, Purpose, TokenKeys};

/// The name of a bucket: an HMAC, so that a copy of the database does not tell which addresses people have typed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitKey([u8; 16]);

impl LimitKey {
    /// The bucket of this name.
    pub const fn new(name: [u8; 16]) -> Self {
        Self(name)
    }

    /// The 32 hexadecimal characters under which it is stored.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Debug for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LimitKey(..)")
    }
}

/// How many buckets the addresses without a registration share when there are too many buckets.
const SHARED_SLOTS: u16 = 4_096;

/// Makes the names, the same on every node.
pub(super) struct KeyMaker(hmac::Key);

impl KeyMaker {
    #[expect(clippy::expect_used, reason = "the active key is always there")]
    pub(super) fn new(keys: &TokenKeys) -> Self {
        let key = keys
            .derive_key(keys.active(), b"limits")
            .expect("the active key is always there");
        Self(hmac::Key::new(hmac::HMAC_SHA256, &key))
    }

    /// The bucket of an address. All spellings that could reach one mailbox share it.
    pub(super) fn of_address(
        &self,
        app: AppObjectId,
        limit: Limit,
        purpose: Option<Purpose>,
        email: &EmailAddress,
    ) -> LimitKey {
        let folded = email.as_str().to_lowercase();
        let purpose = purpose.map_or("", Purpose::as_str);
        self.key(&[
            app.0.as_bytes(),
            limit.as_str().as_bytes(),
            purpose.as_bytes(),
            folded.as_bytes(),
        ])
    }

    /// One of the few buckets that addresses without a registration share when there are too many buckets.
    pub(super) fn shared_slot(&self, app: AppObjectId, key: &LimitKey) -> LimitKey {
        let [high, low, ..] = key.0;
        let slot = u16::from_be_bytes([high, low]) % SHARED_SLOTS;
        self.key(&[app.0.as_bytes(), b"shared", &slot.to_be_bytes()])
    }

    /// The bucket that a network has of its own for an account.
    pub(super) fn of_network(&self, account: &LimitKey, network: Network) -> LimitKey {
        self.key(&[&account.0, b"network", &network.as_bytes()])
    }

    /// Each part is preceded by its length, so that no two lists of parts have the same bytes.
    fn key(&self, parts: &[&[u8]]) -> LimitKey {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let tag = context.sign();
        let mut key = [0; 16];
        key.copy_from_slice(&tag.as_ref()[..16]);
        LimitKey(key)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{KeyId, ObjectId};

    fn maker() -> KeyMaker {
        let id = KeyId("test".to_owned());
        KeyMaker::new(&TokenKeys::new(id.clone(), [(id, [7; 32].as_slice())]).unwrap())
    }

    fn key(limit: Limit, purpose: Option<Purpose>, email: &str) -> LimitKey {
        let email = EmailAddress::parse(email).unwrap();
        maker().of_address(AppObjectId(ObjectId::zero()), limit, purpose, &email)
    }

    #[test]
    fn s61_a_bucket_is_of_one_limit_one_purpose_and_one_address_in_any_case() {
        let (mails, logins) = (Limit::MailsToRecipient, Limit::FailedLoginsOfAccount);
        let confirm = Some(Purpose::Confirm);
        assert_eq!(
            key(mails, confirm, "Ada@Example.com"),
            key(mails, confirm, "ada@example.COM")
        );
        let keys = [
            key(mails, confirm, "ada@example.com"),
            key(mails, Some(Purpose::Reset), "ada@example.com"),
            key(logins, None, "ada@example.com"),
            key(logins, None, "bob@example.com"),
        ];
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 4);
    }

    #[test]
    fn addresses_without_a_registration_share_few_buckets_when_there_are_too_many() {
        let (maker, app) = (maker(), AppObjectId(ObjectId::zero()));
        let slots: BTreeSet<_> = (0..20_000)
            .map(|number| {
                let key = key(Limit::FailedLoginsOfAccount, None, &format!("{number}@example.com"));
                maker.shared_slot(app, &key)
            })
            .collect();
        assert!((3_900..=4_096).contains(&slots.len()), "{}", slots.len());
    }
}
