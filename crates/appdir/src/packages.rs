//! npm packages that functions require.

use std::collections::{BTreeMap, BTreeSet};

use crate::findings::Item;
use crate::functions::{Function, FunctionSource};
use crate::loader::Reader;

/// Names the packages that functions need and that are neither built in nor in `functions/node_modules`.
pub(crate) fn note(reader: &mut Reader<'_>, functions: &[Function]) {
    let mut users: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for function in functions {
        if let FunctionSource::Script { text, .. } = &function.source {
            for package in required_packages(text) {
                users.entry(package).or_default().push(&function.name);
            }
        }
    }
    for (package, names) in users {
        let built_in = reader.scripts.is_some_and(|engine| engine.provides(&package));
        if built_in || is_installed(reader, &package) {
            continue;
        }
        let why = format!(
            "required by {}; it is not built in, and not in functions/node_modules",
            names.join(", ")
        );
        reader
            .findings
            .missing
            .push(Item::new(format!("package {package:?}"), why).at("functions"));
    }
    for name in reader.files.below("functions") {
        let file = name.trim_start_matches("functions/");
        if file.starts_with("node_modules.") {
            let why = "an archive is not unpacked; unpack it into functions/node_modules";
            reader.findings.ignored.push(Item::new("npm packages", why).at(name));
        }
    }
}

/// Whether the package of a module, such as `@a/b` of `@a/b/lib/c`, has its folder.
fn is_installed(reader: &Reader<'_>, module: &str) -> bool {
    let parts = if module.starts_with('@') { 2 } else { 1 };
    let package: Vec<&str> = module.split('/').take(parts).collect();
    let is_plain = package.iter().all(|part| !part.is_empty() && *part != "..");
    is_plain
        && reader
            .files
            .root
            .join("functions/node_modules")
            .join(package.join("/"))
            .is_dir()
}

/// The argument of each `require("…")` that is not a path. It is only a hint, so text in comments may count.
fn required_packages(text: &str) -> BTreeSet<String> {
    text.split("require")
        .skip(1)
        .filter_map(|rest| {
            let rest = rest.trim_start().strip_prefix('(')?.trim_start();
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
            rest[1..].split_once(quote).map(|(package, _)| package)
        })
        .filter(|package| !package.is_empty() && package.len() <= 214 && !package.starts_with(['.', '/']))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::required_packages;

    #[test]
    fn packages_are_found_and_paths_are_not() {
        let text = "const a = require('axios'); require( \"@sendgrid/mail\" ); require('./x'); required; require(x)";
        assert_eq!(
            required_packages(text).into_iter().collect::<Vec<_>>(),
            ["@sendgrid/mail", "axios"]
        );
    }
}
