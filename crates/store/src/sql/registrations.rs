//! Registrations, and addresses that are reserved while a function decides (`reserved_until`). Both share a table, so
//! that one unique index settles every race for an address. A query for registrations says `reserved_until IS NULL`.

use async_trait::async_trait;
use doorward_core::store::{RegistrationReads, RegistrationWrites};
use doorward_core::{
    AppObjectId, EmailAddress, PasswordHash, PendingRegistration, Registration, RegistrationId, StoreError, Timestamp,
    UserId,
};

use super::db::query;
use super::{Connection, Lease, Row, Statements, Transaction, db, rows, sessions, tokens};

/// Selects registrations, and no reservations, with the columns that `registration` reads.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT id, app_id, email, password_hash, created_at, confirmed_at FROM registrations WHERE ",
            $condition,
            " AND reserved_until IS NULL"
        )
    };
}

#[async_trait]
impl<L: Lease> RegistrationReads for Statements<L> {
    async fn find_registration(
        &mut self,
        app: AppObjectId,
        email: &EmailAddress,
    ) -> Result<Option<Registration>, StoreError> {
        self.run(async |connection| {
            let row = query(select!("app_id = $1 AND email = $2"))
                .bind(app.to_string())
                .bind(email.as_str())
                .fetch_optional(connection)
                .await?;
            row.as_ref().map(registration).transpose()
        })
        .await
    }

    async fn find_registration_by_id(
        &mut self,
        app: AppObjectId,
        id: RegistrationId,
    ) -> Result<Option<Registration>, StoreError> {
        self.run(async |connection| {
            let row = query(select!("id = $1 AND app_id = $2"))
                .bind(id.to_string())
                .bind(app.to_string())
                .fetch_optional(connection)
                .await?;
            row.as_ref().map(registration).transpose()
        })
        .await
    }
}

#[async_trait]
impl RegistrationWrites for Transaction {
    async fn insert_registration(&mut self, registration: &Registration) -> Result<bool, StoreError> {
        let now = self.times(created_at(registration)).stored(created_at(registration));
        self.run(async |connection| insert(connection, registration, None, now).await)
            .await
    }

    async fn reserve_registration(
        &mut self,
        registration: &PendingRegistration,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let times = self.times(registration.created_at);
        let (now, until) = (times.stored(registration.created_at), times.stored(until));
        let registration = Registration::Pending(registration.clone());
        self.run(async |connection| insert(connection, &registration, Some(until), now).await)
            .await
    }

    /// Guarded by the id: a reservation that has lapsed may have given way to another registration.
    async fn settle_reservation(&mut self, registration: &Registration) -> Result<bool, StoreError> {
        let confirmed_at = match registration {
            Registration::Pending(_) => None,
            Registration::Confirmed(confirmed) => Some(confirmed.confirmed_at),
        };
        self.run(async |connection| {
            let done = query(
                "UPDATE registrations SET reserved_until = NULL, confirmed_at = $1
                 WHERE id = $2 AND reserved_until IS NOT NULL",
            )
            .bind(confirmed_at.map(Timestamp::as_millis))
            .bind(registration.id().to_string())
            .execute(connection)
            .await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    async fn release_reservation(&mut self, id: RegistrationId) -> Result<bool, StoreError> {
        self.run(async |connection| {
            let done = query("DELETE FROM registrations WHERE id = $1 AND reserved_until IS NOT NULL")
                .bind(id.to_string())
                .execute(connection)
                .await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    async fn confirm_registration(&mut self, id: RegistrationId, now: Timestamp) -> Result<bool, StoreError> {
        self.run(async |connection| {
            let done = query(
                "UPDATE registrations SET confirmed_at = $1
                 WHERE id = $2 AND confirmed_at IS NULL AND reserved_until IS NULL",
            )
            .bind(now.as_millis())
            .bind(id.to_string())
            .execute(connection)
            .await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    /// The registration comes first: a login with the old password either waits for this lock and then finds the hash
    /// changed, or it held the lock before, and then its session is committed and ends here with the others.
    async fn set_password(
        &mut self,
        id: RegistrationId,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let now = self.times(now).stored(now);
        self.run(async |connection| {
            let row = query(
                "UPDATE registrations SET password_hash = $1
                 WHERE id = $2 AND reserved_until IS NULL RETURNING user_id",
            )
            .bind(password.as_phc())
            .bind(id.to_string())
            .fetch_optional(&mut *connection)
            .await?;
            let Some(row) = row else { return Ok(false) };
            tokens::void_all(connection, id, now).await?;
            if let Some(user) = rows::optional_id::<UserId>(&row, "user_id")? {
                sessions::end_all_of_user(connection, user).await?;
            }
            Ok(true)
        })
        .await
    }
}

/// The unique address decides who was first; a reservation that has lapsed at `now` gives way. The loser of a race must
/// not see an error: on PostgreSQL an error would end its transaction.
async fn insert(
    connection: &mut Connection,
    registration: &Registration,
    reserved_until: Option<Timestamp>,
    now: Timestamp,
) -> db::Result<bool> {
    let (app, confirmed_at) = match registration {
        Registration::Pending(pending) => (pending.app, None),
        Registration::Confirmed(confirmed) => (confirmed.app, Some(confirmed.confirmed_at)),
    };
    let done = query(
        "INSERT INTO registrations (id, app_id, email, password_hash, created_at, confirmed_at, reserved_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (app_id, email) DO UPDATE
             SET id = excluded.id, password_hash = excluded.password_hash, created_at = excluded.created_at,
                 confirmed_at = excluded.confirmed_at, reserved_until = excluded.reserved_until
             WHERE registrations.reserved_until <= $8",
    )
    .bind(registration.id().to_string())
    .bind(app.to_string())
    .bind(registration.email().as_str())
    .bind(registration.password().as_phc())
    .bind(created_at(registration).as_millis())
    .bind(confirmed_at.map(Timestamp::as_millis))
    .bind(reserved_until.map(Timestamp::as_millis))
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn created_at(registration: &Registration) -> Timestamp {
    match registration {
        Registration::Pending(pending) => pending.created_at,
        Registration::Confirmed(confirmed) => confirmed.created_at,
    }
}

fn registration(row: &Row) -> db::Result<Registration> {
    let pending = PendingRegistration {
        id: rows::id(row, "id")?,
        app: rows::id(row, "app_id")?,
        email: rows::email(row, "email")?,
        password: rows::password(row, "password_hash")?,
        created_at: rows::time(row, "created_at")?,
    };
    Ok(match rows::optional_time(row, "confirmed_at")? {
        None => Registration::Pending(pending),
        Some(at) => Registration::Confirmed(pending.confirm(at)),
    })
}
