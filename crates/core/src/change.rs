//! A unit of work: a transaction that knows what it has promised. Its commit wakes the workers that keep the promises.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use crate::conflict::{MayConflict, retry_conflicts};
use crate::store::Writes;
use crate::{
    AppAccounts, EmailPassword, FunctionMail, MailId, NewTriggerEvent, Provider, Purpose, RegistrationId, SealedMail,
    StoreError, Tx, UserEvent, UserProfile, Wake,
};

/// How long a mail that a function wrote is worth sending: only its author knows what it says.
const FUNCTION_MAIL_LIFETIME: Duration = Duration::from_hours(24);

/// A write transaction of a flow. It has the statements of [`Writes`], and the promises are its own methods.
pub(crate) struct Change {
    tx: Box<dyn Tx>,
    accounts: AppAccounts,
    promised: Promised,
}

/// What workers have to do once the change is committed.
#[derive(Default)]
struct Promised {
    mails: bool,
    deliveries: bool,
}

impl AppAccounts {
    /// Runs a unit of work from its [`begin`](Self::begin) to its commit. If the database undoes it because of another
    /// transaction, it runs again: `work` does nothing but its statements, and what was hashed or decided before is
    /// decided once.
    pub(crate) async fn transact<T, E, W>(&self, work: impl Fn() -> W) -> Result<T, E>
    where
        E: MayConflict,
        W: Future<Output = Result<T, E>>,
    {
        retry_conflicts(self.entropy(), work).await
    }

    /// Begins a unit of work. Only within [`transact`](Self::transact).
    pub(crate) async fn begin(&self) -> Result<Change, StoreError> {
        Ok(Change {
            tx: self.accounts().store().begin().await?,
            accounts: self.clone(),
            promised: Promised::default(),
        })
    }
}

impl Change {
    /// Promises a mail with a new link.
    pub(crate) async fn promise_link_mail(
        &mut self,
        methods: &EmailPassword,
        purpose: Purpose,
        registration: RegistrationId,
    ) -> Result<(), StoreError> {
        let token = self.accounts.new_token(methods, purpose, registration);
        let mail = MailId::generate(self.accounts.clock(), self.accounts.entropy());
        self.promised.mails = true;
        self.tx.issue_mail(mail, &token).await
    }

    /// Promises the mails that a function wrote.
    pub(crate) async fn promise_function_mails(&mut self, mails: &[FunctionMail]) -> Result<(), StoreError> {
        let accounts = &self.accounts;
        for mail in mails {
            let id = MailId::generate(accounts.clock(), accounts.entropy());
            let (key, sealed) = accounts.token_keys().seal(id, mail, accounts.entropy());
            let sealed = SealedMail {
                app: accounts.app().object_id,
                key,
                sealed,
                expires_at: accounts.now().plus(FUNCTION_MAIL_LIFETIME),
            };
            self.promised.mails = true;
            self.tx.promise_sealed_mail(id, &sealed, accounts.now()).await?;
        }
        Ok(())
    }

    /// Promises to deliver an event to every trigger that subscribes to it. The delivery shows
    /// the user as passed here: after its creation or login, or before its deletion.
    pub(crate) async fn promise_deliveries(
        &mut self,
        event: UserEvent,
        user: &UserProfile,
        providers: &[Provider],
    ) -> Result<(), StoreError> {
        let triggers = self.accounts.app().subscribers(event, providers);
        if triggers.is_empty() {
            return Ok(());
        }
        let event = NewTriggerEvent {
            event,
            user,
            providers,
            triggers: &triggers,
            at: self.accounts.now(),
        };
        self.promised.deliveries = true;
        self.tx.queue_trigger_event(&event).await
    }

    /// Commits, and wakes the workers that now have something to do. A client that disconnects between the two does
    /// not delay the wake-up.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let wakes: Vec<Wake> = self.promised.wakes(&self.accounts).collect();
        if wakes.is_empty() {
            return self.tx.commit().await;
        }
        let tx = self.tx;
        let commit = async move {
            let committed = tx.commit().await;
            wakes.iter().for_each(Wake::wake);
            committed
        };
        self.accounts.accounts().outlive_caller(commit).await
    }
}

impl Promised {
    fn wakes(&self, accounts: &AppAccounts) -> impl Iterator<Item = Wake> {
        let accounts = accounts.accounts();
        let mails = self.mails.then(|| accounts.outbox().clone());
        mails
            .into_iter()
            .chain(self.deliveries.then(|| accounts.triggers().clone()))
    }
}

impl Deref for Change {
    type Target = dyn Writes;

    fn deref(&self) -> &Self::Target {
        &*self.tx
    }
}

impl DerefMut for Change {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut *self.tx
    }
}
