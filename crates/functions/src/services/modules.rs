//! `require` of packages that an app brings along, below `functions/node_modules`.
//!
//! Files are found by Node's rules, as far as `CommonJS` packages use them. The resolver is our own, because ready-made
//! ones bring the features of a bundler and a megabyte, and because this one must never leave its directory.

use std::fs;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::protocol::{HostResponse, ModuleKind};

/// The longest file that is loaded as a module.
const MAX_FILE: u64 = 4 << 20;

/// The packages of one app.
#[derive(Debug, Clone)]
pub struct Packages {
    /// Without symbolic links.
    root: PathBuf,
}

impl Packages {
    /// The packages in a directory, `functions/node_modules`; `None` if there is no such directory.
    pub fn open(directory: &Path) -> Option<Self> {
        let root = directory.canonicalize().ok()?;
        root.is_dir().then_some(Self { root })
    }

    /// Loads what a specifier means in the module `from`, or in a function if that is `None`. An error is text for the
    /// script.
    pub(super) async fn load(&self, from: Option<String>, specifier: String) -> Result<HostResponse, String> {
        let packages = self.clone();
        // Files are read away from the threads of the runtime.
        let load = tokio::task::spawn_blocking(move || packages.resolve(from.as_deref(), &specifier));
        // It can only fail by a panic, whose text is in the log.
        load.await
            .unwrap_or_else(|_| Err("the module cannot be read".to_owned()))
    }

    fn resolve(&self, from: Option<&str>, specifier: &str) -> Result<HostResponse, String> {
        let Some(file) = self.find(from, specifier)? else {
            return Ok(HostResponse::NoModule);
        };
        let failed = |error: &dyn std::fmt::Display| format!("the module '{specifier}' cannot be read: {error}");
        let extension = file
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default();
        let kind = match extension {
            "json" => ModuleKind::Json,
            "node" => {
                return Err(format!(
                    "the module '{specifier}' is native code, which functions cannot load"
                ));
            }
            "mjs" => return Err(only_es(specifier)),
            "js" if self.is_es_package(&file) => return Err(only_es(specifier)),
            _ => ModuleKind::Script,
        };
        if fs::metadata(&file).map_err(|error| failed(&error))?.len() > MAX_FILE {
            return Err(failed(&"it is too long"));
        }
        let text = fs::read_to_string(&file).map_err(|error| failed(&error))?;
        let path = file.strip_prefix(&self.root).map_err(|error| failed(&error))?;
        let path = path
            .to_str()
            .ok_or_else(|| failed(&"its name is not UTF-8"))?
            .to_owned();
        Ok(HostResponse::Module { path, kind, text })
    }

    fn find(&self, from: Option<&str>, specifier: &str) -> Result<Option<PathBuf>, String> {
        let directory = match from {
            Some(from) => self
                .inside(&self.root.join(from))
                .and_then(|file| file.parent().map(Path::to_owned)),
            None => Some(self.root.clone()),
        };
        let Some(directory) = directory else {
            return Ok(None);
        };
        if specifier.starts_with("./") || specifier.starts_with("../") || matches!(specifier, "." | "..") {
            // Functions have no files beside them that they could require.
            return Ok(from.and_then(|_| self.file_or_directory(&directory.join(specifier))));
        }
        // Neither an absolute path nor one that climbs.
        if !Path::new(specifier)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
        {
            return Ok(None);
        }
        let split = specifier
            .match_indices('/')
            .nth(usize::from(specifier.starts_with('@')))
            .map(|(at, _)| at);
        let (name, inner) = specifier.split_at(split.unwrap_or(specifier.len()));
        for above in directory.ancestors().take_while(|above| above.starts_with(&self.root)) {
            let modules = if above == self.root {
                above.to_owned()
            } else {
                above.join("node_modules")
            };
            let package = modules.join(name);
            if !package.is_dir() {
                continue;
            }
            if let Some(exports) =
                manifest(&package).and_then(|mut manifest| manifest.get_mut("exports").map(Value::take))
            {
                let Some(target) = exported(&exports, &format!(".{inner}")) else {
                    return Err(not_exported(specifier));
                };
                return Ok(self.inside(&package.join(target)));
            }
            if let Some(file) = self.file_or_directory(&package.join(inner.trim_start_matches('/'))) {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    fn file_or_directory(&self, path: &Path) -> Option<PathBuf> {
        self.file(path).or_else(|| {
            let main = manifest(path).and_then(|manifest| manifest.get("main")?.as_str().map(|main| path.join(main)));
            main.and_then(|main| self.file(&main).or_else(|| self.file(&main.join("index"))))
                .or_else(|| self.file(&path.join("index")))
        })
    }

    fn file(&self, path: &Path) -> Option<PathBuf> {
        ["", ".js", ".json", ".cjs", ".node"].into_iter().find_map(|extension| {
            let mut name = path.as_os_str().to_owned();
            name.push(extension);
            self.inside(Path::new(&name))
        })
    }

    /// The path without symbolic links, if it is a file below the root.
    fn inside(&self, path: &Path) -> Option<PathBuf> {
        let real = path.canonicalize().ok()?;
        (real.starts_with(&self.root) && real.is_file()).then_some(real)
    }

    /// Whether the nearest manifest says that `.js` files are ES modules.
    fn is_es_package(&self, file: &Path) -> bool {
        let mut above = file
            .ancestors()
            .skip(1)
            .take_while(|above| above.starts_with(&self.root));
        above
            .find_map(manifest)
            .is_some_and(|manifest| manifest.get("type").is_some_and(|kind| kind == "module"))
    }
}

fn manifest(package: impl AsRef<Path>) -> Option<Value> {
    let path = package.as_ref().join("package.json");
    let short = fs::metadata(&path).is_ok_and(|metadata| metadata.len() <= MAX_FILE);
    short.then(|| fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()))?
}

/// The target of a subpath, `.` being the package itself, for `require`.
fn exported<'a>(exports: &'a Value, subpath: &str) -> Option<&'a str> {
    let by_path = exports
        .as_object()
        .is_some_and(|object| object.keys().any(|key| key.starts_with('.')));
    let target = if by_path {
        exports.get(subpath)?
    } else {
        Some(exports).filter(|_| subpath == ".")?
    };
    for_require(target)
}

fn for_require(target: &Value) -> Option<&str> {
    match target {
        Value::String(path) => Some(path),
        Value::Array(targets) => targets.iter().find_map(for_require),
        Value::Object(conditions) => ["node", "require", "default"]
            .into_iter()
            .find_map(|condition| for_require(conditions.get(condition)?)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn only_es(specifier: &str) -> String {
    format!("the module '{specifier}' is an ES module, which require cannot load")
}

fn not_exported(specifier: &str) -> String {
    format!("the package does not export '{specifier}' for require")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(files: &[(&str, &str)]) -> (tempfile::TempDir, Packages) {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("node_modules");
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let packages = Packages::open(&root).unwrap();
        (directory, packages)
    }

    fn found(packages: &Packages, from: Option<&str>, specifier: &str) -> Option<String> {
        match packages.resolve(from, specifier).unwrap() {
            HostResponse::Module { path, .. } => Some(path),
            _ => None,
        }
    }

    #[test]
    fn packages_are_found_as_node_finds_them() {
        let (_directory, packages) = packages(&[
            ("plain/index.js", ""),
            ("plain/lib/more.js", ""),
            ("main/package.json", r#"{"main":"lib"}"#),
            ("main/lib/index.js", ""),
            ("main/node_modules/plain/index.js", ""),
            ("@scope/one/data.json", "1"),
            (
                "dual/package.json",
                r#"{"type":"module","exports":{".":{"import":"./e.js","require":"./c.cjs"}}}"#,
            ),
            ("dual/c.cjs", ""),
            ("dual/e.js", ""),
        ]);
        let path = |from, specifier| found(&packages, from, specifier);
        assert_eq!(path(None, "plain").as_deref(), Some("plain/index.js"));
        assert_eq!(path(None, "plain/lib/more").as_deref(), Some("plain/lib/more.js"));
        assert_eq!(path(Some("plain/lib/more.js"), "..").as_deref(), Some("plain/index.js"));
        assert_eq!(path(None, "main").as_deref(), Some("main/lib/index.js"));
        assert_eq!(
            path(Some("main/lib/index.js"), "plain").as_deref(),
            Some("main/node_modules/plain/index.js")
        );
        assert_eq!(path(None, "@scope/one/data").as_deref(), Some("@scope/one/data.json"));
        assert_eq!(path(None, "dual").as_deref(), Some("dual/c.cjs"));
        assert_eq!(path(None, "missing"), None);
        assert!(packages.resolve(None, "dual/e.js").is_err());
    }

    #[test]
    fn nothing_outside_is_found() {
        let (directory, packages) = packages(&[("plain/index.js", "")]);
        let secret = directory.path().join("secret.js");
        fs::write(&secret, "").unwrap();
        std::os::unix::fs::symlink(&secret, directory.path().join("node_modules/plain/link.js")).unwrap();
        for specifier in ["../../secret", "./link", "../../../etc/passwd"] {
            assert_eq!(found(&packages, Some("plain/index.js"), specifier), None);
        }
        for specifier in [
            "../secret",
            "plain/../../secret",
            "plain/link",
            secret.to_str().unwrap(),
            "",
        ] {
            assert_eq!(found(&packages, None, specifier), None);
        }
    }

    #[test]
    fn what_cannot_be_loaded_says_why() {
        let (_directory, packages) = packages(&[
            ("es/package.json", r#"{"type":"module","main":"i.js"}"#),
            ("es/i.js", ""),
            ("native/index.node", ""),
        ]);
        assert!(packages.resolve(None, "es").unwrap_err().contains("ES module"));
        assert!(packages.resolve(None, "native").unwrap_err().contains("native"));
    }
}
