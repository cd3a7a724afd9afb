//! The mails that have come, sorted by recipient while they come.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use doorward_testkit::smtp_server::SmtpServer;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use crate::support::{Letter, Purpose};

/// The mailboxes of all recipients.
pub(super) struct Post {
    boxes: Arc<Mutex<Boxes>>,
    arrivals: watch::Receiver<usize>,
    _postman: AbortOnDropHandle<()>,
}

#[derive(Default)]
pub(super) struct Boxes {
    /// The first copy of each mail.
    pub(super) letters: HashMap<(String, Purpose), Vec<Letter>>,
    /// Every copy: its `Message-ID` and the sender that it came from.
    pub(super) copies: Vec<(String, String)>,
    known: HashSet<String>,
}

impl Post {
    /// Collects the mails that this relay takes.
    pub(super) fn of(relay: &Arc<SmtpServer>) -> Self {
        let boxes = Arc::new(Mutex::new(Boxes::default()));
        let (sender, arrivals) = watch::channel(0);
        let postman = tokio::spawn(deliver(Arc::clone(relay), Arc::clone(&boxes), sender));
        Self {
            boxes,
            arrivals,
            _postman: AbortOnDropHandle::new(postman),
        }
    }

    /// The mails with links of this purpose to this address.
    pub(super) fn letters(&self, email: &str, purpose: Purpose) -> Vec<Letter> {
        let boxes = self.boxes.lock().unwrap();
        boxes
            .letters
            .get(&(email.to_owned(), purpose))
            .cloned()
            .unwrap_or_default()
    }

    /// Waits until any mail has come, up to a time limit.
    pub(super) async fn arrival(&self, limit: Duration) {
        let mut arrivals = self.arrivals.clone();
        arrivals.mark_unchanged();
        let _ = timeout(limit, arrivals.changed()).await;
    }

    /// All mails so far, by recipient.
    pub(super) fn all(&self) -> std::sync::MutexGuard<'_, Boxes> {
        self.boxes.lock().unwrap()
    }
}

async fn deliver(relay: Arc<SmtpServer>, boxes: Arc<Mutex<Boxes>>, arrivals: watch::Sender<usize>) {
    let mut delivered = 0;
    loop {
        relay.wait_for(delivered + 1, Duration::from_hours(24)).await;
        // Mails come in swarms, and reading them all is not free.
        sleep(Duration::from_millis(25)).await;
        let mails = relay.mails();
        let mut boxes = boxes.lock().unwrap();
        for mail in &mails[delivered..] {
            let letter = Letter::read(mail);
            boxes.copies.push((letter.message_id.clone(), letter.from.clone()));
            if boxes.known.insert(letter.message_id.clone()) {
                boxes
                    .letters
                    .entry((letter.to.clone(), letter.purpose))
                    .or_default()
                    .push(letter);
            }
        }
        drop(boxes);
        delivered = mails.len();
        arrivals.send_replace(delivered);
    }
}
