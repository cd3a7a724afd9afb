//! What every mailed link has in common: making its token, and finding out what it can still do.

use crate::limits::Registered;

use super::{EmailPassword, MailToken, Purpose, Registration, TokenPair};
use crate::{
    AppAccounts, EmailAddress, Failure, FlowError, ObjectId, Refusal, RegistrationId, StoreError, Timestamp, TokenId,
};

/// What a genuine link can still do. Only a holder of the whole token learns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// It works.
    Usable,
    /// It has been used.
    Used,
    /// Its time is over.
    Expired,
    /// Another link was used, or the password or the app's methods have changed since.
    Void,
}

/// Why a link does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefusal {
    /// E-mail and password accounts are switched off in this app.
    #[error("the provider is disabled")]
    ProviderDisabled,
    /// The token is unknown, expired, used, void, or for something else.
    #[error("the token is expired or invalid")]
    TokenInvalid,
}

impl Refusal for LinkRefusal {}

impl AppAccounts {
    /// What a link can still do, without doing it: pages call this before they show a button.
    pub async fn link_state(&self, purpose: Purpose, token: &TokenPair) -> Result<LinkState, FlowError<LinkRefusal>> {
        let methods = self.email_password().ok_or(LinkRefusal::ProviderDisabled)?;
        let row = self.genuine_token(purpose, token).await?;
        let row = row.ok_or(LinkRefusal::TokenInvalid)?;
        let state = state(&row, methods.methods(), self.now());
        // Whatever the state of this link, a confirmed registration needs no other.
        if purpose == Purpose::Confirm && state != LinkState::Usable && self.is_confirmed(&row).await? {
            return Ok(LinkState::Used);
        }
        Ok(state)
    }

    /// E-mail and password accounts, unless they are switched off.
    pub(super) fn email_password(&self) -> Option<&EmailPassword> {
        self.app().providers.email_password.as_ref()
    }

    pub(crate) async fn find_registration(&self, email: &EmailAddress) -> Result<Option<Registration>, StoreError> {
        self.reads().await?.find_registration(self.app().object_id, email).await
    }

    pub(super) async fn find_registration_by_id(&self, id: RegistrationId) -> Result<Option<Registration>, StoreError> {
        self.reads()
            .await?
            .find_registration_by_id(self.app().object_id, id)
            .await
    }

    /// Spends a permit to mail a link to an address, and mails it if the address has a registration to which that is
    /// possible. Any other address spends its permits likewise: a limit tells nothing.
    pub(super) async fn mail_link(
        &self,
        methods: &EmailPassword,
        purpose: Purpose,
        email: &EmailAddress,
        registered: Registered,
        mailable: Option<RegistrationId>,
    ) -> Result<(), Failure> {
        self.transact(|| async {
            let mut change = self.begin().await?;
            self.link_mail_permit(&mut change, purpose, email, registered).await?;
            if let Some(registration) = mailable {
                change.promise_link_mail(methods, purpose, registration).await?;
            }
            Ok(change.commit().await?)
        })
        .await
    }

    /// The row of a token whose secret part is right. Forged tokens stop here, before they cost anything.
    pub(super) async fn genuine_token(
        &self,
        purpose: Purpose,
        token: &TokenPair,
    ) -> Result<Option<MailToken>, StoreError> {
        let row = self
            .reads()
            .await?
            .find_mail_token(self.app().object_id, token.id)
            .await?;
        Ok(row.filter(|row| row.purpose == purpose && self.token_keys().verify(row, &token.secret)))
    }

    /// A new token that is not stored yet.
    pub(crate) fn new_token(
        &self,
        methods: &EmailPassword,
        purpose: Purpose,
        registration: RegistrationId,
    ) -> MailToken {
        let now = self.now();
        MailToken {
            id: TokenId(ObjectId::random(self.entropy())),
            app: self.app().object_id,
            purpose,
            registration,
            methods: methods.methods().to_owned(),
            issued_at: now,
            expires_at: now.plus(self.settings().email_token_lifetime),
            used_at: None,
            voided_at: None,
            key: self.token_keys().active().clone(),
        }
    }

    /// The token pair of a new token, for a function that delivers it in its own way.
    pub(super) fn token_pair(&self, token: &MailToken) -> TokenPair {
        self.token_keys()
            .derive(token)
            .expect("a new token is derived with the active key, which is always there")
    }

    async fn is_confirmed(&self, row: &MailToken) -> Result<bool, StoreError> {
        let registration = self.find_registration_by_id(row.registration).await?;
        Ok(matches!(registration, Some(Registration::Confirmed(_))))
    }
}

fn state(row: &MailToken, methods: &str, now: Timestamp) -> LinkState {
    if row.used_at.is_some() {
        LinkState::Used
    } else if row.voided_at.is_some() || row.methods != methods {
        LinkState::Void
    } else if row.expires_at <= now {
        LinkState::Expired
    } else {
        LinkState::Usable
    }
}
