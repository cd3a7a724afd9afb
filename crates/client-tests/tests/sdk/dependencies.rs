//! What the SDK is built with. Someone who tries it must not have to build the server first.

use std::process::Command;

#[test]
fn the_sdk_and_its_examples_build_without_the_server() {
    let crates = crates_of("doorward-client");
    let of_the_workspace: Vec<_> = crates.iter().filter(|name| name.starts_with("doorward")).collect();
    assert_eq!(of_the_workspace, ["doorward-client", "doorward-wire"]);
    // The list is that of all features, and of the examples.
    for expected in ["jsonwebtoken", "keyring", "axum"] {
        assert!(crates.iter().any(|name| name == expected), "{expected} is missing");
    }
}

/// The names of all crates that a package is built from, with all of its features, and with what its examples need.
fn crates_of(package: &str) -> Vec<String> {
    let cargo = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--all-features", "--prefix", "none"])
        .args(["--edges", "normal,build,dev", "--format", "{p}", "--package", package])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&cargo.stderr);
    assert!(cargo.status.success(), "cargo tree failed: {errors}");
    let tree = String::from_utf8(cargo.stdout).unwrap();
    // Each line begins with the name of a crate and its version.
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    let mut names: Vec<_> = names.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}
