//! Finds the app directory, its format and its root file.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::app::Format;
use crate::error::{FileKind, LoadError};
use crate::files::read_text;
use crate::findings::Findings;
use crate::json::JsonFile;

/// How many folders above the given one are searched for the root file; realm-cli searched as many.
const MAX_PARENTS: usize = 8;

/// The V1 and V2 root files. realm-cli opened the last one that exists, so the order is part of the format.
const VERSIONED: [(&str, Format, u64); 3] = [
    ("stitch.json", Format::V1, 20_180_301),
    ("config.json", Format::V1, 20_200_603),
    ("realm_config.json", Format::V2, 20_210_101),
];
/// The error of a search that found nothing.
pub(crate) const NOTHING: &str = "no root file is there or in the folders above";
const UNVERSIONED: &str = "root_config.json";

/// The app directory that was found.
pub(crate) struct Located {
    pub(crate) root: PathBuf,
    pub(crate) format: Format,
    /// `None` if it is broken; the reason is among the errors.
    pub(crate) config: Option<JsonFile>,
    pub(crate) meta: Meta,
}

/// What the command line tools of App Services left in `.mdb`.
#[derive(Default)]
pub(crate) struct Meta {
    pub(crate) internal_app_id: Option<String>,
    pub(crate) group_id: Option<String>,
    /// With the file that holds it, so that a wrong id can be shown.
    pub(crate) client_app_id: Option<(String, JsonFile)>,
    config_version: Option<u64>,
}

#[derive(Deserialize)]
struct RawMeta {
    config_version: Option<u64>,
    app_id: Option<String>,
    group_id: Option<String>,
    client_app_id: Option<String>,
}

/// Searches `start`, its `backend` folder (template apps keep the app there), then the parents.
pub(crate) fn find(start: &Path, findings: &mut Findings) -> Option<Located> {
    let Ok(absolute) = start.canonicalize() else {
        let hint = "this path does not exist".to_owned();
        findings.errors.push(LoadError::NotFound {
            path: start.to_owned(),
            hint,
        });
        return None;
    };
    let backend = absolute.join("backend").canonicalize().ok();
    let mut folders: Vec<&Path> = absolute.ancestors().take(MAX_PARENTS + 1).collect();
    folders.splice(1..1, backend.as_deref());
    let mut hint = NOTHING.to_owned();
    for folder in folders {
        if let Some(located) = try_folder(folder, findings, &mut hint) {
            return Some(located);
        }
    }
    findings.errors.push(LoadError::NotFound { path: absolute, hint });
    None
}

fn try_folder(folder: &Path, findings: &mut Findings, hint: &mut String) -> Option<Located> {
    if is_there(folder, UNVERSIONED) {
        let meta = read_meta(folder, findings);
        let config = findings.keep(read_config(folder, UNVERSIONED));
        return Some(Located {
            root: folder.to_owned(),
            format: Format::V3,
            config,
            meta,
        });
    }
    let mut present: Vec<_> = VERSIONED
        .into_iter()
        .filter(|(name, ..)| is_there(folder, name))
        .collect();
    if present.is_empty() {
        return None;
    }
    let meta = read_meta(folder, findings);
    // The version in `.mdb` decides; the sort is stable.
    present.sort_by_key(|(_, _, version)| Some(*version) != meta.config_version);
    for (name, format, _) in present {
        match read_config(folder, name) {
            Ok(config) if !has_version(&config) => {
                let path = folder.join(name);
                *hint = format!("{} is no root file, it has no `config_version`", path.display());
            }
            result => {
                let config = findings.keep(result);
                let format = family(folder, format);
                return Some(Located {
                    root: folder.to_owned(),
                    format,
                    config,
                    meta,
                });
            }
        }
    }
    None
}

/// The format of a directory. Some exports were converted by hand, so its folders decide and the name of the root file
/// is a hint.
fn family(folder: &Path, hint: Format) -> Format {
    match (
        hint,
        folder.join("auth").is_dir(),
        folder.join("auth_providers").is_dir(),
    ) {
        (Format::V1, true, false) => Format::V2,
        (Format::V2, false, true) => Format::V1,
        _ => hint,
    }
}

/// Whether the file has a `config_version`, which tells a root file from `functions/config.json` and
/// `graphql/config.json`.
fn has_version(config: &JsonFile) -> bool {
    config
        .value
        .get("config_version")
        .and_then(serde_json::Value::as_f64)
        .is_some_and(|version| version != 0.0)
}

fn is_there(folder: &Path, name: &str) -> bool {
    fs::symlink_metadata(folder.join(name)).is_ok_and(|found| !found.is_dir())
}

fn read_config(folder: &Path, name: &str) -> Result<JsonFile, LoadError> {
    JsonFile::parse(FileKind::AppConfig, folder, name, read_text(folder, name)?)
}

fn read_meta(folder: &Path, findings: &mut Findings) -> Meta {
    let mut meta = Meta::default();
    for name in [".mdb/meta.json", ".mdb/app_meta.json"] {
        if is_there(folder, name) {
            let read = add_meta(&mut meta, folder, name);
            findings.keep(read);
        }
    }
    meta
}

fn add_meta(meta: &mut Meta, folder: &Path, name: &str) -> Result<(), LoadError> {
    let file = JsonFile::parse(FileKind::AppMeta, folder, name, read_text(folder, name)?)?;
    let Some(raw) = file.typed::<RawMeta>("")? else {
        return Err(file.wrong_type("", "an object"));
    };
    let raw = raw.value;
    meta.config_version = meta.config_version.or(raw.config_version);
    let internal_app_id = object_id(&file, "/app_id", raw.app_id)?;
    let group_id = object_id(&file, "/group_id", raw.group_id)?;
    meta.internal_app_id = meta.internal_app_id.take().or(internal_app_id);
    meta.group_id = meta.group_id.take().or(group_id);
    if let Some(id) = raw.client_app_id.filter(|id| !id.is_empty())
        && meta.client_app_id.is_none()
    {
        meta.client_app_id = Some((id, file));
    }
    Ok(())
}

fn object_id(file: &JsonFile, pointer: &str, id: Option<String>) -> Result<Option<String>, LoadError> {
    match id {
        Some(id) if id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Ok(Some(id.to_ascii_lowercase()))
        }
        Some(id) if !id.is_empty() => {
            let fix = "Write 24 hexadecimal digits, or remove the key.";
            Err(file.invalid(pointer, format!("{id:?} is not an id"), fix))
        }
        _ => Ok(None),
    }
}
