//! Registrations, and the reservation of an address while a function decides.

use async_trait::async_trait;

use super::StoreError;
use crate::{AppObjectId, EmailAddress, PasswordHash, PendingRegistration, Registration, RegistrationId, Timestamp};

/// Reads about registrations.
#[async_trait]
pub trait RegistrationReads {
    /// The registration of an address, compared byte for byte.
    async fn find_registration(
        &mut self,
        app: AppObjectId,
        email: &EmailAddress,
    ) -> Result<Option<Registration>, StoreError>;

    /// A registration by its id.
    async fn find_registration_by_id(
        &mut self,
        app: AppObjectId,
        id: RegistrationId,
    ) -> Result<Option<Registration>, StoreError>;
}

/// Writes about registrations.
#[async_trait]
pub trait RegistrationWrites {
    /// Stores a registration. `false`: the address is taken, pending or confirmed, and nothing was stored.
    async fn insert_registration(&mut self, registration: &Registration) -> Result<bool, StoreError>;

    /// Reserves an address until `until`, for a registration that a function is deciding about. Only
    /// `insert_registration` and this method see it; a reservation that has lapsed gives way to either. `false`: the
    /// address is taken or reserved, and nothing was stored.
    async fn reserve_registration(
        &mut self,
        registration: &PendingRegistration,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Turns a reservation into the registration that it was for. `false`: it has lapsed and is gone.
    async fn settle_reservation(&mut self, registration: &Registration) -> Result<bool, StoreError>;

    /// Releases a reserved address. `false`: it is no longer reserved for this registration.
    async fn release_reservation(&mut self, id: RegistrationId) -> Result<bool, StoreError>;

    /// Confirms a pending registration. `false`: it is gone or already confirmed.
    async fn confirm_registration(&mut self, id: RegistrationId, now: Timestamp) -> Result<bool, StoreError>;

    /// Sets a new password hash, voids every token of the registration and ends every session of its user.
    /// `false`: the registration is gone.
    async fn set_password(
        &mut self,
        id: RegistrationId,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}
