//! The root file: app id, name, environment, location, origins.

use serde::Deserialize;
use serde_json::Value;

use crate::LoadOptions;
use crate::app::{Environment, Format};
use crate::error::{APP_ID_FIX, LoadError};
use crate::findings::{Findings, Item};
use crate::json::JsonFile;
use crate::locate::{Located, Meta};
use crate::origins;

/// What the root file says, with the defaults filled in.
#[derive(Default)]
pub(crate) struct RootFile {
    /// Empty if it is missing or wrong; the reason is among the errors.
    pub(crate) client_app_id: String,
    pub(crate) name: String,
    pub(crate) deployment_model: String,
    pub(crate) location: String,
    pub(crate) allowed_request_origins: Vec<String>,
}

#[derive(Deserialize)]
struct RawRoot {
    app_id: Option<String>,
    name: Option<String>,
    deployment_model: Option<String>,
    location: Option<String>,
    provider_region: Option<String>,
}

#[derive(Deserialize)]
struct RawOrigins {
    allowed_request_origins: Option<Vec<String>>,
}

/// Reads which environment is selected. Template expansions depend on it, also those of the root file.
pub(crate) fn environment(config: &JsonFile) -> Result<Environment, LoadError> {
    let tag = match config.value.get("environment") {
        None | Some(Value::Null) => return Ok(Environment::NoEnvironment),
        Some(Value::String(tag)) => tag,
        Some(_) => return Err(config.wrong_type("/environment", "a string")),
    };
    Environment::ALL
        .into_iter()
        .find(|known| tag == known.tag() || tag == known.file_stem())
        .ok_or_else(|| {
            let fix = "Write development, testing, qa or production, or an empty string for none.";
            config.invalid("/environment", format!("there is no environment {tag:?}"), fix)
        })
}

pub(crate) fn read(located: &Located, options: &LoadOptions, findings: &mut Findings) -> RootFile {
    let mut root = RootFile::default();
    let mut app_id = None;
    if let Some(config) = &located.config {
        let raw = match config.typed::<RawRoot>("") {
            Ok(Some(raw)) => Some(raw.value),
            Ok(None) => {
                findings.errors.push(config.wrong_type("", "an object"));
                None
            }
            Err(error) => {
                findings.errors.push(error);
                None
            }
        };
        if let Some(raw) = raw {
            root.deployment_model = filled(raw.deployment_model).unwrap_or_else(|| "GLOBAL".to_owned());
            root.location = filled(raw.location)
                .or_else(|| filled(raw.provider_region).map(location_of))
                .unwrap_or_else(|| "US-VA".to_owned());
            root.name = findings
                .keep(name(config, located.format, raw.name))
                .unwrap_or_default();
            app_id = Some(filled(raw.app_id));
        }
        root.allowed_request_origins = allowed_origins(config, findings);
        note_inert_keys(config, findings);
    }
    let Some(in_root_file) = app_id.or_else(|| options.app_id.is_some().then_some(None)) else {
        return root;
    };
    let id = client_app_id(located, options, in_root_file);
    root.client_app_id = findings.keep(id).unwrap_or_default();
    if root.name.is_empty() {
        root.name.clone_from(&root.client_app_id);
    }
    root
}

/// The command line wins over the root file, which wins over `.mdb`. The id is never made up, because the apps in the
/// field have it compiled in.
fn client_app_id(located: &Located, options: &LoadOptions, in_root_file: Option<String>) -> Result<String, LoadError> {
    if let Some(id) = &options.app_id {
        return if is_app_id(id) {
            Ok(id.clone())
        } else {
            Err(LoadError::AppIdInvalid {
                path: located.root.clone(),
                app_id: id.clone(),
            })
        };
    }
    let wrong = |file: &JsonFile, pointer, id| {
        Err(file.invalid(pointer, format!("the app id {id:?} is not valid"), APP_ID_FIX))
    };
    match (in_root_file, &located.config, &located.meta) {
        (Some(id), Some(config), _) if !is_app_id(&id) => wrong(config, "/app_id", &id),
        (Some(id), ..) => Ok(id),
        (
            None,
            _,
            Meta {
                client_app_id: Some((id, file)),
                ..
            },
        ) if !is_app_id(id) => wrong(file, "/client_app_id", id),
        (
            None,
            _,
            Meta {
                client_app_id: Some((id, _)),
                ..
            },
        ) => Ok(id.clone()),
        (None, ..) => Err(LoadError::AppIdMissing {
            path: located.root.clone(),
        }),
    }
}

fn is_app_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// The name of the app. V3 requires it, because nothing else shows there that the file belongs to an app.
fn name(config: &JsonFile, format: Format, name: Option<String>) -> Result<String, LoadError> {
    let Some(name) = filled(name) else {
        return if format == Format::V3 {
            let fix = "Add the name of the app, such as \"name\": \"notes\".";
            Err(config.invalid("", "`name` is missing", fix))
        } else {
            Ok(String::new())
        };
    };
    let is_name = name.len() <= 32
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if is_name {
        Ok(name)
    } else {
        let fix = "Write a letter, then up to 31 ASCII letters, digits, `_` or `-`.";
        Err(config.invalid("/name", format!("the name {name:?} is not valid"), fix))
    }
}

/// The allowed origins. V1 keeps them under `security`, and a converted root file may have them in either place.
fn allowed_origins(config: &JsonFile, findings: &mut Findings) -> Vec<String> {
    let mut origins = Vec::new();
    for parent in ["", "/security"] {
        let Some(Some(raw)) = findings.keep(config.typed::<RawOrigins>(parent)) else {
            continue;
        };
        for (index, text) in raw.value.allowed_request_origins.into_iter().flatten().enumerate() {
            let pointer = format!("{parent}/allowed_request_origins/{index}");
            let parsed = origins::parse(&text).map_err(|problem| {
                config.invalid(
                    &pointer,
                    problem,
                    "Write it like https://www.example.com or http://localhost:8080.",
                )
            });
            if let Some(origin) = findings.keep(parsed)
                && !origins.contains(&origin)
            {
                origins.push(origin);
            }
        }
    }
    origins
}

/// Reports hosting and sync, which V1 keeps in the root file, if they were switched on.
fn note_inert_keys(config: &JsonFile, findings: &mut Findings) {
    for (pointer, what, why) in [
        ("/hosting/enabled", "hosting", "Doorward serves no files of apps"),
        (
            "/sync/development_mode_enabled",
            "sync",
            "Doorward keeps accounts, not data",
        ),
    ] {
        if config.value.pointer(pointer) == Some(&Value::Bool(true)) {
            findings.ignored.push(Item::new(what, why).at(&config.name));
        }
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// The location of a cloud region. The API has the location, and newer exports hold only the region.
fn location_of(region: String) -> String {
    let location = match region.as_str() {
        "aws-us-east-1" => "US-VA",
        "aws-us-west-2" => "US-OR",
        "aws-eu-central-1" => "DE-FF",
        "aws-eu-west-1" => "IE",
        "aws-ap-southeast-2" => "AU",
        "aws-ap-south-1" => "IN-MB",
        "aws-ap-southeast-1" => "SG",
        "aws-sa-east-1" => "BR-SP",
        _ => return region,
    };
    location.to_owned()
}
