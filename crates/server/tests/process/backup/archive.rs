//! The archive: private, whole, and refused when it is not.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;

use walkdir::WalkDir;

use super::{ADA, Site, letter, names};
use crate::support::{Call, PASSWORD};

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_is_private_and_nothing_is_left_beside_it() {
    let site = Site::new();
    let server = site.serve("data").start().await;
    let archive = site.backup("data").await;
    assert_eq!(fs::metadata(&archive).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(names(site.dir.path()), ["backup.tar", "data"]);
    let data = names(&site.path("data"));
    assert!(data.iter().all(|name| !name.starts_with('.')), "{data:?}");
    assert_eq!(
        members(&archive),
        [
            "manifest.json",
            "manifest.json.sha256",
            "doorward.sqlite",
            "keys/mail.json",
            "keys/notes-abcde/access.json",
            "keys/notes-abcde/refresh.json",
        ]
    );

    let before = fs::read(&archive).unwrap();
    assert_eq!(
        site.refused("data", &["backup", &archive]).await,
        "DIR/backup.tar is there already; name a new file"
    );
    assert!(fs::read(&archive).unwrap() == before);
    assert_eq!(
        site.refused("data", &["backup", "-"]).await,
        "an archive is verified after it has been written, which standard output does not allow: name a file"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_is_backed_up_without_a_change_and_restored_with_its_permissions() {
    let site = Site::new();
    let server = site.serve("data").start().await;
    server.register(ADA).await;
    server.confirm(&letter(&server, 1).await).await;
    // What a killed server has acknowledged is in its log file.
    server.kill().await;
    let archive = site.backup("data").await;
    site.works("new", &["restore", &archive]).await;
    for entry in WalkDir::new(site.path("new")) {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        let expected = if entry.file_type().is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{}: {mode:o}", entry.path().display());
    }
    assert_eq!(
        names(&site.path("new")),
        ["doorward.sqlite", "doorward.sqlite.lock", "keys"]
    );
    for ring in ["mail.json", "notes-abcde/access.json", "notes-abcde/refresh.json"] {
        let [old, new] = ["data", "new"].map(|data| fs::read(site.path(data).join("keys").join(ring)).unwrap());
        assert!(old == new, "{ring}");
    }
    let server = site.serve("new").start().await;
    assert_eq!(server.ask(&Call::log_in(ADA, PASSWORD)).await, "200");
    server.stop().await;
    assert_eq!(
        site.refused("empty", &["backup", &site.text("other.tar")]).await,
        "there is no database at DIR/empty/doorward.sqlite"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_no_server_could_use_fails_the_backup() {
    let site = Site::new();
    let server = site.serve("data").start().await;
    let ring = site.path("data").join("keys/notes-abcde/refresh.json");
    fs::write(&ring, "{").unwrap();
    let named = "DIR/data/keys/notes-abcde/refresh.json: not a key file (line 1, column 1)";
    let archive = site.text("backup.tar");
    let running = site.refused("data", &["backup", &archive]).await;
    assert_eq!(running, named);
    server.stop().await;
    let stopped = site.refused("data", &["backup", &archive]).await;
    assert_eq!(stopped, named);
    assert_eq!(names(site.dir.path()), ["data"], "there is no archive");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_or_altered_archive_is_refused_and_nothing_is_written() {
    let site = Site::new();
    site.serve("data").start().await.stop().await;
    let archive = site.backup("data").await;
    let whole = fs::read(&archive).unwrap();
    let damaged = site.text("damaged.tar");
    let refused = async |bytes: &[u8], what: &str| {
        fs::write(&damaged, bytes).unwrap();
        let why = site.refused("new", &["restore", &damaged]).await;
        assert!(!site.path("new").exists(), "{what}: {why}");
        why
    };

    for length in [
        0,
        511,
        512,
        1_000,
        3_000,
        whole.len() / 2,
        whole.len() - 1_025,
        whole.len() - 1,
    ] {
        refused(&whole[..length], &format!("cut at {length}")).await;
    }
    let mut longer = whole.clone();
    longer.extend_from_slice(&[0; 512]);
    refused(&longer, "longer").await;

    let find = |text: &str| {
        let at = whole.windows(text.len()).position(|window| window == text.as_bytes());
        at.unwrap_or_else(|| panic!("{text} is in the archive"))
    };
    // A name, the manifest, its checksum, the database, a key.
    for place in [
        "manifest.json",
        "taken_at",
        "  manifest.json\n",
        "CREATE TABLE registrations",
        "created_at\": \"",
    ] {
        let mut altered = whole.clone();
        altered[find(place)] ^= 1;
        let why = refused(&altered, place).await;
        assert!(why.contains("archive"), "{place}: {why}");
    }
    let why = refused(
        b"no archive at all, but long enough to be one".repeat(50).as_slice(),
        "no tar file",
    )
    .await;
    assert!(why.starts_with("this is not an archive of `doorward backup`"), "{why}");
    assert!(
        site.refused("new", &["restore", &site.text("none.tar")])
            .await
            .contains("cannot read DIR/none.tar")
    );

    site.works("new", &["restore", &archive]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_a_directory_is_never_replaced_by_a_restore() {
    let site = Site::new();
    let server = site.serve("data").start().await;
    let archive = site.backup("data").await;
    assert_eq!(
        site.refused("data", &["restore", &archive]).await,
        "a server runs on DIR/data; stop it first"
    );
    server.stop().await;
    assert_eq!(
        site.refused("data", &["restore", &archive]).await,
        "DIR/data/doorward.sqlite is there already; move it away, or restore into an empty directory"
    );
    // Also what is left when only the database has been moved away: a log would be applied to the restored database.
    for left in ["doorward.sqlite-wal", "keys"] {
        let dir = site.path(left);
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join(left), "").unwrap();
        let why = site.refused(left, &["restore", &archive]).await;
        assert!(why.starts_with(&format!("DIR/{left}/{left} is there already")), "{why}");
        assert_eq!(names(&dir), [left]);
    }
}

/// The names of the members, as any program that reads tar files finds them.
fn members(archive: &str) -> Vec<String> {
    let mut bytes = Vec::new();
    fs::File::open(archive).unwrap().read_to_end(&mut bytes).unwrap();
    let mut names = Vec::new();
    let mut at = 0;
    while at < bytes.len() && bytes[at] != 0 {
        let text = |range: std::ops::Range<usize>| {
            let field = &bytes[at + range.start..at + range.end];
            String::from_utf8(field.iter().copied().take_while(|byte| *byte != 0).collect()).unwrap()
        };
        names.push(text(0..100));
        let size = usize::from_str_radix(text(124..136).trim(), 8).unwrap();
        at += 512 + size.div_ceil(512) * 512;
    }
    names
}
