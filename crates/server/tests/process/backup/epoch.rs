//! An older state of the accounts revives no link, no session and no mail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{ADA, Site, letter};
use crate::support::{Call, PASSWORD, Purpose, Server, Session, unused_port, with_database};

#[tokio::test(flavor = "multi_thread")]
async fn s84_a_backup_under_load_is_restored_elsewhere() {
    let site = Site::new();
    let server = site.serve("old").start().await;
    server.register(ADA).await;
    server.confirm(&letter(&server, 1).await).await;
    let session = server.ask(&Call::log_in(ADA, PASSWORD)).await.session();
    assert_eq!(server.ask(&Call::send(Purpose::Reset, ADA)).await, "200");
    let reset = letter(&server, 2).await;

    let stop = Arc::new(AtomicBool::new(false));
    let load = tokio::spawn({
        let (client, stop) = (server.client().clone(), Arc::clone(&stop));
        let profile = Call::refresh(&session);
        async move {
            let mut acknowledged = 0;
            while !stop.load(Ordering::Relaxed) {
                let address = format!("{acknowledged}@example.com");
                assert_eq!(client.ask(&Call::register(&address, PASSWORD)).await, "201");
                assert_eq!(client.ask(&profile).await, "201");
                acknowledged += 1;
            }
            acknowledged
        }
    });
    server.register("before@example.com").await;
    let archive = site.backup("old").await;
    stop.store(true, Ordering::Relaxed);
    assert!(load.await.unwrap() > 0);
    // What happens after the backup is lost with the old server. It must not be possible to do it again.
    assert_eq!(server.ask(&Call::reset(&reset, "another password")).await, "200");
    server.kill().await;

    let said = site.works("new", &["restore", &archive]).await;
    assert!(said.contains("ended sessions: 1, "), "{said}");
    assert!(!said.contains("voided links: 0"), "{said}");
    let server = site.serve("new").start().await;
    let login = server.ask(&Call::log_in(ADA, PASSWORD)).await.session();
    assert_eq!(server.ask(&Call::refresh(&login)).await, "201", "new sessions work");
    let taken = server.ask(&Call::register("before@example.com", PASSWORD)).await;
    assert_eq!(taken.status, 409, "what was acknowledged before the backup is in it");
    assert_eq!(server.ask(&Call::refresh(&session)).await.status, 401);
    assert_eq!(
        server.ask(&Call::reset(&reset, "a third password")).await,
        "400 UserpassTokenInvalid"
    );
    assert_eq!(server.ask(&Call::log_in(ADA, PASSWORD)).await, "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn t02_a_link_that_was_spent_after_a_backup_stays_spent() {
    let site = Site::new();
    let server = site.serve("old").start().await;
    server.register(ADA).await;
    let confirm = letter(&server, 1).await;
    let archive = site.backup("old").await;
    server.confirm(&confirm).await;
    server.stop().await;

    site.works("new", &["restore", &archive]).await;
    let server = site.serve("new").start().await;
    assert_eq!(server.ask(&Call::confirm(&confirm)).await, "400 UserpassTokenInvalid");
    // The address is as it was at the backup: it is confirmed by a new link.
    assert_eq!(server.ask(&Call::send(Purpose::Confirm, ADA)).await, "200");
    server.confirm(&letter(&server, 1).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s84_mails_that_wait_in_a_backup_are_not_sent_by_the_restored_server() {
    let site = Site::new();
    // Nothing listens there, so the mail waits.
    let server = site.serve("old").with_smtp(unused_port()).start().await;
    server.register(ADA).await;
    let archive = site.backup("old").await;
    server.stop().await;

    let said = site.works("new", &["restore", &archive]).await;
    assert!(
        said.ends_with("voided links: 1, ended sessions: 0, mails given up: 1\n"),
        "{said}"
    );
    let server = site.serve("new").start().await;
    server.register("bob@example.com").await;
    letter(&server, 1).await;
    let mails = server.ask(&Call::get("/dev/mail/messages")).await.json();
    assert_eq!(mails.as_array().unwrap().len(), 1);
    assert_eq!(mails[0]["to"], "bob@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn s84_a_new_epoch_is_opened_in_a_running_server_and_without_one() {
    let site = Site::new();
    let server = site.serve("data").start().await;
    let session = account(&server).await;
    let said = site.works("data", &["new-epoch"]).await;
    assert_eq!(said, "voided links: 1, ended sessions: 1, mails given up: 0\n");
    assert_eq!(server.ask(&Call::refresh(&session)).await.status, 401);

    let session = server.ask(&Call::log_in(ADA, PASSWORD)).await.session();
    server.stop().await;
    let said = site.works("data", &["new-epoch"]).await;
    assert_eq!(said, "voided links: 0, ended sessions: 1, mails given up: 0\n");
    let server = site.serve("data").start().await;
    assert_eq!(server.ask(&Call::refresh(&session)).await.status, 401);
    assert_eq!(server.ask(&Call::log_in(ADA, PASSWORD)).await, "200");

    assert_eq!(
        site.refused("empty", &["new-epoch"]).await,
        "there is no database at DIR/empty/doorward.sqlite"
    );
    assert!(!site.path("empty").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn s84_a_new_epoch_of_a_postgresql_database() {
    with_database(async |url, _door| {
        let site = Site::new();
        let program = site.serve("data").with(["--database", &url]);
        let server = program.start().await;
        let session = account(&server).await;
        let said = site.works("elsewhere", &["new-epoch", "--database", &url]).await;
        assert_eq!(said, "voided links: 1, ended sessions: 1, mails given up: 0\n");
        assert_eq!(server.ask(&Call::refresh(&session)).await.status, 401);
        let session = server.ask(&Call::log_in(ADA, PASSWORD)).await.session();
        // Without a URL, the running server knows which database it is.
        let said = site.works("data", &["new-epoch"]).await;
        assert_eq!(said, "voided links: 0, ended sessions: 1, mails given up: 0\n");
        assert_eq!(server.ask(&Call::refresh(&session)).await.status, 401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_in_postgresql_are_not_backed_up_into_an_archive() {
    with_database(async |url, _door| {
        let site = Site::new();
        let server = site.serve("data").with(["--database", &url]).start().await;
        let archive = site.text("backup.tar");
        let why = "the accounts are in PostgreSQL: back them up with pg_dump, or with continuous archiving, and copy the \
                   directory `keys` of the data directory";
        assert_eq!(site.refused("data", &["backup", &archive]).await, why);
        assert_eq!(site.refused("data", &["backup", &archive, "--database", &url]).await, why);
        server.stop().await;
        assert_eq!(super::names(site.dir.path()), ["data"], "no file looks like a backup");
        let refused = site.refused("data", &["restore", &archive, "--database", &url]).await;
        assert!(refused.ends_with("and then run `doorward new-epoch`"), "{refused}");
    })
    .await;
}

/// Ada, confirmed, with a session and a live reset link.
async fn account(server: &Server) -> Session {
    server.register(ADA).await;
    server.confirm(&letter(server, 1).await).await;
    assert_eq!(server.ask(&Call::send(Purpose::Reset, ADA)).await, "200");
    letter(server, 2).await;
    server.ask(&Call::log_in(ADA, PASSWORD)).await.session()
}
