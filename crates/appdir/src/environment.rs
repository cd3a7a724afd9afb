//! The values of the selected environment, from `environments/`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::app::Environment;
use crate::error::FileKind;
use crate::files::AppFiles;
use crate::findings::{Findings, Item};
use crate::json::JsonFile;

#[derive(Deserialize)]
struct RawEnvironment {
    values: Option<Map<String, Value>>,
}

/// The values of the selected environment. The files of the other environments are checked too, because the app may be
/// deployed to them next.
pub(crate) fn read(files: &AppFiles, selected: Environment, findings: &mut Findings) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    for name in files.json_in("environments") {
        let known = Environment::ALL.into_iter().find(|known| name == file_name(*known));
        let Some(environment) = known else {
            let why = "no environment of this name exists";
            findings.ignored.push(Item::new("environment file", why).at(name));
            continue;
        };
        let file = files.read(&name).and_then(|text| {
            let file = JsonFile::parse(FileKind::Other, &files.root, &name, text)?;
            file.typed::<RawEnvironment>("")
        });
        if let Some(Some(raw)) = findings.keep(file)
            && environment == selected
        {
            values.extend(raw.value.values.into_iter().flatten());
        }
    }
    values
}

fn file_name(environment: Environment) -> String {
    format!("environments/{}.json", environment.file_stem())
}
