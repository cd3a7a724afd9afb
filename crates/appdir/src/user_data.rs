//! Custom user data, and the user-creation function that is configured with it.

use serde::Deserialize;

use crate::findings::Item;
use crate::json::JsonFile;
use crate::loader::Reader;

/// Where App Services kept custom user data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomUserData {
    /// Switched on.
    pub enabled: bool,
    /// The data source; older exports name it by id.
    pub service_name: Option<String>,
    /// The database.
    pub database_name: Option<String>,
    /// The collection.
    pub collection_name: Option<String>,
    /// The field that holds the user's id.
    pub user_id_field: Option<String>,
    /// The function that runs, and can refuse, when a user is made.
    pub on_user_creation_function: Option<String>,
}

const FILE: &str = "auth/custom_user_data.json";
const V1_KEY: &str = "/custom_user_data_config";

#[derive(Deserialize)]
struct RawUserData {
    enabled: Option<bool>,
    mongo_service_name: Option<String>,
    mongo_service_id: Option<String>,
    database_name: Option<String>,
    collection_name: Option<String>,
    user_id_field: Option<String>,
    on_user_creation_function_name: Option<String>,
    on_user_creation_function_id: Option<String>,
}

/// V2 and V3 have a file for it, V1 has a key in the root file.
pub(crate) fn read(reader: &mut Reader<'_>, root_file: Option<&JsonFile>) -> Option<CustomUserData> {
    if reader.files.contains(FILE) {
        let file = reader.json(FILE)?;
        read_at(reader, &file, "")
    } else {
        read_at(reader, root_file?, V1_KEY)
    }
}

fn read_at(reader: &mut Reader<'_>, file: &JsonFile, pointer: &str) -> Option<CustomUserData> {
    let raw = reader.findings.keep(file.typed::<RawUserData>(pointer))??.value;
    let enabled = raw.enabled.unwrap_or(false);
    if enabled {
        let why = "enabled, but Doorward has no data source: users get an empty object";
        reader
            .findings
            .ignored
            .push(Item::new("custom user data", why).at(&file.name));
    }
    let hook = (
        filled(raw.on_user_creation_function_name),
        filled(raw.on_user_creation_function_id),
    );
    let on_user_creation_function = match (&hook.0, &hook.1) {
        (None, None) => None,
        (name, id) => {
            let found = reader.find_function(name.as_deref(), id.as_deref());
            if found.is_none() {
                let key = if name.is_some() { "name" } else { "id" };
                let pointer = format!("{pointer}/on_user_creation_function_{key}");
                let wanted = name.as_deref().or(id.as_deref()).unwrap_or_default();
                // The hook decides who may sign up, with or without a data source: without it everybody could.
                reader
                    .findings
                    .errors
                    .push(file.function_not_found(&pointer, wanted, "user creation"));
            }
            found
        }
    };
    Some(CustomUserData {
        enabled,
        service_name: filled(raw.mongo_service_name).or(filled(raw.mongo_service_id)),
        database_name: filled(raw.database_name),
        collection_name: filled(raw.collection_name),
        user_id_field: filled(raw.user_id_field),
        on_user_creation_function,
    })
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
