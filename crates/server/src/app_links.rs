//! Reads the operator's files that let mailed links open an app.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use doorward_pages::APP_LINK_FILES;
use serde::de::IgnoredAny;

/// Reads the files of the directory. A file of another name is an error, and so is one that is not JSON: an operating
/// system ignores a broken file without a message, and links keep opening the browser.
pub(crate) fn read(directory: &Path) -> Result<Vec<(&'static str, String)>> {
    let unreadable = || format!("cannot read the directory of --app-links, {}", directory.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // Operators may add `.json` to every name; on the wire only one of the three has it.
        let without_ending = name.strip_suffix(".json").unwrap_or(name);
        let known = APP_LINK_FILES
            .into_iter()
            .find(|known| [name, without_ending].contains(known));
        let Some(known) = known else {
            bail!(
                "{} is none of the files that let links open an app: {}",
                path.display(),
                APP_LINK_FILES.join(", ")
            );
        };
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str::<IgnoredAny>(&text).with_context(|| format!("{} is no JSON", path.display()))?;
        files.push((known, text));
    }
    files.sort_unstable();
    if let Some(twice) = files.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        bail!(
            "{} stands twice in {}, with `.json` and without",
            twice[0].0,
            directory.display()
        );
    }
    Ok(files)
}
