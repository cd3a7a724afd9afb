//! The outbox.

use std::collections::HashSet;
use std::sync::Arc;

use doorward_core::{
    AppObjectId, ClaimedMail, DeliveryOutcome, KeyId, MailContent, MailId, MailToken, Purpose, RegistrationId,
    SealedMail, Timestamp,
};

use crate::fixtures::{AnyStore, at, hash, issued, new_id, stored_pending, token, works};

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
    commit!(store, extend_mail_claims("extends", at(1), at(40)));
    assert_eq!(claim(&store, "third", at(20), at(60), 10).await, mails[1..]);
    assert!(commit!(
        store,
        record_delivery("extends", mails[0], &DeliveryOutcome::Sent, at(21))
    ));
    // A finished mail is no longer claimed.
    commit!(store, extend_mail_claims("extends", at(1), at(90)));
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
        assert_eq!(read!(store, next_mail_due(at(0))), Some(again));
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

/// Another link for the registration of a token, requested at that time.
fn requested(like: &MailToken, seconds: u64) -> MailToken {
    MailToken {
        id: new_id(),
        issued_at: at(seconds),
        expires_at: at(seconds + 1800),
        ..like.clone()
    }
}

fn link(mail: &ClaimedMail) -> &MailToken {
    match &mail.content {
        MailContent::Link { token, .. } => token,
        MailContent::Sealed(_) => panic!("no function has written a mail"),
    }
}

pub(crate) async fn a_request_while_a_mail_waits_changes_nothing(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let (first, mail) = issued(&store, app, ada.id, Purpose::Confirm).await;
    let request = async |seconds: u64| {
        let token = requested(&first, seconds);
        commit!(store, issue_mail(new_id(), &token));
        assert_eq!(read!(store, find_mail_token(app, token.id)), None);
    };
    request(1).await;
    assert_eq!(claim(&store, "worker", at(2), at(17), 10).await, [mail]);
    request(3).await;
    assert!(
        claim(&store, "other", at(4), at(60), 10).await.is_empty(),
        "the claim stands"
    );
    let retry = DeliveryOutcome::Retry {
        at: at(90),
        reason: "450 try later".to_owned(),
    };
    assert!(commit!(store, record_delivery("worker", mail, &retry, at(5))));
    request(6).await;
    assert_eq!(read!(store, next_mail_due(at(6))), Some(at(90)), "the back-off stands");
    assert_eq!(counted(&store, "waiting").await, 1);
}

pub(crate) async fn a_request_after_a_mail_was_sent_or_failed_sends_it_again_under_a_new_id(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let (first, mut mail) = issued(&store, app, ada.id, Purpose::Reset).await;
    let reason = "550 no such mailbox".to_owned();
    for (seconds, outcome) in [(10, DeliveryOutcome::Sent), (20, DeliveryOutcome::Failed { reason })] {
        claim(&store, "worker", at(seconds), at(900), 1).await;
        assert!(commit!(store, record_delivery("worker", mail, &outcome, at(seconds))));
        let (old, token) = (mail, requested(&first, seconds + 1));
        mail = new_id();
        commit!(store, issue_mail(mail, &token));
        assert_eq!(
            read!(store, find_mail_token(app, token.id)),
            None,
            "the known link is sent"
        );
        let claimed = commit!(store, claim_mail("look", at(seconds + 1), at(seconds + 2), 10, false));
        let [again] = claimed.as_slice() else {
            panic!("{claimed:?}")
        };
        assert_eq!((again.id, again.attempts, again.created_at), (mail, 0, at(seconds + 1)));
        assert_eq!((link(again), again.expires_at), (&first, first.expires_at));
        assert!(!commit!(
            store,
            record_delivery("look", old, &DeliveryOutcome::Sent, at(seconds + 1))
        ));
    }
    let all: u64 = read!(store, count_mail()).iter().map(|(_, count)| count).sum();
    assert_eq!(all, 1, "it is one row");
}

pub(crate) async fn a_request_for_a_link_that_is_not_young_stores_another(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let (first, _) = issued(&store, app, ada.id, Purpose::Reset).await;
    // A third of half an hour.
    for (seconds, stored) in [(599, false), (600, true), (601, false), (1199, false), (1200, true)] {
        let token = requested(&first, seconds);
        commit!(store, issue_mail(new_id(), &token));
        let found = read!(store, find_mail_token(app, token.id));
        assert_eq!(found.is_some(), stored, "{seconds}");
    }
    assert_eq!(counted(&store, "waiting").await, 3);
}

pub(crate) async fn a_link_of_another_purpose_method_or_key_is_not_sent_again(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let (first, _) = issued(&store, app, ada.id, Purpose::Confirm).await;
    let others = [
        MailToken {
            purpose: Purpose::Reset,
            ..requested(&first, 1)
        },
        MailToken {
            methods: "email/function".to_owned(),
            ..requested(&first, 1)
        },
        MailToken {
            key: KeyId("key-2".to_owned()),
            ..requested(&first, 1)
        },
    ];
    for token in others {
        commit!(store, issue_mail(new_id(), &token));
        assert_eq!(read!(store, find_mail_token(app, token.id)), Some(token));
    }
    // A spent link is not sent again either.
    commit!(
        store,
        consume_mail_token(app, Purpose::Confirm, first.id, &first.methods, at(2))
    )
    .unwrap();
    let token = requested(&first, 3);
    commit!(store, issue_mail(new_id(), &token));
    assert_eq!(read!(store, find_mail_token(app, token.id)), Some(token));
}

pub(crate) async fn a_mail_that_is_sent_again_waits_behind_first_ones(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let (first, mail) = issued(&store, app, ada.id, Purpose::Confirm).await;
    claim(&store, "worker", at(1), at(900), 1).await;
    assert!(commit!(
        store,
        record_delivery("worker", mail, &DeliveryOutcome::Sent, at(1))
    ));
    let again = new_id();
    commit!(store, issue_mail(again, &requested(&first, 2)));
    let new = promised(&store, app, 1, 3).await;
    assert_eq!(claim(&store, "worker", at(4), at(900), 1).await, new);
    let reserved_for_new = commit!(store, claim_mail("worker", at(4), at(900), 1, true));
    assert!(reserved_for_new.is_empty(), "{reserved_for_new:?}");
    assert_eq!(claim(&store, "worker", at(4), at(900), 1).await, [again]);
}

pub(crate) async fn what_was_voided_no_longer_waits(store: AnyStore) {
    let app: AppObjectId = new_id();
    let ada = stored_pending(&store, app, "ada@example.com").await;
    let bob = stored_pending(&store, app, "bob@example.com").await;
    let (reset, in_flight) = issued(&store, app, ada.id, Purpose::Reset).await;
    assert_eq!(claim(&store, "worker", at(1), at(60), 1).await, [in_flight]);
    let (confirm, _) = issued(&store, app, ada.id, Purpose::Confirm).await;
    let (_, bobs) = issued(&store, app, bob.id, Purpose::Confirm).await;
    assert!(commit!(store, set_password(ada.id, &hash("second"), at(2))));
    for token in [&reset, &confirm] {
        assert!(!works(&store, token).await);
    }
    assert_eq!(
        (counted(&store, "superseded").await, counted(&store, "waiting").await),
        (1, 2),
        "the attempt in flight is its worker's"
    );
    assert_eq!(claim(&store, "other", at(3), at(60), 10).await, [bobs]);
    assert!(commit!(
        store,
        record_delivery("worker", in_flight, &DeliveryOutcome::Sent, at(4))
    ));
}

pub(crate) async fn what_waited_for_too_long_ends_in_bulk(store: AnyStore) {
    let app: AppObjectId = new_id();
    let mails = promised(&store, app, 3, 0).await;
    let token = MailToken {
        expires_at: at(9000),
        ..token(
            app,
            stored_pending(&store, app, "bob@example.com").await.id,
            Purpose::Confirm,
        )
    };
    let late: MailId = new_id();
    commit!(store, issue_mail(late, &token));
    let sealed = sealed(at(60));
    commit!(store, promise_sealed_mail(new_id(), &sealed, at(0)));
    assert_eq!(claim(&store, "in flight", at(0), at(2000), 1).await, mails[..1]);

    assert_eq!(commit!(store, expire_mail(at(59), 10)).len(), 0);
    assert_eq!(commit!(store, expire_mail(at(60), 10)).len(), 1);
    assert_eq!(
        commit!(store, expire_mail(at(1800), 1)).len(),
        1,
        "never more than the limit"
    );
    assert_eq!(commit!(store, expire_mail(at(1800), 10)).len(), 1);
    assert_eq!(
        (counted(&store, "expired").await, counted(&store, "waiting").await),
        (3, 2)
    );
    assert!(commit!(
        store,
        record_delivery("in flight", mails[0], &DeliveryOutcome::Sent, at(1801))
    ));
    assert_eq!(claim(&store, "worker", at(1801), at(1900), 10).await, [late]);
    // A claim that lapsed does not keep a mail alive.
    assert_eq!(commit!(store, expire_mail(at(9000), 10)).len(), 1);
    assert!(!commit!(
        store,
        record_delivery("worker", late, &DeliveryOutcome::Sent, at(9001))
    ));
}

pub(crate) async fn a_claim_is_held_until_another_worker_takes_it(store: AnyStore) {
    let app: AppObjectId = new_id();
    let mails = promised(&store, app, 2, 0).await;
    assert!(!read!(store, holds_mail("slow", mails[0])));
    claim(&store, "slow", at(2), at(15), 2).await;
    assert!(read!(store, holds_mail("slow", mails[0])));
    assert!(commit!(
        store,
        record_delivery("slow", mails[1], &DeliveryOutcome::Sent, at(3))
    ));
    assert!(!read!(store, holds_mail("slow", mails[1])));
    assert_eq!(claim(&store, "quick", at(15), at(30), 2).await, mails[..1]);
    assert!(!read!(store, holds_mail("slow", mails[0])));
    assert!(commit!(store, extend_mail_claims("slow", at(16), at(60))).is_empty());
    assert_eq!(commit!(store, extend_mail_claims("quick", at(16), at(60))), mails[..1]);
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
    assert_eq!(read!(store, next_mail_due(at(0))), None);
    let mails = promised(&store, app, 2, 5).await;
    assert_eq!(read!(store, next_mail_due(at(0))), Some(at(5)));
    // A mail that is claimed is next due when the claim lapses: a worker that sleeps until then can take it over.
    claim(&store, "worker", at(10), at(25), 2).await;
    assert_eq!(read!(store, next_mail_due(at(0))), Some(at(25)));
    for mail in mails {
        assert!(commit!(
            store,
            record_delivery("worker", mail, &DeliveryOutcome::Sent, at(11))
        ));
    }
    assert_eq!(read!(store, next_mail_due(at(0))), None);
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

fn sealed(expires_at: Timestamp) -> SealedMail {
    SealedMail {
        app: new_id(),
        key: KeyId("key-1".to_owned()),
        sealed: (0..=255).collect(),
        expires_at,
    }
}

pub(crate) async fn a_sealed_mail_is_claimed_as_it_was_promised(store: AnyStore) {
    let sealed = sealed(at(60));
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
    assert_eq!(commit!(store, sweep(at(0), at(2))), 1);
}

/// The database itself refuses a finished mail that still has its text, so every statement that finishes one clears it.
pub(crate) async fn the_text_of_a_function_goes_when_its_mail_is_finished(store: AnyStore) {
    let outcomes = [
        DeliveryOutcome::Sent,
        DeliveryOutcome::Expired,
        DeliveryOutcome::Superseded,
        DeliveryOutcome::Failed {
            reason: "550 no such mailbox".to_owned(),
        },
    ];
    for outcome in outcomes {
        let mail: MailId = new_id();
        let written = sealed(at(60));
        commit!(store, promise_sealed_mail(mail, &written, at(0)));
        commit!(store, claim_mail("worker", at(0), at(15), 10, true));
        let retry = DeliveryOutcome::Retry {
            at: at(1),
            reason: "450 try later".to_owned(),
        };
        assert!(commit!(store, record_delivery("worker", mail, &retry, at(0))));
        let claimed = commit!(store, claim_mail("worker", at(1), at(15), 10, false));
        assert_eq!(
            claimed[0].content,
            MailContent::Sealed(written),
            "it waits with its text"
        );
        assert!(commit!(store, record_delivery("worker", mail, &outcome, at(1))));
    }
}
