//! The app as it was loaded: what the directory says, in one typed value.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use crate::findings::Item;
use crate::functions::Function;
use crate::providers::Provider;
use crate::report::{self, Report};
use crate::secrets::LegacySecrets;
use crate::triggers::AuthenticationTrigger;
use crate::user_data::CustomUserData;
use crate::userpass::UserpassConfig;
use crate::values::AppValue;

/// One app, as its directory describes it. Template expansions are resolved.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoadedApp {
    /// The format of the directory.
    pub format: Format,
    /// The app directory, absolute and without links.
    pub root: PathBuf,
    /// The app id that is compiled into the SDKs' apps, such as `notes-abcde`.
    pub client_app_id: String,
    /// The id of the app in the Admin API: 24 hexadecimal digits.
    pub internal_app_id: Option<String>,
    /// The id of the project the app belonged to: 24 hexadecimal digits.
    pub group_id: Option<String>,
    /// The name for people.
    pub name: String,
    /// `GLOBAL` or `LOCAL`. It only affects what clients see of the app.
    pub deployment_model: String,
    /// Such as `US-VA`. It only affects what clients see of the app.
    pub location: String,
    /// The selected environment.
    pub environment: Environment,
    /// As browsers write them in `Origin`. Unless empty, other origins are refused.
    pub allowed_request_origins: Vec<String>,
    /// Every provider of the directory, disabled ones included.
    pub providers: Vec<Provider>,
    /// E-mail/password accounts, if the provider `local-userpass` is there and enabled.
    pub userpass: Option<UserpassConfig>,
    /// The function behind custom-function logins, if the provider `custom-function` is there and enabled.
    pub login_function: Option<String>,
    /// Every function with a script or an address.
    pub functions: Vec<Function>,
    /// What `context.values.get` gives.
    pub values: Vec<AppValue>,
    /// The values of the selected environment.
    pub environment_values: BTreeMap<String, Value>,
    /// The content of `secrets.json`.
    pub legacy_secrets: LegacySecrets,
    /// Triggers of type `AUTHENTICATION`, disabled ones included.
    pub authentication_triggers: Vec<AuthenticationTrigger>,
    /// Where App Services kept custom user data.
    pub custom_user_data: Option<CustomUserData>,
    /// The names of data sources and services.
    pub service_names: BTreeSet<String>,

    pub(crate) warnings: Vec<Item>,
    pub(crate) ignored: Vec<Item>,
    pub(crate) missing: Vec<Item>,
}

impl LoadedApp {
    /// The function that is asked before a user is made. It applies whether or not custom user data is enabled.
    pub fn user_creation_function(&self) -> Option<&str> {
        self.custom_user_data.as_ref()?.on_user_creation_function.as_deref()
    }

    /// What works, what is ignored and why, and what is missing.
    pub fn report(&self) -> Report {
        report::of_app(self)
    }
}

/// The three families of exports, by the tools that wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Format {
    /// `stitch.json` or `config.json`: stitch-cli, and realm-cli 1.
    V1,
    /// `realm_config.json`: realm-cli 2.
    V2,
    /// `root_config.json`: the appservices command line, and the last user interface.
    V3,
}

/// The environment an app was tagged with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Environment {
    /// No tag.
    #[default]
    NoEnvironment,
    /// `development`
    Development,
    /// `testing`
    Testing,
    /// `qa`
    Qa,
    /// `production`
    Production,
}

impl Environment {
    pub(crate) const ALL: [Self; 5] = [
        Self::NoEnvironment,
        Self::Development,
        Self::Testing,
        Self::Qa,
        Self::Production,
    ];

    /// The tag as the root file holds it; empty for none.
    pub fn tag(self) -> &'static str {
        match self {
            Self::NoEnvironment => "",
            _ => self.file_stem(),
        }
    }

    /// The name of its file in `environments`, without `.json`.
    pub(crate) fn file_stem(self) -> &'static str {
        match self {
            Self::NoEnvironment => "no-environment",
            Self::Development => "development",
            Self::Testing => "testing",
            Self::Qa => "qa",
            Self::Production => "production",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "V1",
            Self::V2 => "V2",
            Self::V3 => "V3",
        })
    }
}
