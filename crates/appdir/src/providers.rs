//! Authentication providers.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::app::Format;
use crate::error::LoadError;
use crate::files::stem;
use crate::findings::Item;
use crate::json::JsonFile;
use crate::json_position::join;
use crate::loader::Reader;
use crate::userpass::{UserpassConfig, UserpassKeys};
use crate::userpass_check::{Selection, select};

/// One authentication provider, as it is in the directory.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Provider {
    /// The name, which is also the type, such as `local-userpass`.
    pub name: String,
    /// The id of a V1 export.
    pub id: Option<String>,
    /// Switched off.
    pub disabled: bool,
    /// The settings.
    pub config: Map<String, Value>,
    /// For each setting that is a secret, the names of the secrets that it uses.
    pub secret_config: BTreeMap<String, Vec<String>>,
    /// What is copied from the provider into the user's profile.
    pub metadata_fields: Vec<Value>,
    /// Where a browser may be sent after the login.
    pub redirect_uris: Vec<String>,
    /// The e-mail domains that may log in.
    pub domain_restrictions: Vec<String>,
    /// Keys that Doorward does not know.
    pub unknown: Map<String, Value>,
}

pub(crate) const USERPASS: &str = "local-userpass";
pub(crate) const CUSTOM_FUNCTION: &str = "custom-function";
const PROVIDERS: &str = "auth/providers.json";

#[derive(Deserialize)]
struct RawProvider {
    id: Option<String>,
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    disabled: Option<bool>,
    config: Option<Map<String, Value>>,
    secret_config: Option<BTreeMap<String, Option<OneOrMany>>>,
    metadata_fields: Option<Vec<Value>>,
    redirect_uris: Option<Vec<String>>,
    domain_restrictions: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a string or an array of strings")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

pub(crate) fn read(reader: &mut Reader<'_>, format: Format) -> Providers {
    let mut found = Providers::default();
    match format {
        Format::V1 => {
            for name in reader.files.json_in("auth_providers") {
                if let Some(file) = reader.json(&name) {
                    found.add(reader, &file, "", stem(&name));
                }
            }
        }
        Format::V2 | Format::V3 => {
            if reader.files.contains(PROVIDERS)
                && let Some(file) = reader.json(PROVIDERS)
            {
                found.add_all(reader, &file);
            }
        }
    }
    found
}

/// What a directory says about providers.
#[derive(Default)]
pub(crate) struct Providers {
    pub(crate) list: Vec<Provider>,
    /// E-mail/password accounts, if their provider is enabled.
    pub(crate) userpass: Option<UserpassConfig>,
    /// The function of `custom-function`, if it is enabled.
    pub(crate) login_function: Option<String>,
}

impl Providers {
    fn add_all(&mut self, reader: &mut Reader<'_>, file: &JsonFile) {
        let Some(entries) = file.value.as_object() else {
            reader
                .findings
                .errors
                .push(file.wrong_type("", "an object of providers"));
            return;
        };
        for (key, value) in entries {
            match value {
                Value::Null => {}
                Value::Object(_) => self.add(reader, file, &join("", key), key),
                // Third-party tools keep notes of their own here.
                _ => {
                    let why = "it is not an object, so it is no provider";
                    reader
                        .findings
                        .ignored
                        .push(Item::new(format!("provider {key:?}"), why).at(PROVIDERS));
                }
            }
        }
    }

    fn add(&mut self, reader: &mut Reader<'_>, file: &JsonFile, pointer: &str, fallback_name: &str) {
        let Some(provider) = read_provider(reader, file, pointer, fallback_name) else {
            return;
        };
        if self.list.iter().any(|earlier| earlier.name == provider.name) {
            let problem = format!("a second provider is called {:?}", provider.name);
            let error = file.invalid(&format!("{pointer}/name"), problem, "Remove one of the two.");
            reader.findings.errors.push(error);
            return;
        }
        match provider.name.as_str() {
            USERPASS => self.userpass = read_userpass(reader, file, pointer, &provider),
            CUSTOM_FUNCTION => self.login_function = read_login_function(reader, file, pointer, &provider),
            _ => {}
        }
        let offered = [USERPASS, CUSTOM_FUNCTION].contains(&provider.name.as_str());
        if !offered || (provider.disabled && provider.name == CUSTOM_FUNCTION) {
            let why = if provider.disabled {
                "disabled"
            } else {
                "enabled, but Doorward does not offer it"
            };
            reader
                .findings
                .ignored
                .push(Item::new(format!("provider {:?}", provider.name), why).at(&file.name));
        }
        if !provider.disabled {
            for secret in provider.secret_config.values().flatten() {
                reader.need_secret(file, secret, &format!("the provider {:?}", provider.name));
            }
        }
        self.list.push(provider);
    }
}

fn read_provider(reader: &mut Reader<'_>, file: &JsonFile, pointer: &str, fallback_name: &str) -> Option<Provider> {
    let typed = file
        .typed::<RawProvider>(pointer)
        .and_then(|typed| typed.ok_or_else(|| file.wrong_type(pointer, "an object")));
    let typed = reader.findings.keep(typed)?;
    let raw = typed.value;
    let name = reader.findings.keep(name_of(file, pointer, &raw, fallback_name))?;
    reader
        .findings
        .unknown_keys(file, &format!("provider {name:?}"), &typed.unknown);
    let entry = file.value.pointer(pointer);
    let unknown = typed
        .unknown
        .into_iter()
        .filter_map(|key| entry?.get(&key).cloned().map(|value| (key, value)))
        .collect();
    let secret_config = raw.secret_config.into_iter().flatten();
    Some(Provider {
        name,
        id: raw.id,
        disabled: raw.disabled.unwrap_or(false),
        config: raw.config.unwrap_or_default(),
        secret_config: secret_config.map(|(key, names)| (key, secret_names(names))).collect(),
        metadata_fields: raw.metadata_fields.unwrap_or_default(),
        redirect_uris: raw.redirect_uris.unwrap_or_default(),
        domain_restrictions: raw.domain_restrictions.unwrap_or_default(),
        unknown,
    })
}

/// The name of the provider. Its key, `name` and `type` must agree; the file of a V1 provider may be called
/// differently.
fn name_of(file: &JsonFile, pointer: &str, raw: &RawProvider, fallback_name: &str) -> Result<String, LoadError> {
    let key = (!pointer.is_empty()).then_some(fallback_name);
    let name = key
        .or(raw.name.as_deref())
        .or(raw.kind.as_deref())
        .unwrap_or(fallback_name);
    for (key, other) in [("name", &raw.name), ("type", &raw.kind)] {
        if let Some(other) = other
            && other != name
        {
            let problem = format!("the provider {name:?} has the {key} {other:?}");
            let fix = format!("Write {name:?} there: key, name and type of a provider are the same.");
            return Err(file.invalid(&format!("{pointer}/{key}"), problem, fix));
        }
    }
    Ok(name.to_owned())
}

fn secret_names(names: Option<OneOrMany>) -> Vec<String> {
    let names = match names {
        None => Vec::new(),
        Some(OneOrMany::One(name)) => vec![name],
        Some(OneOrMany::Many(names)) => names,
    };
    names.into_iter().filter(|name| !name.is_empty()).collect()
}

fn read_userpass(
    reader: &mut Reader<'_>,
    file: &JsonFile,
    pointer: &str,
    provider: &Provider,
) -> Option<UserpassConfig> {
    let pointer = format!("{pointer}/config");
    let typed = reader.findings.keep(file.typed::<UserpassKeys>(&pointer))?;
    let (keys, unknown) = typed.map(|typed| (typed.value, typed.unknown)).unwrap_or_default();
    reader
        .findings
        .unknown_keys(file, "config of \"local-userpass\"", &unknown);
    let Selection {
        config,
        errors,
        warnings,
    } = select(reader, file, &pointer, keys);
    let enabled = !provider.disabled;
    for error in errors {
        reader
            .findings
            .error_if(enabled, "provider \"local-userpass\"", file, error);
    }
    if enabled {
        reader.findings.warnings.extend(warnings);
    }
    config.filter(|_| enabled)
}

fn read_login_function(reader: &mut Reader<'_>, file: &JsonFile, pointer: &str, provider: &Provider) -> Option<String> {
    let text = |key: &str| {
        provider
            .config
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let what = "provider \"custom-function\"";
    let (name, id) = (text("authFunctionName"), text("authFunctionId"));
    let error = match name.or(id) {
        None => {
            let fix = "Add `authFunctionName`: the function that says who somebody is.";
            file.invalid(
                &format!("{pointer}/config"),
                format!("{what} has no `authFunctionName`"),
                fix,
            )
        }
        Some(wanted) => {
            if let Some(found) = reader.find_function(name, id) {
                return (!provider.disabled).then_some(found);
            }
            let key = if name.is_some() {
                "authFunctionName"
            } else {
                "authFunctionId"
            };
            file.function_not_found(&format!("{pointer}/config/{key}"), wanted, what)
        }
    };
    if provider.disabled && name.or(id).is_none() {
        return None;
    }
    reader.findings.error_if(!provider.disabled, what, file, error);
    None
}
