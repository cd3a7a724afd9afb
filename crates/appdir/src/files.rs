//! Which files belong to the app directory, and reading them within bounds.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::error::LoadError;
use crate::findings::{Findings, Item};

/// The largest file that is read.
pub const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// How many files one app directory may hold, without `node_modules` and hosted files.
pub const MAX_FILES: usize = 10_000;
/// How deep folders may be nested below the folders of an export.
pub const MAX_DEPTH: usize = 16;

/// The folders that are read into the app; what cannot be read in them is an error.
const LOADED: [&str; 6] = [
    "auth",
    "auth_providers",
    "environments",
    "functions",
    "triggers",
    "values",
];
/// The folders that are only reported; what cannot be read in them is a warning.
const REPORTED: [&str; 8] = [
    "data_sources",
    "graphql",
    "hosting",
    "http_endpoints",
    "https_endpoints",
    "log_forwarders",
    "services",
    "sync",
];
/// Files beside the root file.
const BESIDE: [&str; 2] = ["data_api_config.json", "secrets.json"];

/// The files of one app directory. Other folders (a front end, a build) are neither listed nor read.
pub(crate) struct AppFiles {
    pub(crate) root: PathBuf,
    names: BTreeSet<String>,
}

impl AppFiles {
    pub(crate) fn list(root: PathBuf, findings: &mut Findings) -> Self {
        let mut files = Self {
            root,
            names: BTreeSet::new(),
        };
        for name in BESIDE {
            if fs::symlink_metadata(files.root.join(name)).is_ok() {
                files.names.insert(name.to_owned());
            }
        }
        for (folders, loaded) in [(LOADED.as_slice(), true), (REPORTED.as_slice(), false)] {
            for folder in folders {
                if let Err(error) = files.walk(folder, loaded, findings) {
                    if loaded {
                        findings.errors.push(error);
                    } else {
                        findings
                            .warnings
                            .push(Item::new("ignored folder", error.problem()).at(*folder));
                    }
                }
            }
        }
        files
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Every file below the folder, sorted by name.
    pub(crate) fn below(&self, folder: &str) -> Vec<String> {
        let prefix = format!("{folder}/");
        self.names
            .iter()
            .filter(|name| name.starts_with(&prefix))
            .cloned()
            .collect()
    }

    /// The `.json` files directly in the folder, sorted by name.
    pub(crate) fn json_in(&self, folder: &str) -> Vec<String> {
        let mut names = self.below(folder);
        names.retain(|name| is_json(name) && !name[folder.len() + 1..].contains('/'));
        names
    }

    pub(crate) fn read(&self, name: &str) -> Result<String, LoadError> {
        read_text(&self.root, name)
    }

    fn walk(&mut self, folder: &str, loaded: bool, findings: &mut Findings) -> Result<(), LoadError> {
        let start = self.root.join(folder);
        if fs::symlink_metadata(&start).is_err() {
            return Ok(());
        }
        let walk = WalkDir::new(&start)
            .follow_root_links(false)
            .sort_by_file_name()
            .max_depth(MAX_DEPTH + 1)
            .into_iter()
            .filter_entry(is_wanted);
        for entry in walk {
            let entry = entry.map_err(|error| {
                let path = error.path().unwrap_or(&start).to_owned();
                let source = error
                    .into_io_error()
                    .unwrap_or_else(|| io::Error::other("the folders form a loop"));
                LoadError::Unreadable { path, source }
            })?;
            let path = entry.path();
            if entry.depth() > MAX_DEPTH {
                return Err(refused(
                    path,
                    format!("it is more than {MAX_DEPTH} folders deep"),
                    "Move it up.",
                ));
            }
            if entry.file_type().is_dir() {
                continue;
            }
            let Some(name) = name_of(&self.root, path) else {
                findings
                    .ignored
                    .push(Item::new(path.to_string_lossy(), "its name is not UTF-8"));
                continue;
            };
            if entry.path_is_symlink() && path.is_dir() {
                let error = refused(path, "it is a link to a folder", "Put a copy of the folder there.");
                if loaded {
                    return Err(error);
                }
                continue;
            }
            if self.names.len() >= MAX_FILES {
                let problem = format!("the app directory holds more than {MAX_FILES} files");
                return Err(refused(path, problem, "Remove what does not belong to the app."));
            }
            self.names.insert(name);
        }
        Ok(())
    }
}

/// Reads a file of the directory; a link may lead to another file of it, and nowhere else.
pub(crate) fn read_text(root: &Path, name: &str) -> Result<String, LoadError> {
    let path = root.join(name);
    let unreadable = |source| LoadError::Unreadable {
        path: path.clone(),
        source,
    };
    let target = path.canonicalize().map_err(unreadable)?;
    if !target.starts_with(root) {
        return Err(refused(
            &path,
            "it is a link that leads out of the app directory",
            "Put a copy there.",
        ));
    }
    // Opening a named pipe would wait until something writes to it.
    if !target.is_file() {
        return Err(refused(&path, "it is not a file", "Put a file there, or remove it."));
    }
    let mut bytes = Vec::new();
    let file = File::open(&target).map_err(unreadable)?;
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let problem = format!("it is larger than {} MiB", MAX_FILE_BYTES / (1024 * 1024));
        return Err(refused(&path, problem, "Make it smaller."));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        refused(
            &path,
            format!("it is not UTF-8 text (byte {offset})"),
            "Save it as UTF-8.",
        )
    })?;
    // Windows editors begin files with a byte order mark, which JSON parsers refuse.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

pub(crate) fn is_json(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "json")
}

/// The name of a file without its folders and its extension.
pub(crate) fn stem(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

fn is_wanted(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let is_hosted_files = entry.depth() == 1
        && name == "files"
        && entry
            .path()
            .parent()
            .and_then(Path::file_name)
            .is_some_and(|parent| parent == "hosting");
    name != "node_modules" && !name.starts_with('.') && !is_hosted_files
}

fn name_of(root: &Path, path: &Path) -> Option<String> {
    let parts: Option<Vec<_>> = path.strip_prefix(root).ok()?.iter().map(|part| part.to_str()).collect();
    Some(parts?.join("/"))
}

fn refused(path: &Path, problem: impl Into<String>, fix: &str) -> LoadError {
    LoadError::Refused {
        path: path.to_owned(),
        problem: problem.into(),
        fix: fix.to_owned(),
    }
}
