//! From columns to the types of the contract. A value that cannot be read is an error, never a default.

use std::error::Error;
use std::str::FromStr;

use super::db::ReadRow as _;
use doorward_core::{EmailAddress, ExternalId, KeyId, MailToken, PasswordHash, Timestamp};

use super::{Row, db};

/// An id, or anything else that is stored as its text.
pub(super) fn id<T>(row: &Row, column: &str) -> db::Result<T>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    row.try_get::<&str, _>(column)?
        .parse()
        .map_err(|error| malformed(column, error))
}

pub(super) fn optional_id<T>(row: &Row, column: &str) -> db::Result<Option<T>>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    let text = row.try_get::<Option<&str>, _>(column)?;
    text.map(|text| text.parse().map_err(|error| malformed(column, error)))
        .transpose()
}

pub(super) fn text(row: &Row, column: &str) -> db::Result<String> {
    row.try_get(column)
}

pub(super) fn time(row: &Row, column: &str) -> db::Result<Timestamp> {
    row.try_get(column).map(Timestamp::from_millis)
}

pub(super) fn optional_time(row: &Row, column: &str) -> db::Result<Option<Timestamp>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis))
}

pub(super) fn count<T>(row: &Row, column: &str) -> db::Result<T>
where
    T: TryFrom<i64, Error: Error + Send + Sync + 'static>,
{
    T::try_from(row.try_get::<i64, _>(column)?).map_err(|error| malformed(column, error))
}

pub(super) fn email(row: &Row, column: &str) -> db::Result<EmailAddress> {
    EmailAddress::parse(row.try_get(column)?).map_err(|error| malformed(column, error))
}

pub(super) fn optional_bytes(row: &Row, column: &str) -> db::Result<Option<Vec<u8>>> {
    row.try_get(column)
}

pub(super) fn external_id(text: &str, column: &str) -> db::Result<ExternalId> {
    ExternalId::parse(text).ok_or_else(|| malformed(column, NoExternalId))
}

pub(super) fn password(row: &Row, column: &str) -> db::Result<PasswordHash> {
    text(row, column).map(PasswordHash::from_phc)
}

/// A whole token, from the columns that [`super::tokens`] and [`super::outbox`] select alike.
pub(super) fn mail_token(row: &Row) -> db::Result<MailToken> {
    let purpose = row.try_get::<&str, _>("purpose")?;
    Ok(MailToken {
        id: id(row, "token_id")?,
        app: id(row, "app_id")?,
        purpose: purpose.parse().map_err(|()| malformed("purpose", UnknownPurpose))?,
        registration: id(row, "registration_id")?,
        methods: text(row, "methods")?,
        issued_at: time(row, "issued_at")?,
        expires_at: time(row, "expires_at")?,
        used_at: optional_time(row, "used_at")?,
        voided_at: optional_time(row, "voided_at")?,
        key: KeyId(text(row, "key_id")?),
    })
}

#[derive(Debug, thiserror::Error)]
#[error("a token's purpose is unknown")]
struct UnknownPurpose;

#[derive(Debug, thiserror::Error)]
#[error("an external id is not one")]
struct NoExternalId;

pub(super) fn malformed(column: &str, error: impl Error + Send + Sync + 'static) -> db::Error {
    db::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::new(error),
    }
}
