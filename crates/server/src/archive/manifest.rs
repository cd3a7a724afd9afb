//! What an archive says about itself, in its first member.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use doorward_core::AppId;
use doorward_store::SqliteStore;
use serde::{Deserialize, Serialize};

/// The version of the archive's own form.
const FORMAT: u32 = 1;

/// What an archive holds, and which program wrote it when.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    format: u32,
    /// The version of the program that wrote it.
    pub(crate) doorward: String,
    /// The version of the database's schema.
    pub(crate) schema: i64,
    /// When the database was copied (RFC 3339).
    pub(crate) taken_at: String,
    /// What follows, in this order.
    pub(crate) members: Vec<Entry>,
}

/// A member, with what it must be.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) name: Member,
    /// In bytes.
    pub(crate) size: u64,
    /// In lower-case hexadecimal digits.
    pub(crate) sha256: String,
}

/// The name of a member. There are no others, so that an archive cannot name a file outside of a data directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) enum Member {
    Database,
    /// A key ring, by its path below the directory of keys.
    Keys(String),
}

impl Manifest {
    pub(super) fn new(schema: i64, taken_at: String, members: Vec<Entry>) -> Self {
        Self {
            format: FORMAT,
            doorward: env!("CARGO_PKG_VERSION").to_owned(),
            schema,
            taken_at,
            members,
        }
    }

    /// Refuses what this program cannot restore.
    pub(super) fn check(&self) -> Result<()> {
        let newest = SqliteStore::newest_schema();
        if self.format != FORMAT || self.schema > newest {
            bail!(
                "the archive was written by Doorward {}; this is Doorward {}, which cannot read it",
                self.doorward,
                env!("CARGO_PKG_VERSION")
            );
        }
        let names: Vec<_> = self.members.iter().map(|member| &member.name).collect();
        let doubled = names.iter().enumerate().any(|(at, name)| names[..at].contains(name));
        if doubled || names.first() != Some(&&Member::Database) {
            bail!("the manifest of the archive does not begin with the database, or names a file twice");
        }
        Ok(())
    }

    /// Refuses a database that is not whole, or not the one that the manifest describes. It was extracted to this path.
    pub(crate) async fn verify_database(&self, path: &Path) -> Result<()> {
        let schema = SqliteStore::verify(path).await?;
        if schema != self.schema {
            bail!(
                "the database in the archive has schema {schema}, and the manifest says {}",
                self.schema
            );
        }
        Ok(())
    }

    /// How many key rings there are.
    pub(crate) fn keys(&self) -> usize {
        self.members.len() - 1
    }
}

impl Member {
    /// The key ring at this path below the directory of keys.
    pub(super) fn of_keys(path: &Path) -> Option<Self> {
        let parts: Option<Vec<_>> = path.iter().map(|part| part.to_str()).collect();
        Self::try_from(format!("keys/{}", parts?.join("/"))).ok()
    }

    /// Where it lies below the directory of keys. `None`: it is the database.
    pub(crate) fn path_of_keys(&self) -> Option<PathBuf> {
        match self {
            Self::Database => None,
            Self::Keys(path) => Some(path.split('/').collect()),
        }
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => f.write_str("doorward.sqlite"),
            Self::Keys(path) => write!(f, "keys/{path}"),
        }
    }
}

impl From<Member> for String {
    fn from(member: Member) -> Self {
        member.to_string()
    }
}

impl TryFrom<String> for Member {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        if name == "doorward.sqlite" {
            return Ok(Self::Database);
        }
        let path = name.strip_prefix("keys/").ok_or("a file that no archive has")?;
        let known = match path.split_once('/') {
            None => path == "mail.json",
            Some((app, ring)) => AppId::parse(app).is_some() && matches!(ring, "access.json" | "refresh.json"),
        };
        known
            .then(|| Self::Keys(path.to_owned()))
            .ok_or("a file that no archive has")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_can_name_files_of_a_data_directory_only() {
        for name in ["doorward.sqlite", "keys/mail.json", "keys/notes-abcde/access.json"] {
            let member = Member::try_from(name.to_owned()).unwrap();
            assert_eq!(member.to_string(), name);
        }
        for name in [
            "",
            "/doorward.sqlite",
            "../doorward.sqlite",
            "keys/other.json",
            "keys/../mail.json",
            "keys/../access.json",
            "keys/a/b/access.json",
            "keys/notes-abcde/other.json",
            "keys//access.json",
            "KEYS/mail.json",
        ] {
            assert!(Member::try_from(name.to_owned()).is_err(), "{name}");
        }
    }
}
