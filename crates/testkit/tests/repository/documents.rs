//! Documents rot where they name files. This keeps the names true.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Words in backticks or link targets that begin with a top-level directory of the repository.
fn named_paths(text: &str) -> Vec<String> {
    let roots = ["crates/", "docs/", "tests/", "bench/", "examples/"];
    text.split(['`', '(', ')', ' ', '\n'])
        .map(|word| {
            word.trim_end_matches(['.', ',', ':', ';'])
                .split('#')
                .next()
                .unwrap_or_default()
        })
        .filter(|word| roots.iter().any(|root| word.starts_with(root)) && !word.contains(['*', '{', '<', '…']))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_path_that_a_document_names_exists() {
    let mut documents = vec![];
    for dir in ["", "docs", "docs/adr", "tests", "bench"] {
        let entries = fs::read_dir(root().join(dir)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        documents.extend(paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    assert!(documents.len() > 8, "the documents were found");
    let mut missing = vec![];
    for document in documents {
        for path in named_paths(&fs::read_to_string(&document).unwrap()) {
            if !root().join(&path).exists() && !document.parent().unwrap().join(&path).exists() {
                missing.push(format!("{} names {path}", document.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn a_path_is_found_in_prose_and_links() {
    let text = "See `crates/core/src/lib.rs`, [there](docs/errors.md#top) and crates/*/src.";
    assert_eq!(named_paths(text), ["crates/core/src/lib.rs", "docs/errors.md"]);
}
