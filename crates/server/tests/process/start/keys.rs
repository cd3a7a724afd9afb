//! Keys are rotated in steps, each with a restart, and no step refuses a token or link that is still valid.

use serde_json::Value;
use tempfile::TempDir;

use super::development_links;
use crate::support::{AppDir, Call, Letter, PASSWORD, Program, Server, notes};

const ADA: &str = "ada@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn s72_an_access_key_is_rotated_without_a_refused_token() {
    let app = AppDir::without_confirmation();
    let site = Site {
        data: TempDir::new().unwrap(),
        app: app.path().to_owned(),
    };
    let server = site.start().await;
    server.register(ADA).await;
    let before = server.ask(&Call::log_in(ADA, PASSWORD)).await.session();
    let old = before.signing_key();
    assert_eq!(published(&server).await, std::slice::from_ref(&old));
    assert!(server.stop().await.status.success());

    let said = site.keys(&["add", "access", "--app", "notes-abcde"]).await;
    let new = said
        .strip_prefix("added key ")
        .and_then(|said| said.strip_suffix("; restart every server, then activate it\n"));
    let new = new.unwrap_or_else(|| panic!("{said:?}")).to_owned();
    let server = site.start().await;
    let mut both = [old.clone(), new.clone()];
    both.sort();
    assert_eq!(
        published(&server).await,
        both,
        "the new key is known before its first use"
    );
    assert_eq!(
        server.ask(&Call::log_in(ADA, PASSWORD)).await.session().signing_key(),
        old
    );
    assert!(server.stop().await.status.success());

    let said = site.keys(&["activate", "access", "--app", "notes-abcde", &new]).await;
    let expected = format!("key {new} is active from the next start on with --access-token-algorithm ES256\n");
    assert_eq!(said, expected);
    let server = site.start().await;
    let after = server.ask(&Call::log_in(ADA, PASSWORD)).await.session();
    assert_eq!(after.signing_key(), new);
    assert_eq!(
        server.ask(&Call::profile(&before)).await,
        "200",
        "what the old key signed is still good"
    );
    assert_eq!(published(&server).await, both);
    assert!(server.stop().await.status.success());

    let said = site.keys(&["remove", "access", "--app", "notes-abcde", &old]).await;
    assert_eq!(
        said,
        format!("removed key {old}; what it made is refused from the next start on\n")
    );
    let server = site.start().await;
    assert_eq!(server.ask(&Call::profile(&before)).await.status, 401);
    assert_eq!(server.ask(&Call::profile(&after)).await, "200");
    assert_eq!(
        server.ask(&Call::refresh(&before)).await,
        "201",
        "the refresh key is another"
    );
    assert_eq!(published(&server).await, [new]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s72_a_mail_key_is_rotated_without_a_dead_link() {
    let site = Site {
        data: TempDir::new().unwrap(),
        app: notes(),
    };
    let server = site.start().await;
    server.register(ADA).await;
    let letter = first_letter(&server).await;
    assert!(server.stop().await.status.success());

    let old = site.active("mail.json").await;
    let said = site.keys(&["add", "mail"]).await;
    let new = said.split(' ').nth(2).unwrap().trim_end_matches(';').to_owned();
    site.keys(&["activate", "mail", &new]).await;
    assert_eq!(site.active("mail.json").await, new);
    let server = site.start().await;
    // A link made with the old key.
    server.confirm(&letter).await;
    server.register("bob@example.com").await;
    let letter = first_letter(&server).await;
    assert!(server.stop().await.status.success());

    site.keys(&["remove", "mail", &old]).await;
    let server = site.start().await;
    // A link made with the new key.
    server.confirm(&letter).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_with_keys_is_refused() {
    let site = Site {
        data: TempDir::new().unwrap(),
        app: notes(),
    };
    assert!(site.start().await.stop().await.status.success());
    let active = site.active("mail.json").await;
    let data = site.data.path().to_str().unwrap();
    for (arguments, expected) in [
        (
            vec!["remove", "mail", &active],
            format!("key {active} is active; activate another one first"),
        ),
        (
            vec!["remove", "mail", "0000"],
            format!("{data}/keys/mail.json has no key 0000"),
        ),
        (
            vec!["activate", "mail", "0000"],
            format!("{data}/keys/mail.json has no key 0000"),
        ),
        (
            vec!["add", "access", "--app", "other-klmno"],
            format!(
                "cannot read the keys in {data}/keys/other-klmno/access.json: No such file or directory (os error 2)"
            ),
        ),
    ] {
        let ended = site.program(&arguments).run().await;
        assert_eq!(ended.stderr, format!("doorward: {expected}\n"));
        assert_eq!((ended.status.code(), &*ended.stdout), (Some(1), ""));
    }
    assert_eq!(site.active("mail.json").await, active, "nothing has changed");
}

struct Site {
    data: TempDir,
    app: String,
}

impl Site {
    async fn start(&self) -> Server {
        Program::serve(&self.app, self.data.path().to_str().unwrap())
            .start()
            .await
    }

    fn program(&self, arguments: &[&str]) -> Program {
        let data = self.data.path().to_str().unwrap();
        Program::new(["keys"])
            .with(arguments.iter().copied())
            .with(["--data-dir", data])
    }

    /// What `doorward keys …` prints when it works.
    async fn keys(&self, arguments: &[&str]) -> String {
        let ended = self.program(arguments).run().await;
        assert!(
            ended.status.success() && ended.stderr.is_empty(),
            "{arguments:?}: {ended:?}"
        );
        ended.stdout
    }

    /// The id of the active key of a ring, as `doorward keys list` shows it.
    async fn active(&self, ring: &str) -> String {
        let list = self.keys(&["list"]).await;
        let lines = list.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let active = lines
            .into_iter()
            .find(|words| words[0] == ring && words.last() == Some(&"active"));
        active.unwrap_or_else(|| panic!("no active key of {ring} in\n{list}"))[1].to_owned()
    }
}

/// The ids of the published keys, sorted.
async fn published(server: &Server) -> Vec<String> {
    let set: Value = server.ask(&Call::get_of_app(".well-known/jwks.json")).await.json();
    let mut ids: Vec<_> = set["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

async fn first_letter(server: &Server) -> Letter {
    for _ in 0..500 {
        if let Some(link) = development_links(server).await.first() {
            return Letter::with_link("", link);
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("no mail came to the development mailbox within ten seconds");
}
