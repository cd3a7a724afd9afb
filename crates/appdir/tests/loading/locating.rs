//! Where the app directory is found.

use doorward_appdir::{Format, LoadOptions, load};
use insta::assert_snapshot;

use crate::app_dir::{AppDir, redact};

fn versioned(app_id: &str) -> String {
    format!(r#"{{"config_version":20200603,"app_id":"{app_id}","name":"app"}}"#)
}

fn options(app_id: &str) -> LoadOptions {
    LoadOptions {
        app_id: Some(app_id.to_owned()),
        ..LoadOptions::default()
    }
}

#[test]
fn stitch_json_wins_over_config_json_and_that_over_realm_config_json() {
    let dir = AppDir::empty().file("realm_config.json", &versioned("realm"));
    assert_eq!(dir.app().client_app_id, "realm");
    let dir = dir.file("config.json", &versioned("config"));
    assert_eq!(dir.app().client_app_id, "config");
    let dir = dir.file("stitch.json", &versioned("stitch"));
    assert_eq!(dir.app().client_app_id, "stitch");
    assert_eq!(dir.app().format, Format::V1);
}

#[test]
fn the_version_in_mdb_decides_among_several_root_files() {
    let dir = AppDir::empty()
        .file("realm_config.json", &versioned("realm"))
        .file("stitch.json", &versioned("stitch"))
        .file(".mdb/app_meta.json", r#"{"config_version":20210101}"#);
    assert_eq!(dir.app().client_app_id, "realm");
}

#[test]
fn root_config_json_wins_over_all() {
    let dir = AppDir::empty()
        .file("root_config.json", r#"{"name":"app","app_id":"root"}"#)
        .file("stitch.json", &versioned("stitch"));
    assert_eq!(
        (dir.app().client_app_id.as_str(), dir.app().format),
        ("root", Format::V3)
    );
}

#[test]
fn the_folders_decide_about_the_family() {
    let dir = AppDir::empty().file("config.json", &versioned("app")).file(
        "auth/providers.json",
        r#"{"local-userpass":{"config":{"autoConfirm":true}}}"#,
    );
    assert_eq!(dir.app().format, Format::V2);
    assert!(dir.app().userpass.is_some());
}

#[test]
fn the_app_is_found_from_a_folder_within_it() {
    let dir = AppDir::v2()
        .file("functions/config.json", "[]")
        .file("graphql/config.json", r#"{"use_natural_pluralization":true}"#)
        .file("a/b/c/d/e/f/g/h/i/file", "");
    for inner in ["functions", "graphql", "a/b/c/d/e/f/g/h"] {
        let app = load(&dir.path().join(inner), &LoadOptions::default()).unwrap();
        assert_eq!(app.root, dir.path(), "{inner}");
    }
    // Nine levels up is too far.
    assert!(load(&dir.path().join("a/b/c/d/e/f/g/h/i"), &LoadOptions::default()).is_err());
}

#[test]
fn the_backend_folder_of_a_template_app_is_found() {
    let dir = AppDir::empty()
        .file("backend/realm_config.json", &versioned("app"))
        .file("frontend/package.json", "{}");
    assert_eq!(dir.app().root, dir.path().join("backend"));
}

#[test]
fn a_config_json_without_a_version_is_not_a_root_file() {
    let dir = AppDir::empty().file("config.json", r#"{"name":"app"}"#);
    assert_snapshot!(dir.error(), @"failed to find app at APP: APP/config.json is no root file, it has no `config_version`. Name the folder that holds root_config.json, realm_config.json, config.json or stitch.json.");
    let dir = AppDir::empty().file("realm_config.json", r#"{"config_version":0,"app_id":"a"}"#);
    assert_snapshot!(dir.error(), @"failed to find app at APP: APP/realm_config.json is no root file, it has no `config_version`. Name the folder that holds root_config.json, realm_config.json, config.json or stitch.json.");
}

#[test]
fn nothing_to_be_found_is_an_error() {
    let dir = AppDir::empty();
    assert_snapshot!(dir.error(), @"failed to find app at APP: no root file is there or in the folders above. Name the folder that holds root_config.json, realm_config.json, config.json or stitch.json.");
    let error = load(&dir.path().join("nowhere"), &LoadOptions::default())
        .unwrap_err()
        .to_string();
    assert_snapshot!(redact(&error, &dir.path()), @"failed to find app at APP/nowhere: this path does not exist. Name the folder that holds root_config.json, realm_config.json, config.json or stitch.json.");
}

#[test]
fn the_app_id_of_the_command_line_wins_over_every_file() {
    let dir = AppDir::v2().file(".mdb/meta.json", r#"{"client_app_id":"meta-abcde"}"#);
    assert_eq!(
        load(&dir.path(), &options("mine-abcde")).unwrap().client_app_id,
        "mine-abcde"
    );
    assert_eq!(dir.app().client_app_id, "app-abcde", "then the root file");
    let dir = dir.file("realm_config.json", r#"{"config_version":1,"name":"app","app_id":""}"#);
    assert_eq!(dir.app().client_app_id, "meta-abcde", "then the metadata");
}

#[test]
fn an_app_without_an_id_asks_for_it() {
    let dir = AppDir::empty().file("root_config.json", r#"{"name":"app"}"#);
    assert_snapshot!(dir.error(), @"failed to find the app id of APP. Give the id that is compiled into the apps on the command line: APP_ID=APP_DIR.");
    assert_eq!(
        load(&dir.path(), &options("app-abcde")).unwrap().client_app_id,
        "app-abcde"
    );
}

#[test]
fn an_app_id_of_the_wrong_form_is_refused_wherever_it_stands() {
    let dir = AppDir::v2();
    for id in ["", "a/b", "a b", &"a".repeat(65)] {
        assert!(load(&dir.path(), &options(id)).is_err(), "{id:?}");
    }
    let error = load(&dir.path(), &options("a/b")).unwrap_err().to_string();
    assert_snapshot!(redact(&error, &dir.path()), @r#"the app id "a/b" given for APP is not valid. Write 1 to 64 ASCII letters, digits, `_` or `-`, such as `notes-abcde`."#);
    let dir = AppDir::empty().file("realm_config.json", r#"{"config_version":1,"app_id":"a/b"}"#);
    assert_snapshot!(dir.error(), @r#"failed to parse app config at APP/realm_config.json: the app id "a/b" is not valid at `/app_id`, line 1, column 30. Write 1 to 64 ASCII letters, digits, `_` or `-`, such as `notes-abcde`."#);
    let dir = AppDir::empty()
        .file("root_config.json", r#"{"name":"app"}"#)
        .file(".mdb/meta.json", r#"{"client_app_id":"../other"}"#);
    assert_snapshot!(dir.error(), @r#"failed to parse app meta at APP/.mdb/meta.json: the app id "../other" is not valid at `/client_app_id`, line 1, column 18. Write 1 to 64 ASCII letters, digits, `_` or `-`, such as `notes-abcde`."#);
    assert!(load(&dir.path(), &options(&"a".repeat(64))).is_ok());
}
