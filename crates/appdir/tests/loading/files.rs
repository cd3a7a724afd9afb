//! Which files are read, and the bounds of a directory.

use std::os::unix::fs::symlink;

use doorward_appdir::{MAX_DEPTH, MAX_FILE_BYTES, MAX_FILES};
use insta::assert_snapshot;

use crate::app_dir::AppDir;

#[test]
fn a_link_that_leads_out_is_not_followed() {
    let outside = AppDir::empty().file("secret.js", "exports = 1");
    let dir = AppDir::v2().file("functions/config.json", "[]");
    symlink(outside.path().join("secret.js"), dir.path().join("functions/leak.js")).unwrap();
    assert_snapshot!(dir.error(), @"refused to read APP/functions/leak.js: it is a link that leads out of the app directory. Put a copy there.");
}

#[test]
fn a_link_within_the_directory_is_followed() {
    let dir = AppDir::v2().file("functions/one.js", "exports = 1");
    symlink("one.js", dir.path().join("functions/two.js")).unwrap();
    assert_eq!(dir.app().functions.len(), 2);
}

#[test]
fn a_linked_folder_is_refused_rather_than_lost() {
    let outside = AppDir::empty().file("a.js", "exports = 1");
    let dir = AppDir::v2();
    symlink(outside.path(), dir.path().join("functions")).unwrap();
    assert_snapshot!(dir.error(), @"refused to read APP/functions: it is a link to a folder. Put a copy of the folder there.");
    let dir = AppDir::v2().file("functions/config.json", "[]");
    symlink(outside.path(), dir.path().join("functions/shared")).unwrap();
    assert_snapshot!(dir.error(), @"refused to read APP/functions/shared: it is a link to a folder. Put a copy of the folder there.");
}

#[test]
fn a_broken_link_is_an_error() {
    let dir = AppDir::v2().file("values/v.json", r#"{"value":1}"#);
    symlink("nowhere", dir.path().join("values/w.json")).unwrap();
    assert_snapshot!(dir.error(), @"failed to read APP/values/w.json. Restore the file, or remove the link that leads to it.");
}

#[test]
fn a_root_file_that_leads_out_is_refused() {
    let outside = AppDir::v2();
    let dir = AppDir::empty();
    symlink(
        outside.path().join("realm_config.json"),
        dir.path().join("realm_config.json"),
    )
    .unwrap();
    assert_snapshot!(dir.error(), @"refused to read APP/realm_config.json: it is a link that leads out of the app directory. Put a copy there.");
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    let spaces = " ".repeat(usize::try_from(MAX_FILE_BYTES).unwrap());
    let dir = AppDir::v2().file("values/v.json", &format!("{spaces}1"));
    assert_snapshot!(dir.error(), @"refused to read APP/values/v.json: it is larger than 16 MiB. Make it smaller.");
    let dir = AppDir::v2().file("functions/f.js", &spaces);
    assert!(dir.load().is_ok(), "the limit itself is allowed");
}

#[test]
fn a_file_that_is_not_text_is_refused() {
    let dir = AppDir::v2().bytes("functions/f.js", b"exports = '\xff'");
    assert_snapshot!(dir.error(), @"refused to read APP/functions/f.js: it is not UTF-8 text (byte 11). Save it as UTF-8.");
}

#[test]
fn folders_nested_too_deep_are_refused() {
    let folder = |depth: usize| format!("functions/{}f.js", "d/".repeat(depth - 1));
    assert_eq!(AppDir::v2().file(&folder(MAX_DEPTH), "").app().functions.len(), 1);
    let error = AppDir::v2().file(&folder(MAX_DEPTH + 1), "").error();
    assert_snapshot!(error.replace("d/", ""), @"refused to read APP/functions/f.js: it is more than 16 folders deep. Move it up.");
}

#[test]
fn too_many_files_are_refused() {
    let dir = AppDir::v2().file("functions/config.json", "[]");
    for number in 0..MAX_FILES {
        std::fs::write(dir.path().join(format!("functions/f{number}")), "").unwrap();
    }
    let error = dir.error();
    assert!(
        error.contains("the app directory holds more than 10000 files"),
        "{error}"
    );
    assert!(error.starts_with("refused to read APP/functions/f"), "{error}");
}

#[test]
fn node_modules_and_other_folders_are_not_read() {
    let dir = AppDir::v2()
        .file("functions/f.js", "exports = 1")
        .file("functions/node_modules/p/index.js", "not a function")
        .file("functions/.hidden/g.js", "not a function")
        .bytes("frontend/functions/h.js", b"\xff")
        .bytes("hosting/files/data.json", b"\xff");
    let names: Vec<_> = dir.app().functions.into_iter().map(|function| function.name).collect();
    assert_eq!(names, ["f"]);
    assert!(dir.report().warnings.is_empty());
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let dir = AppDir::v2().file("functions/config.json", "[]");
    let made = std::process::Command::new("mkfifo")
        .arg(dir.path().join("functions/f.js"))
        .status()
        .unwrap();
    assert!(made.success());
    assert_snapshot!(dir.error(), @"refused to read APP/functions/f.js: it is not a file. Put a file there, or remove it.");
}
