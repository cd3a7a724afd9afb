//! The table of options in `docs/operating.md`, made from the options as clap knows them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::{Arg, ArgAction, Args as _, Command};

use super::ServeOptions;

const BEGIN: &str =
    "<!-- The table is made from the code: UPDATE_DOCS=1 cargo test -p doorward --bin doorward reference -->\n\n";
const END: &str = "\n<!-- The end of the table. -->";

#[test]
fn the_documentation_shows_every_option() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operating.md");
    let found = fs::read_to_string(&path).expect("docs can be read");
    let (before, rest) = found.split_once(BEGIN).expect("the mark before the table is there");
    let (_, after) = rest.split_once(END).expect("the mark behind the table is there");
    let expected = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &expected).expect("docs can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "the options in docs/operating.md differ from the code; write them anew with\n    \
         UPDATE_DOCS=1 cargo test -p doorward --bin doorward reference"
    );
}

#[test]
fn every_option_has_a_default_and_every_amount_has_limits() {
    for arg in options().get_arguments() {
        let row = Row::of(arg);
        assert!(!row.default.is_empty(), "{} has no default", row.option);
        assert!(!row.meaning.is_empty(), "{} has no meaning", row.option);
        let is_amount = row.option.ends_with(" DURATION") || row.option.ends_with(" N");
        assert!(!is_amount || !row.limits.is_empty(), "{} has no limits", row.option);
    }
}

#[test]
fn an_option_has_one_name_everywhere() {
    let mut names = BTreeSet::new();
    for arg in options().get_arguments() {
        let id = arg.get_id().as_str();
        let variable = format!("DOORWARD_{}", id.to_uppercase());
        assert_eq!(arg.get_env().and_then(|name| name.to_str()), Some(variable.as_str()));
        if !arg.is_positional() {
            assert_eq!(arg.get_long(), Some(id.replace('_', "-").as_str()));
        }
        assert!(names.insert(id.to_owned()), "{id} is declared twice");
    }
}

fn options() -> Command {
    ServeOptions::augment_args(Command::new("serve"))
}

fn table() -> String {
    let mut text = "| Option | Default | Limits | Meaning |\n|---|---|---|---|\n".to_owned();
    for arg in options().get_arguments() {
        let mut row = Row::of(arg);
        if row.limits.is_empty() {
            row.limits.push('—');
        }
        let [option, default, limits, meaning] =
            [row.option, row.default, row.limits, row.meaning].map(|cell| cell.replace('|', r"\|"));
        let _ = writeln!(text, "| `{option}` | {default} | {limits} | {meaning} |");
    }
    text
}

struct Row {
    option: String,
    default: String,
    limits: String,
    meaning: String,
}

impl Row {
    fn of(arg: &Arg) -> Self {
        let value = arg.get_value_names().unwrap_or_default().join(" ");
        let help = arg.get_long_help().or(arg.get_help());
        let help = help.map(ToString::to_string).unwrap_or_default();
        let (help, computed) = without_tag(&help, "default");
        let (help, limits) = without_tag(&help, "limits");
        let default = match arg.get_default_values() {
            [] => computed,
            values => values.iter().map(|value| code(&value.to_string_lossy())).collect(),
        };
        let accepted: Vec<_> = arg
            .get_possible_values()
            .iter()
            .map(|value| code(value.get_name()))
            .collect();
        let limits = if limits.is_empty() {
            accepted.join(" or ")
        } else {
            limits
        };
        Self {
            option: match arg.get_long() {
                Some(long) => format!("--{long} {value}"),
                None => format!("{value} …"),
            },
            default,
            limits: match arg.get_action() {
                ArgAction::Append => "repeatable".to_owned(),
                _ => limits,
            },
            meaning: sentences(&help),
        }
    }
}

/// The paragraphs of a help text in one line. clap removes the full stop of a single paragraph.
fn sentences(help: &str) -> String {
    let text = help.replace("\n\n", " ");
    if text.ends_with('.') { text } else { format!("{text}.") }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// Splits off what `[name: …]` in a help text says.
fn without_tag(help: &str, name: &str) -> (String, String) {
    let tag = help.split_once(&format!("[{name}: "));
    match tag.and_then(|(before, rest)| Some((before, rest.split_once(']')?))) {
        Some((before, (text, after))) => (format!("{}{after}", before.trim_end()), text.to_owned()),
        None => (help.to_owned(), String::new()),
    }
}
