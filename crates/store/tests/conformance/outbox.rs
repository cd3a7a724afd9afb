//! The outbox.

use std::collections::HashSet;
use std::sync::Arc;

use doorward_core::{
    AppObjectId, DeliveryOutcome, KeyId, MailContent, MailId, MailToken, Purpose, RegistrationId, SealedMail, Timestamp,
};

use crate::fixtures::{AnyStore, at, issued, new_id, stored_pending, token};

/// Promises mails to as many registrations, the first issued at that time and the others a second apart.
async fn promised(store: &AnyStore, app: AppObjectId, mails: u64, first: u64) -> Vec<MailId> {
    let mut ids = Vec::new();
    for n in 0..mails {
        let registration: RegistrationId = stored_pending(store, app, &format!("{first}-{n}@example.com")).await.id;
        let token = MailToken {
            issued_at: at(first + n),
            ..token(app, registration, Purpose::Confirm)
        };
        let mail = new_id();
        commit!(store, issue_mail(mail, &token));
        ids.push(mail);
    }
    ids
}

async fn claim(store: &AnyStore, worker: &str, now: Timestamp, until: Timestamp, limit: u32) -> Vec<MailId> {
    commit!(store, claim_mail(worker, now, until, limit, false))
        .into_iter()
        .map(|mail| mail.id)
        .collect()
}

async fn counted(store: &AnyStore, state: &str) -> u64 {
    let counts = read!(store, count_mail());
    counts.iter().find(|(name, _)| *name == state).unwrap().1
}

pub(crate) async fn a_mail_is_due_immediately_and_claimed_with_all_that_writing_it_takes(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let (token, mail) = issued(&store, app, ada.id, Purpose::Confirm).await;
    assert!(
        claim(
            &store,
            "early",
            token.issued_at.minus(std::time::Duration::from_millis(1)),
            at(60),
            10
        )
        .await
        .is_empty()
    );
    let claimed = commit!(store, claim_mail("worker", token.issued_at, at(60), 10, false));
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].id, mail);
    let to = ada.email.clone();
    assert_eq!(
        claimed[0].content,
        MailContent::Link {
            token: token.clone(),
            to
        }
    );
    assert_eq!((claimed[0].attempts, claimed[0].created_at), (0, token.issued_at));
}

pub(crate) async fn the_oldest_due_mails_are_claimed_first(store: AnyStore) {
    let app: AppObjectId = new_id();
    let younger = promised(&store, app, 2, 100).await;
    let older = promised(&store, app, 3, 0).await;
    assert_eq!(
        claim(&store, "worker", at(500), at(900), 4).await,
        [&older[..], &younger[..1]].concat()
    );
    assert_eq!(claim(&store, "worker", at(500), at(900), 4).await, younger[1..]);
    assert!(
        claim(&store, "worker", at(500), at(900), 4).await.is_empty(),
        "what it holds is not due, not even for itself"
    );
    assert!(claim(&store, "worker", at(500), at(900), 0).await.is_empty());
}

pub(crate) async fn workers_that_claim_side_by_side_never_hold_the_same_mail(store: AnyStore) {
    let app: AppObjectId = new_id();
    let mails = promised(&store, app, 60, 0).await;
    let workers: Vec<_> = (0..8)
        .map(|worker| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut held = Vec::new();
                for _ in 0..20 {
                    let batch = claim(&store, &format!("worker-{worker}"), at(500), at(900), 3).await;
                    assert!(batch.len() <= 3);
                    held.extend(batch);
                }
                held
            })
        })
        .collect();
    let mut held = Vec::new();
    for worker in workers {
        held.extend(worker.await.unwrap());
    }
    assert_eq!(held.len(), mails.len());
    assert_eq!(held.into_iter().collect::<HashSet<_>>(), mails.into_iter().collect());
}

pub(crate) async fn a_lapsed_claim_is_taken_over_and_cannot_be_recorded_by_its_loser(store: AnyStore) {
    let app: AppObjectId = new_id();
    let mails = promised(&store, app, 1, 0).await;
    assert_eq!(claim(&store, "slow", at(1), at(15), 1).await, mails);
    assert!(claim(&store, "quick", at(14), at(30), 1).await.is_empty());
    assert_eq!(claim(&store, "quick", at(15), at(30), 1).await, mails);
    assert!(!commit!(
        store,
        record_delivery("slow", mails[0], &DeliveryOutcome::Sent, at(16))
    ));
    assert_eq!(counted(&store, "waiting").await, 1);
    assert!(commit!(
        store,
        record_delivery("quick", mails[0], &DeliveryOutcome::Sent, at(17))
    ));
    assert!(
        !commit!(
            store,
            record_delivery("quick", mails[0], &DeliveryOutcome::Expired, at(18))
        ),
        "it is finished"
    );
    assert_eq!(counted(&store, "sent").await, 1);
}

pub(crate) async fn an_extended_claim_does_not_lapse(store: AnyStore) {
    let app: AppObjectId = new_id();
    let mails = promised(&store, app, 2, 0).await;
    claim(&store, "extends", at(1), at(15), 1).await;
    claim(&store, "does-not", at(1), at(15), 1).await;
    commit!(store, extend_mail_claims("extends", at(40)));
    assert_eq!(claim(&store, "third", at(20), at(60), 10).await, mails[1..]);
    assert!(commit!(
        store,
        record_delivery("extends", mails[0], &DeliveryOutcome::Sent, at(21))
    ));
    // A finished mail is no longer claimed.
    commit!(store, extend_mail_claims("extends", at(90)));
    assert_eq!(counted(&store, "sent").await, 1);
}

pub(crate) async fn a_failed_attempt_is_due_again_at_its_time(store: AnyStore) {
    let app: AppObjectId = new_id();
    let mails = promised(&store, app, 1, 0).await;
    for attempt in 0..3_u32 {
        let now = at(10 * u64::from(attempt));
        let claimed = commit!(store, claim_mail("worker", now, at(900), 1, false));
        assert_eq!(claimed[0].attempts, attempt);
        let again = at(10 * u64::from(attempt) + 10);
        let outcome = DeliveryOutcome::Retry {
            at: again,
            reason: "450 try later".to_owned(),
        };
        assert!(commit!(store, record_delivery("worker", mails[0], &outcome, now)));
        assert_eq!(read!(store, next_mail_due()), Some(again));
        assert!(claim(&store, "worker", now, at(900), 1).await.is_empty());
    }
}

pub(crate) async fn every_outcome_shows_as_its_state(store: AnyStore) {
    let app: AppObjectId = new_id();
    let none = DeliveryOutcome::STATES.map(|state| (state, 0));
    assert_eq!(read!(store, count_mail()), none);
    let outcomes = [
        DeliveryOutcome::Retry {
            at: at(50),
            reason: "450 try later".to_owned(),
        },
        DeliveryOutcome::Sent,
        DeliveryOutcome::Expired,
        DeliveryOutcome::Superseded,
        DeliveryOutcome::Failed {
            reason: "550 no such mailbox".to_owned(),
        },
    ];
    let mails = promised(&store, app, 5, 0).await;
    claim(&store, "worker", at(10), at(900), 5).await;
    for (mail, outcome) in mails.iter().zip(&outcomes) {
        assert!(commit!(store, record_delivery("worker", *mail, outcome, at(11))));
    }
    let one = DeliveryOutcome::STATES.map(|state| (state, 1));
    assert_eq!(read!(store, count_mail()), one);
    assert_eq!(
        claim(&store, "worker", at(5000), at(9000), 5).await,
        mails[..1],
        "what is finished is not claimed again"
    );
}

pub(crate) async fn a_claimed_mail_shows_that_its_token_was_replaced(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    issued(&store, app, ada.id, Purpose::Confirm).await;
    issued(&store, app, ada.id, Purpose::Confirm).await;
    let claimed = commit!(store, claim_mail("worker", at(1), at(60), 10, false));
    let voided: Vec<_> = claimed
        .iter()
        .map(|mail| match &mail.content {
            MailContent::Link { token, .. } => token.voided_at,
            MailContent::Sealed(_) => panic!("no function has written a mail"),
        })
        .collect();
    assert_eq!(voided, [Some(at(0)), None]);
}

pub(crate) async fn released_claims_are_due_immediately(store: AnyStore) {
    let app: AppObjectId = new_id();
    let mails = promised(&store, app, 3, 0).await;
    claim(&store, "before", at(10), at(900), 2).await;
    assert_eq!(commit!(store, release_mail_claims()), 2);
    assert_eq!(commit!(store, release_mail_claims()), 0);
    assert_eq!(claim(&store, "after", at(10), at(900), 10).await, mails);
}

pub(crate) async fn the_next_due_mail_is_known(store: AnyStore) {
    let app: AppObjectId = new_id();
    assert_eq!(read!(store, next_mail_due()), None);
    let mails = promised(&store, app, 2, 5).await;
    assert_eq!(read!(store, next_mail_due()), Some(at(5)));
    // A mail that is claimed is next due when the claim lapses: a worker that sleeps until then can take it over.
    claim(&store, "worker", at(10), at(25), 2).await;
    assert_eq!(read!(store, next_mail_due()), Some(at(25)));
    for mail in mails {
        assert!(commit!(
            store,
            record_delivery("worker", mail, &DeliveryOutcome::Sent, at(11))
        ));
    }
    assert_eq!(read!(store, next_mail_due()), None);
}

pub(crate) async fn any_reason_can_be_recorded(store: AnyStore) {
    let app: AppObjectId = new_id();
    let mails = promised(&store, app, 1, 0).await;
    claim(&store, "worker", at(10), at(900), 1).await;
    let reason = format!("\0 \u{1f4a5} '; DROP TABLE mails; -- {}", "x".repeat(100_000));
    assert!(commit!(
        store,
        record_delivery("worker", mails[0], &DeliveryOutcome::Failed { reason }, at(11))
    ));
    assert_eq!(counted(&store, "failed").await, 1);
}

pub(crate) async fn a_sealed_mail_is_claimed_as_it_was_promised(store: AnyStore) {
    let sealed = SealedMail {
        app: new_id(),
        key: KeyId("key-1".to_owned()),
        sealed: (0..=255).collect(),
        expires_at: at(60),
    };
    let mail: MailId = new_id();
    commit!(store, promise_sealed_mail(mail, &sealed, at(0)));
    let claimed = commit!(store, claim_mail("worker", at(0), at(15), 10, true));
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].id, mail);
    assert_eq!(claimed[0].content, MailContent::Sealed(sealed));
    assert!(commit!(
        store,
        record_delivery("worker", mail, &DeliveryOutcome::Sent, at(1))
    ));
    assert_eq!(commit!(store, sweep(at(2))), 1);
}
