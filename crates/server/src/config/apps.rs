//! Which apps run.

use std::path::PathBuf;

use clap::Args;
use clap::parser::ValueSource;

use super::arg_ext::ArgExt as _;
use super::sources::Sources;

#[derive(Debug, Args)]
pub(super) struct AppOptions {
    /// The exported directories, each optionally with the client app id to run it under.
    ///
    /// The id is needed only where the export does not carry it. In `DOORWARD_APPS`, commas separate the directories.
    #[arg(
        value_name = "[APP_ID=]APP_DIR",
        env = "DOORWARD_APPS",
        help_heading = None,
        default_text = "none; one is needed"
    )]
    apps: Vec<String>,

    /// A directory with the files that let mailed links open an app.
    ///
    /// It holds one or more of `apple-app-site-association`, `assetlinks.json` and `windows-app-web-link`. They are
    /// served below `/.well-known/`; `docs/deep-links.md` says what belongs in them.
    #[arg(long, value_name = "DIR", env = "DOORWARD_APP_LINKS", default_text = "none")]
    pub(super) app_links: Option<PathBuf>,
}

/// `[APP_ID=]APP_DIR`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppArgument {
    pub(crate) id: Option<String>,
    pub(crate) dir: PathBuf,
}

impl AppOptions {
    pub(super) fn arguments(&self, sources: &Sources) -> Vec<AppArgument> {
        let apps = self.apps.iter().map(String::as_str);
        // Only in a variable: elsewhere a comma may be part of a directory's name.
        match sources.of("apps") {
            Some(ValueSource::EnvVariable) => apps.flat_map(|apps| apps.split(',')).map(AppArgument::from).collect(),
            _ => apps.map(AppArgument::from).collect(),
        }
    }
}

/// Everything after the first `=` is the directory; a directory with `=` in its name needs an id.
impl From<&str> for AppArgument {
    fn from(text: &str) -> Self {
        match text.split_once('=') {
            Some((id, dir)) => Self {
                id: Some(id.to_owned()),
                dir: PathBuf::from(dir),
            },
            None => Self {
                id: None,
                dir: PathBuf::from(text),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_has_a_directory_and_may_have_an_id() {
        let app = AppArgument::from("exports/notes");
        assert_eq!((app.id, app.dir), (None, PathBuf::from("exports/notes")));
        let app = AppArgument::from("notes-abcde=exports/a=b");
        assert_eq!(
            (app.id.as_deref(), app.dir),
            (Some("notes-abcde"), PathBuf::from("exports/a=b"))
        );
    }
}
