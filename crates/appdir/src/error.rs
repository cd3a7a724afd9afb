//! Why a directory cannot be loaded: where, what is wrong, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// Why a directory cannot be loaded. Every variant names the path, what is wrong there, and the fix.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// No directory holds a root file.
    #[error("failed to find app at {path}: {hint}. {fix}", path = path.display(), fix = self.fix())]
    NotFound {
        /// Where the search started.
        path: PathBuf,
        /// What was found instead.
        hint: String,
    },

    /// The operating system refused to read a file or folder.
    #[error("failed to read {path}. {fix}", path = path.display(), fix = self.fix())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// A file or folder that Doorward will not read: too large, too deep, a link, or not text.
    #[error("refused to read {path}: {problem}. {fix}", path = path.display())]
    Refused {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do about it, as one sentence.
        fix: String,
    },

    /// A file that is not JSON, or holds the wrong type of value.
    #[error("failed to parse {file}{path}: {problem} at {place}. {fix}", path = path.display())]
    Json {
        /// What the file is to the app.
        file: FileKind,
        /// The file.
        path: PathBuf,
        /// Where in the file.
        place: Place,
        /// What is wrong there.
        problem: String,
        /// What to do about it, as one sentence.
        fix: String,
    },

    /// JSON of the right types whose content cannot be used.
    #[error("failed to parse {file}{path}: {problem} at {place}. {fix}", path = path.display())]
    Invalid {
        /// What the file is to the app.
        file: FileKind,
        /// The file.
        path: PathBuf,
        /// Where in the file.
        place: Place,
        /// What is wrong there.
        problem: String,
        /// What to do about it, as one sentence.
        fix: String,
    },

    /// A function that something enabled calls is not in the directory.
    #[error(
        "failed to parse {file}{path}: {needed_by} calls the function {function:?}, which does not exist, at {place}. {fix}",
        path = path.display(), fix = self.fix()
    )]
    FunctionNotFound {
        /// What the file is to the app.
        file: FileKind,
        /// The file that names the function.
        path: PathBuf,
        /// Where in the file.
        place: Place,
        /// The name or id of the function.
        function: String,
        /// What calls it.
        needed_by: String,
    },

    /// A script that can be called does not compile.
    #[error("failed to compile {path}: {problem} at {place}. {fix}", path = path.display(), fix = self.fix())]
    Script {
        /// The script.
        path: PathBuf,
        /// The function's name.
        function: String,
        /// Where in the script.
        place: Place,
        /// What the engine says.
        problem: String,
    },

    /// Neither the command line nor the directory says which client app id the SDKs use.
    #[error("failed to find the app id of {path}. {fix}", path = path.display(), fix = self.fix())]
    AppIdMissing {
        /// The app directory.
        path: PathBuf,
    },

    /// The app id from the command line cannot be one.
    #[error("the app id {app_id:?} given for {path} is not valid. {fix}", path = path.display(), fix = self.fix())]
    AppIdInvalid {
        /// The app directory.
        path: PathBuf,
        /// The id that was given.
        app_id: String,
    },
}

/// What a JSON file is to the app. Error messages begin with it, as those of the original tools did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// The root file.
    AppConfig,
    /// A file the command line tools of App Services left in `.mdb`.
    AppMeta,
    /// Any other file.
    Other,
}

/// A position in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The JSON pointer (RFC 6901); empty for the whole document, and for a file that is not JSON.
    pub pointer: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
}

impl LoadError {
    /// The file or folder it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::NotFound { path, .. }
            | Self::Unreadable { path, .. }
            | Self::Refused { path, .. }
            | Self::Json { path, .. }
            | Self::Invalid { path, .. }
            | Self::FunctionNotFound { path, .. }
            | Self::Script { path, .. }
            | Self::AppIdMissing { path }
            | Self::AppIdInvalid { path, .. } => path,
        }
    }

    /// The position in the file, where there is one.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Json { place, .. }
            | Self::Invalid { place, .. }
            | Self::FunctionNotFound { place, .. }
            | Self::Script { place, .. } => Some(place),
            Self::NotFound { .. }
            | Self::Unreadable { .. }
            | Self::Refused { .. }
            | Self::AppIdMissing { .. }
            | Self::AppIdInvalid { .. } => None,
        }
    }

    /// What is wrong, without the path, the position and the fix.
    pub fn problem(&self) -> String {
        match self {
            Self::NotFound { hint, .. } => format!("failed to find app: {hint}"),
            Self::Unreadable { source, .. } => format!("failed to read: {source}"),
            Self::Refused { problem, .. }
            | Self::Json { problem, .. }
            | Self::Invalid { problem, .. }
            | Self::Script { problem, .. } => problem.clone(),
            Self::FunctionNotFound {
                function, needed_by, ..
            } => {
                format!("{needed_by} calls the function {function:?}, which does not exist")
            }
            Self::AppIdMissing { .. } => "no file says which app id the SDKs use".to_owned(),
            Self::AppIdInvalid { app_id, .. } => format!("the app id {app_id:?} is not valid"),
        }
    }

    /// What to do about it, as one sentence.
    pub fn fix(&self) -> String {
        match self {
            Self::NotFound { .. } => {
                "Name the folder that holds root_config.json, realm_config.json, config.json or stitch.json.".to_owned()
            }
            Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "Restore the file, or remove the link that leads to it.".to_owned()
            }
            Self::Unreadable { .. } => "Give the user that runs Doorward the right to read it.".to_owned(),
            Self::Refused { fix, .. } | Self::Json { fix, .. } | Self::Invalid { fix, .. } => fix.clone(),
            Self::FunctionNotFound { function, .. } => {
                format!("Add the function {function:?} to the functions folder, or correct the name.")
            }
            Self::Script { function, .. } => {
                format!("Correct the script, or remove the function {function:?}.")
            }
            Self::AppIdMissing { .. } => {
                "Give the id that is compiled into the apps on the command line: APP_ID=APP_DIR.".to_owned()
            }
            Self::AppIdInvalid { .. } => APP_ID_FIX.to_owned(),
        }
    }
}

/// The fix for an app id of the wrong form, wherever it came from.
pub(crate) const APP_ID_FIX: &str = "Write 1 to 64 ASCII letters, digits, `_` or `-`, such as `notes-abcde`.";

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AppConfig => "app config at ",
            Self::AppMeta => "app meta at ",
            Self::Other => "",
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pointer.is_empty() {
            write!(f, "`{}`, ", self.pointer)?;
        }
        write!(f, "line {}, column {}", self.line, self.column)
    }
}
