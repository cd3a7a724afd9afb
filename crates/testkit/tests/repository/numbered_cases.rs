//! Numbers in the names of tests are explained in `docs/numbered-cases.md`, each with a
//! line, and every line has a test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_number_is_explained_and_every_explanation_has_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut carried = BTreeSet::new();
    for file in rust_files(&root) {
        carried.extend(numbers_in(&fs::read_to_string(file).expect("a source file is text")));
    }
    let page = fs::read_to_string(root.join("docs/numbered-cases.md")).expect("the page is there");
    let explained = numbers_explained(&page);

    let missing: Vec<_> = carried.difference(&explained).collect();
    assert!(
        missing.is_empty(),
        "docs/numbered-cases.md needs a line for {missing:?}"
    );
    let stale: Vec<_> = explained.difference(&carried).collect();
    assert!(
        stale.is_empty(),
        "no test carries {stale:?} any more; docs/numbered-cases.md has a line for each"
    );
}

#[test]
fn a_name_may_carry_several_numbers() {
    // Not in one piece, so that these are not taken for tests.
    let keyword = "fn";
    let numbers = |name: &str| numbers_in(&format!("    async {keyword} {name}() {{"));
    let expect = |numbers: &[&str]| numbers.iter().map(|number| (*number).to_owned()).collect::<Vec<_>>();
    assert_eq!(numbers("c017_an_address"), expect(&["c017"]));
    assert_eq!(numbers("s50_and_s51_addresses"), expect(&["s50", "s51"]));
    assert_eq!(numbers("c069_t02_a_used_link"), expect(&["c069", "t02"]));
    assert_eq!(numbers("a_link_of_s19_seconds"), expect(&[]));
    assert_eq!(numbers("s5_short"), expect(&[]));
    assert_eq!(numbers("c1234_long"), expect(&[]));
}

/// Our own sources, without what is built or fetched.
fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory can be read") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                files.extend(rust_files(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The numbers that the names of functions begin with.
fn numbers_in(source: &str) -> Vec<String> {
    let mut numbers = Vec::new();
    for definition in source.split("fn ").skip(1) {
        let end = definition
            .find(|c: char| c != '_' && !c.is_ascii_alphanumeric())
            .unwrap_or(definition.len());
        for word in definition[..end].split('_') {
            if is_number(word) {
                numbers.push(word.to_owned());
            } else if word != "and" {
                break;
            }
        }
    }
    numbers
}

/// `c017`, `s05`, `t18`.
fn is_number(word: &str) -> bool {
    let digits = match word.bytes().next() {
        Some(b'c') => 3,
        Some(b's' | b't') => 2,
        _ => return false,
    };
    word.len() == digits + 1 && word[1..].bytes().all(|byte| byte.is_ascii_digit())
}

/// The numbers that have a row with something in it.
fn numbers_explained(page: &str) -> BTreeSet<String> {
    let mut explained = BTreeSet::new();
    let mut before = String::new();
    for row in page.lines() {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let (Some(number), Some(text)) = (cells.next(), cells.next()) else {
            continue;
        };
        if !is_number(number) {
            continue;
        }
        assert!(!text.is_empty(), "{number} is not explained");
        assert!(*number > *before, "{number} stands after {before}");
        number.clone_into(&mut before);
        explained.insert(number.to_owned());
    }
    explained
}
