//! The part of sqlx that the SQL is written with, over rusqlite: a statement runs on its caller's thread.
//!
//! sqlx gives each SQLite connection a thread and hands every statement over to it. While the password pool keeps the
//! cores busy, such a hand-over costs more than the statement: see docs/adr/0012.

use std::error::Error as StdError;
use std::fmt;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::types::Value;

/// A statement that takes longer is logged as slow: a local file answers in milliseconds.
const SLOW: Duration = Duration::from_secs(1);

/// The database, as a type parameter of [`QueryBuilder`].
pub(super) enum Db {}

pub(super) type Connection = rusqlite::Connection;
pub(super) type Result<T> = std::result::Result<T, Error>;

/// What went wrong.
#[derive(Debug)]
pub(super) enum Error {
    /// SQLite refused.
    Sqlite(rusqlite::Error),
    /// A value in the database is not what its column is for.
    ColumnDecode {
        index: String,
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A value cannot be written.
    Encode(Box<dyn StdError + Send + Sync>),
    /// No row, where there is always one.
    RowNotFound,
    /// Something else.
    Io(std::io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => error.fmt(f),
            Self::ColumnDecode { index, source } => write!(f, "the column {index} cannot be read: {source}"),
            Self::Encode(error) => write!(f, "a value cannot be written: {error}"),
            Self::RowNotFound => f.write_str("a query that always has a row had none"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// A statement that was put together at run time, of trusted parts only.
pub(super) struct AssertSqlSafe(pub(super) String);

/// The text of a statement.
pub(super) enum Sql {
    Fixed(&'static str),
    Made(String),
}

impl Sql {
    fn as_str(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Made(text) => text,
        }
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self::Fixed(text)
    }
}

impl From<AssertSqlSafe> for Sql {
    fn from(text: AssertSqlSafe) -> Self {
        Self::Made(text.0)
    }
}

/// A statement with its values.
pub(super) struct Query {
    sql: Sql,
    values: Vec<Value>,
    persistent: bool,
}

pub(super) fn query(sql: impl Into<Sql>) -> Query {
    Query {
        sql: sql.into(),
        values: Vec::new(),
        persistent: true,
    }
}

impl Query {
    /// The value of the next parameter: the first is `$1`.
    pub(super) fn bind(mut self, value: impl IntoValue) -> Self {
        self.values.push(value.into_value());
        self
    }

    /// Whether the compiled statement is worth keeping.
    pub(super) fn persistent(self, persistent: bool) -> Self {
        Self { persistent, ..self }
    }

    pub(super) fn execute(self, connection: &mut Connection) -> Ready<Result<Done>> {
        ready(self.execute_now(connection))
    }

    pub(super) fn execute_now(self, connection: &Connection) -> Result<Done> {
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method by its name is not general enough in its lifetimes"
        )]
        let rows_affected = self.with(connection, |statement| statement.raw_execute())?;
        Ok(Done { rows_affected })
    }

    pub(super) fn fetch_optional(self, connection: &mut Connection) -> Ready<Result<Option<Row>>> {
        ready(self.rows(connection, 1).map(|mut rows| rows.pop()))
    }

    pub(super) fn fetch_one(self, connection: &mut Connection) -> Ready<Result<Row>> {
        let rows = self.rows(connection, 1);
        ready(rows.and_then(|mut rows| rows.pop().ok_or(Error::RowNotFound)))
    }

    pub(super) fn fetch_all(self, connection: &mut Connection) -> Ready<Result<Vec<Row>>> {
        ready(self.rows(connection, usize::MAX))
    }

    fn rows(self, connection: &Connection, most: usize) -> Result<Vec<Row>> {
        self.with(connection, |statement| {
            let columns: Arc<[String]> = statement.column_names().into_iter().map(str::to_owned).collect();
            let mut found = Vec::new();
            let mut rows = statement.raw_query();
            while found.len() < most
                && let Some(row) = rows.next()?
            {
                let values = (0..columns.len())
                    .map(|at| row.get(at))
                    .collect::<rusqlite::Result<_>>()?;
                found.push(Row {
                    columns: Arc::clone(&columns),
                    values,
                });
            }
            Ok(found)
        })
    }

    fn with<T>(
        self,
        connection: &Connection,
        run: impl FnOnce(&mut rusqlite::Statement<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let begun = Instant::now();
        let answer = if self.persistent {
            let mut statement = connection.prepare_cached(self.sql.as_str())?;
            bind_all(&mut statement, &self.values)?;
            run(&mut statement)
        } else {
            let mut statement = connection.prepare(self.sql.as_str())?;
            bind_all(&mut statement, &self.values)?;
            run(&mut statement)
        };
        // The text has no values in it.
        let (sql, elapsed) = (self.sql.as_str(), begun.elapsed());
        if elapsed >= SLOW {
            tracing::warn!(sql, ?elapsed, "a statement was slow");
        } else {
            tracing::debug!(sql, ?elapsed, "a statement ran");
        }
        Ok(answer?)
    }
}

/// SQLite numbers parameters by their first occurrence in the text, and `$2` may stand before `$1`.
fn bind_all(statement: &mut rusqlite::Statement<'_>, values: &[Value]) -> rusqlite::Result<()> {
    for index in 1..=statement.parameter_count() {
        let number = match statement.parameter_name(index) {
            Some(name) => name[1..].parse().unwrap_or(index),
            None => index,
        };
        let value = values
            .get(number - 1)
            .ok_or(rusqlite::Error::InvalidParameterCount(values.len(), number))?;
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

/// What a statement did.
pub(super) struct Done {
    rows_affected: usize,
}

impl Done {
    pub(super) fn rows_affected(&self) -> u64 {
        self.rows_affected as u64
    }
}

/// A row, taken out of its statement.
pub(super) struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

/// Reading a row by the names of its columns.
pub(super) trait ReadRow {
    fn try_get<'r, T: FromValue<'r>, N: AsRef<str>>(&'r self, column: N) -> Result<T>;
}

impl ReadRow for Row {
    fn try_get<'r, T: FromValue<'r>, N: AsRef<str>>(&'r self, column: N) -> Result<T> {
        let column = column.as_ref();
        let at = self.columns.iter().position(|name| name == column);
        let value = at.and_then(|at| self.values.get(at));
        value.and_then(T::from_value).ok_or_else(|| Error::ColumnDecode {
            index: column.to_owned(),
            source: "it is missing, or of another type".into(),
        })
    }
}

/// A statement that is put together value by value.
pub(super) struct QueryBuilder<D> {
    query: Query,
    database: PhantomData<D>,
}

/// Values with something between them.
pub(super) struct Separated<'b> {
    query: &'b mut Query,
    separator: &'static str,
    first: bool,
}

impl<D> QueryBuilder<D> {
    pub(super) fn new(sql: &str) -> Self {
        Self {
            query: query(AssertSqlSafe(sql.to_owned())),
            database: PhantomData,
        }
    }

    pub(super) fn push(&mut self, sql: &str) {
        self.query.push(sql);
    }

    pub(super) fn separated(&mut self, separator: &'static str) -> Separated<'_> {
        Separated {
            query: &mut self.query,
            separator,
            first: true,
        }
    }

    pub(super) fn build(self) -> Query {
        self.query
    }
}

impl Query {
    fn push(&mut self, sql: &str) {
        let text = format!("{}{sql}", self.sql.as_str());
        self.sql = Sql::Made(text);
    }
}

impl Separated<'_> {
    pub(super) fn push_bind(&mut self, value: impl IntoValue) {
        if !std::mem::take(&mut self.first) {
            self.query.push(self.separator);
        }
        self.query.push("?");
        self.query.values.push(value.into_value());
    }
}

/// What can stand in place of a parameter.
pub(super) trait IntoValue {
    fn into_value(self) -> Value;
}

impl IntoValue for i64 {
    fn into_value(self) -> Value {
        Value::Integer(self)
    }
}

impl IntoValue for String {
    fn into_value(self) -> Value {
        Value::Text(self)
    }
}

impl IntoValue for &str {
    fn into_value(self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl IntoValue for &[u8] {
    fn into_value(self) -> Value {
        Value::Blob(self.to_owned())
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, T::into_value)
    }
}

/// What can be read out of a column. A null is read as `None` only.
pub(super) trait FromValue<'r>: Sized {
    fn from_value(value: &'r Value) -> Option<Self>;
}

impl FromValue<'_> for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl<'r> FromValue<'r> for &'r str {
    fn from_value(value: &'r Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl FromValue<'_> for String {
    fn from_value(value: &Value) -> Option<Self> {
        <&str>::from_value(value).map(str::to_owned)
    }
}

impl FromValue<'_> for Vec<u8> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Blob(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }
}

impl<'r, T: FromValue<'r>> FromValue<'r> for Option<T> {
    fn from_value(value: &'r Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}
