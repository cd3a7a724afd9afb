//! Features of App Services that Doorward does not have: a directory may hold them, and the report names them.

use std::collections::BTreeSet;

use crate::app::Format;
use crate::error::FileKind;
use crate::files::is_json;
use crate::findings::Item;
use crate::json::JsonFile;
use crate::loader::Reader;

/// Folders of features that Doorward does not have: one line each.
const FEATURES: [(&str, &str, &str); 8] = [
    ("data_sources", "data sources", NO_DATA),
    ("graphql", "GraphQL", NO_DATA),
    ("hosting", "hosting", "Doorward serves no files of apps"),
    ("http_endpoints", "HTTPS endpoints", ENDPOINTS),
    ("https_endpoints", "HTTPS endpoints", ENDPOINTS),
    ("log_forwarders", "log forwarders", "Doorward writes its own logs"),
    (
        "services",
        "services",
        "third-party services and incoming webhooks are not offered",
    ),
    ("sync", "sync", NO_DATA),
];
const NO_DATA: &str = "Doorward keeps accounts, not data";
const ENDPOINTS: &str =
    "not offered; if the link of a mail leads to one, clear that link for the page that Doorward hosts";

const DATA_API: [&str; 3] = [
    "data_api_config.json",
    "http_endpoints/data_api_config.json",
    "https_endpoints/data_api_config.json",
];

/// Reports the features that have no effect, and returns the names of data sources and services.
pub(crate) fn note(reader: &mut Reader<'_>, format: Format) -> BTreeSet<String> {
    let mut service_names = BTreeSet::new();
    for (folder, what, why) in FEATURES {
        let names = reader.files.below(folder);
        if names.is_empty() {
            continue;
        }
        reader.findings.ignored.push(Item::new(what, why).at(folder));
        for name in names.iter().filter(|name| is_json(name)) {
            let service = parse(reader, name).as_ref().and_then(declared_name);
            if let ("data_sources" | "services", Some(own_folder)) = (folder, own_folder(name)) {
                service_names.insert(service.unwrap_or_else(|| own_folder.to_owned()));
            }
        }
    }
    for name in DATA_API
        .into_iter()
        .filter(|name| reader.files.contains(name))
        .collect::<Vec<_>>()
    {
        reader.findings.ignored.push(Item::new("data API", NO_DATA).at(name));
    }
    if reader.files.contains(DATA_API[0]) {
        parse(reader, DATA_API[0]);
    }
    note_other_format(reader, format);
    service_names
}

/// Parses a file that is not used. Broken JSON does no harm there, so it is a warning.
fn parse(reader: &mut Reader<'_>, name: &str) -> Option<JsonFile> {
    let parsed = reader
        .files
        .read(name)
        .and_then(|text| JsonFile::parse(FileKind::Other, &reader.files.root, name, text));
    match parsed {
        Ok(file) => Some(file),
        Err(error) => {
            let place = error.place().map(|place| format!(" at {place}")).unwrap_or_default();
            let why = format!("{}{place}; the file is not used", error.problem());
            reader.findings.warnings.push(Item::new("broken file", why).at(name));
            None
        }
    }
}

/// `<folder>/<own folder>/config.json`
fn own_folder(name: &str) -> Option<&str> {
    match name.split('/').collect::<Vec<_>>()[..] {
        [_, own_folder, "config.json"] => Some(own_folder),
        _ => None,
    }
}

fn declared_name(file: &JsonFile) -> Option<String> {
    file.value
        .get("name")?
        .as_str()
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}

/// Says which providers count in a directory that was converted only in part.
fn note_other_format(reader: &mut Reader<'_>, format: Format) {
    let (other, why) = match format {
        Format::V1 => ("auth", "this is a V1 directory: providers are read from auth_providers"),
        Format::V2 | Format::V3 => ("auth_providers", "providers are read from auth/providers.json"),
    };
    if let Some(name) = reader
        .files
        .below(other)
        .into_iter()
        .find(|name| !name.ends_with("custom_user_data.json"))
    {
        reader
            .findings
            .ignored
            .push(Item::new("providers of another format", why).at(name));
    }
}
