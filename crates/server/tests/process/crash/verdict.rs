//! What must be true after the last kill.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;

use super::stage::{Settled, Stage, Standing};
use crate::support::{Call, Letter, PASSWORD, Purpose};

/// Fails unless everything that was ever acknowledged holds, and returns how much that was.
pub(super) async fn pronounce(stage: &Stage) -> String {
    let settled = stage.book.lock().unwrap().settled.clone();
    for account in &settled {
        account.must_hold(stage).await;
        if account.standing != Standing::Refused {
            let reply = stage.ask(&Call::register(&account.email, PASSWORD)).await;
            assert_eq!(reply, "409 AccountNameInUse", "{}", account.email);
        }
    }
    links_work_once(stage, &settled).await;
    let (mails, repeats) = mails_were_promised(stage);

    let count = |standing| settled.iter().filter(|account| account.standing == standing).count();
    assert!(
        stage.audits.load(Ordering::Relaxed) > 0 && count(Standing::Confirmed) > 0,
        "the test tests something"
    );
    format!(
        "{} accounts: {} confirmed, {} pending, {} deleted; {} links used; {} requests unanswered; \
         {} looks at settled accounts; {mails} mails, {repeats} of them repeats",
        settled.len(),
        count(Standing::Confirmed),
        count(Standing::Pending),
        count(Standing::Refused),
        stage.book.lock().unwrap().uses.len(),
        stage.unanswered.load(Ordering::Relaxed),
        stage.audits.load(Ordering::Relaxed),
    )
}

/// Tries every link that was ever mailed once more. Only those of pending registrations work, one each.
async fn links_work_once(stage: &Stage, settled: &[Settled]) {
    let letters: Vec<Letter> = stage.post.all().letters.values().flatten().cloned().collect();
    let mut confirmed = HashSet::new();
    for letter in &letters {
        let call = match letter.purpose {
            Purpose::Confirm => Call::confirm(letter),
            Purpose::Reset => Call::reset(letter, PASSWORD),
        };
        let reply = stage.ask(&call).await;
        if reply == "200" {
            stage.used(letter);
            assert_eq!(
                letter.purpose,
                Purpose::Confirm,
                "a reset link of {} still worked",
                letter.to
            );
            assert!(confirmed.insert(&*letter.to), "two links of {} worked", letter.to);
            assert_eq!(
                stage.ask(&call).await,
                "400 UserpassTokenInvalid",
                "a used link of {}",
                letter.to
            );
        } else {
            assert_eq!(reply, "400 UserpassTokenInvalid", "a link of {}", letter.to);
        }
    }
    let pending = settled.iter().filter(|account| account.standing == Standing::Pending);
    let pending: HashSet<_> = pending.map(|account| &*account.email).collect();
    assert_eq!(
        confirmed, pending,
        "the links that still worked are those of the pending registrations"
    );
}

/// Checks that no mail came without a promise, and none twice without a kill. Returns how many came, and how many came
/// again.
fn mails_were_promised(stage: &Stage) -> (usize, usize) {
    let book = stage.book.lock().unwrap();
    let boxes = stage.post.all();
    for ((email, purpose), letters) in &boxes.letters {
        let promised = book.promises.get(&(email.clone(), *purpose)).copied().unwrap_or(0);
        assert!(
            letters.len() <= promised,
            "{email} got {} {purpose} mails for {promised} promises",
            letters.len()
        );
    }
    let mut copies: HashMap<_, usize> = HashMap::new();
    for copy in &boxes.copies {
        *copies.entry(copy).or_default() += 1;
    }
    for ((message_id, from), count) in copies {
        assert_eq!(
            count, 1,
            "{from} sent {message_id} {count} times, and nobody killed it in between"
        );
    }
    let mails: usize = boxes.letters.values().map(Vec::len).sum();
    (boxes.copies.len(), boxes.copies.len() - mails)
}
