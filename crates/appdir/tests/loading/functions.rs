//! Functions, their scripts, rules and packages.

use std::sync::Arc;

use doorward_appdir::{LoadOptions, ScriptEngine, ScriptError};
use insta::assert_snapshot;

use crate::app_dir::AppDir;

fn v1() -> AppDir {
    AppDir::empty().file(
        "stitch.json",
        r#"{"config_version":20180301,"app_id":"app-abcde","name":"app"}"#,
    )
}

#[test]
fn a_script_without_an_entry_has_the_defaults() {
    let app = AppDir::v2().file("functions/f.js", "exports = 1").app();
    let function = &app.functions[0];
    assert!(!function.private && !function.run_as_system && function.can_evaluate.is_none());
}

#[test]
fn an_entry_without_a_script_is_missing_and_no_error() {
    let dir = AppDir::v2().file("functions/config.json", r#"[{"name":"gone"}]"#);
    assert!(dir.app().functions.is_empty());
    assert_snapshot!(dir.lines("function \"gone\"").join("\n"), @"missing: the manifest names it, but functions/gone.js does not exist (functions/config.json)");
}

#[test]
fn a_web_hook_needs_no_script_and_never_has_one() {
    let manifest = r#"[{"name":"f","url":"https://hooks.example.com/f?key=hunter2","secret_name":"s"}]"#;
    let dir = AppDir::v2().file("functions/config.json", manifest);
    let debug = format!("{:?}", dir.app());
    assert!(
        debug.contains("hooks.example.com") && !debug.contains("hunter2"),
        "{debug}"
    );
    assert_snapshot!(dir.file("functions/f.js", "").error(), @r#"failed to parse APP/functions/config.json: the function "f" has a script and a `url` at `/0/url`, line 1, column 20. Remove the `url`, or the script."#);
    for url in ["", "ftp://a.example/", "f", "https://ada:hunter2@a.example/"] {
        let manifest = format!(r#"[{{"name":"f","url":"{url}"}}]"#);
        let error = AppDir::v2().file("functions/config.json", &manifest).error();
        assert!(
            error.contains("the `url` is not a web address") && !error.contains("hunter2"),
            "{error}"
        );
    }
}

#[test]
fn s78_a_web_hook_is_signed_and_encrypted() {
    let error = |entry: &str| AppDir::v2().file("functions/config.json", entry).error();
    assert_snapshot!(error(r#"[{"name":"f","url":"https://a.example/"}]"#), @"failed to parse APP/functions/config.json: the function has a `url` and no `secret_name` at `/0`, line 1, column 2. Add `secret_name`: the name of the secret that calls are signed with.");
    assert_snapshot!(error(r#"[{"name":"f","url":"http://a.example/","secret_name":"s"}]"#), @"failed to parse APP/functions/config.json: the `url` is not https, and does not lead to this machine at `/0/url`, line 1, column 20. Write an address like https://hooks.example.com/confirm, without a user name.");
    let dir = AppDir::v2().file(
        "functions/config.json",
        r#"[{"name":"f","url":"http://127.0.0.1:8000/","secret_name":"s"}]"#,
    );
    assert_eq!(dir.app().functions.len(), 1);
    assert_snapshot!(dir.lines("secret \"s\"").join("\n"), @r#"missing: the function "f" reads it, and exports hold no secrets; provide it with --secrets (functions/config.json)"#);
}

#[test]
fn a_rule_that_denies_every_user_is_a_warning() {
    let manifest = r#"[
        {"name":"unknown","can_evaluate":{"%%user.id":{"%regex":"^a"}}},
        {"name":"document","can_evaluate":{"%and":[{"owner":"%%user.id"}]}},
        {"name":"never","can_evaluate":false},
        {"name":"some","can_evaluate":{"%or":[{"%regex":1},{"%%user.id":"ada"}]}},
        {"name":"all","can_evaluate":{}},
        {"name":"hidden","private":true,"can_evaluate":false}
    ]"#;
    let mut dir = AppDir::v2().file("functions/config.json", manifest);
    for name in ["unknown", "document", "never", "some", "all", "hidden"] {
        dir = dir.file(&format!("functions/{name}.js"), "exports = 1");
    }
    let report = dir.report();
    let warnings: Vec<_> = report
        .warnings
        .iter()
        .map(|item| format!("{}: {}", item.what, item.why))
        .collect();
    assert_snapshot!(warnings.join("\n"), @r#"
    function "unknown": no user can call it, because its `can_evaluate` always denies: there is no operator `%regex`
    function "document": no user can call it, because its `can_evaluate` always denies: `owner` is a field of a document, and a function call has none
    function "never": no user can call it, because its `can_evaluate` always denies: it is `false`
    "#);
    assert!(
        report.is_ok()
            && report
                .warnings
                .iter()
                .all(|item| item.path.as_deref() == Some("functions/config.json"))
    );
}

/// A check of scripts that knows the module `util`, and finds an error wherever a script has `oops`.
#[derive(Debug)]
struct Engine;

impl ScriptEngine for Engine {
    fn provides(&self, module: &str) -> bool {
        module == "util"
    }

    fn check(&self, _: &str, text: &str) -> Result<(), ScriptError> {
        match text.find("oops") {
            None => Ok(()),
            Some(at) => Err(ScriptError {
                line: 1,
                column: at + 1,
                message: "unexpected token".to_owned(),
            }),
        }
    }
}

#[test]
fn a_script_that_can_be_called_must_compile() {
    let options = LoadOptions {
        scripts: Some(Arc::new(Engine)),
        ..LoadOptions::default()
    };
    let dir = AppDir::userpass(r#"{"runConfirmationFunction":true,"confirmationFunctionName":"hook"}"#)
        .file("functions/hook.js", "exports = () => oops")
        .file("functions/open.js", "exports = oops; require('util')")
        .file("functions/old.js", "oops")
        .file(
            "functions/config.json",
            r#"[{"name":"hook","private":true},{"name":"old","private":true}]"#,
        );
    let report = doorward_appdir::check(&dir.path(), &options);
    let errors: Vec<String> = report
        .errors
        .iter()
        .map(|error| format!("{}: {} {}", error.path.display(), error.problem, error.fix))
        .collect();
    assert_eq!(
        errors,
        [
            "functions/hook.js: unexpected token Correct the script, or remove the function \"hook\".",
            "functions/open.js: unexpected token Correct the script, or remove the function \"open\".",
        ]
    );
    let [warning] = report.warnings.as_slice() else {
        panic!("{:?}", report.warnings)
    };
    assert_eq!(
        warning.why,
        "nothing calls it, and it does not compile: unexpected token at line 1, column 1"
    );
    assert!(report.missing.is_empty(), "util is built in: {:?}", report.missing);
}

#[test]
fn names_are_unique_and_cannot_leave_the_folder() {
    let error = |manifest: &str| {
        AppDir::v2()
            .file("functions/config.json", manifest)
            .file("functions/f.js", "")
            .error()
    };
    assert_snapshot!(error(r#"[{"name":"f"},{"name":"f"}]"#), @r#"failed to parse APP/functions/config.json: a second function is called "f" at `/1/name`, line 1, column 23. Rename or remove one of the two."#);
    assert_snapshot!(error(r#"[{"name":"../secrets"}]"#), @r#"failed to parse APP/functions/config.json: the function name "../secrets" is not valid at `/0/name`, line 1, column 10. Write ASCII letters, digits, `_` and `-`, with `/` for folders."#);
    assert_snapshot!(error("[{}]"), @"failed to parse APP/functions/config.json: `name` is missing at `/0`, line 1, column 2. Write ASCII letters, digits, `_` and `-`, with `/` for folders.");
    for name in ["/f", "f/", "a//b", ""] {
        assert!(
            error(&format!(r#"[{{"name":"{name}"}}]"#)).contains("is not valid"),
            "{name:?}"
        );
    }
}

#[test]
fn a_script_whose_name_is_no_function_name_is_named() {
    let dir = AppDir::v2().file("functions/my.helper.js", "");
    assert!(dir.app().functions.is_empty());
    assert_snapshot!(dir.lines("script").join("\n"), @"ignored: function names are ASCII letters, digits, `_`, `-` and `/` (functions/my.helper.js)");
}

#[test]
fn a_script_does_not_show_in_debug_output() {
    let app = AppDir::v2().file("functions/f.js", "const key = 'hunter2'").app();
    assert!(!format!("{app:?}").contains("hunter2"));
}

#[test]
fn a_v1_function_needs_both_files() {
    let dir = v1().file("functions/f/config.json", r#"{"name":"f"}"#);
    assert_snapshot!(dir.error(), @"failed to parse APP/functions/f/config.json: the function has no source.js at line 1, column 1. Add the file beside its config.json.");
    let dir = v1().file("functions/f/source.js", "");
    assert_snapshot!(dir.error(), @"refused to read APP/functions/f/config.json: the function has a source.js and no config.json. Add a config.json with its name.");
    let dir = v1()
        .file("functions/f/config.json", r#"{"private":true}"#)
        .file("functions/f/source.js", "");
    let app = dir.app();
    assert_eq!((app.functions[0].name.as_str(), app.functions[0].private), ("f", true));
}

#[test]
fn a_v1_script_outside_of_a_folder_is_named() {
    let dir = v1().file("functions/f.js", "");
    assert!(dir.app().functions.is_empty());
    let why = "ignored: in a V1 directory the script of a function is <name>/source.js (functions/f.js)";
    assert_eq!(dir.lines("script"), [why]);
}

#[test]
fn two_v1_functions_cannot_share_a_name() {
    let dir = v1()
        .file("functions/a/config.json", r#"{"name":"f"}"#)
        .file("functions/a/source.js", "")
        .file("functions/b/config.json", r#"{"name":"f"}"#)
        .file("functions/b/source.js", "");
    assert_snapshot!(dir.error(), @r#"failed to parse APP/functions/b/config.json: a second function is called "f" at `/name`, line 1, column 9. Rename or remove one of the two."#);
}

#[test]
fn packages_are_named_with_the_functions_that_need_them() {
    let dir = AppDir::v2()
        .file("functions/f.js", "exports = () => require('axios').get()")
        .file("functions/g.js", "require(\"axios\"); require('./f')")
        .file("functions/node_modules.tar.gz", "");
    assert_eq!(
        dir.lines("package \"axios\""),
        ["missing: required by f, g; it is not built in, and not in functions/node_modules (functions)"]
    );
    assert_eq!(
        dir.lines("npm packages"),
        ["ignored: an archive is not unpacked; unpack it into functions/node_modules (functions/node_modules.tar.gz)"]
    );
    assert!(dir.lines("package \"./f\"").is_empty());
    let dir = dir.file("functions/node_modules/axios/index.js", "");
    assert!(dir.lines("package \"axios\"").is_empty());
}
