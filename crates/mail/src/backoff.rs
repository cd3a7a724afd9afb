//! When a failed mail is attempted again.

use std::time::Duration;

use doorward_core::{Backoff, ClaimedMail, Timestamp};

/// The pause before the next attempt: one second, doubling, up to 15 s while a person may still be watching the inbox
/// and up to a minute after that. The last attempt is due when the mail expires, and finds it expired.
pub(crate) fn next_attempt(mail: &ClaimedMail, now: Timestamp) -> Timestamp {
    let young = now.since(mail.created_at) < Duration::from_mins(5);
    let longest = Duration::from_secs(if young { 15 } else { 60 });
    let backoff = Backoff::new(Duration::from_secs(1), longest);
    now.plus(backoff.pause(mail.attempts)).min(mail.expires_at)
}

#[cfg(test)]
mod tests {
    use doorward_core::{
        AppObjectId, EmailAddress, KeyId, MailContent, MailId, MailToken, ObjectId, Purpose, RegistrationId, TokenId,
    };

    use super::*;

    /// A mail from time zero whose link works for half an hour.
    fn mail(attempts: u32) -> ClaimedMail {
        let created_at = Timestamp::from_millis(0);
        let token = MailToken {
            id: TokenId(ObjectId::zero()),
            app: AppObjectId(ObjectId::zero()),
            purpose: Purpose::Confirm,
            registration: RegistrationId(ObjectId::zero()),
            methods: String::new(),
            issued_at: created_at,
            expires_at: created_at.plus(Duration::from_mins(30)),
            used_at: None,
            voided_at: None,
            key: KeyId(String::new()),
        };
        let to = EmailAddress::parse("ada@example.com").unwrap();
        ClaimedMail {
            id: MailId(ObjectId::zero()),
            content: MailContent::Link { token, to },
            attempts,
            created_at,
            expires_at: created_at.plus(Duration::from_mins(30)),
        }
    }

    fn delay(attempts: u32, at_seconds: i64) -> Duration {
        let now = Timestamp::from_millis(at_seconds * 1_000);
        next_attempt(&mail(attempts), now).since(now)
    }

    #[test]
    fn the_delay_doubles_from_one_second_and_is_capped_by_the_age_of_the_mail() {
        let first_minutes: Vec<u64> = (0..6).map(|attempts| delay(attempts, 0).as_secs()).collect();
        assert_eq!(first_minutes, [1, 2, 4, 8, 15, 15]);
        assert_eq!(delay(20, 299), Duration::from_secs(15));
        assert_eq!(delay(20, 300), Duration::from_mins(1));
        assert_eq!(delay(u32::MAX, 300), Duration::from_mins(1));
    }

    #[test]
    fn the_last_attempt_is_due_when_the_token_expires() {
        assert_eq!(delay(20, 1_790), Duration::from_secs(10));
    }
}
