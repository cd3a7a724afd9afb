//! The parts that take long, or need Debian's HAProxy and libfaketime. `./test long` runs them.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use doorward_testkit::smtp_server::SmtpMode;
use tempfile::TempDir;
use tokio::time::sleep;

use super::{Load, MAIL, pair, ready};
use crate::support::{Cluster, Letter, Site, unused_port};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "./test long runs it"]
async fn behind_haproxy_a_fail_over_a_restart_and_a_rolling_restart_lose_and_double_nothing() {
    let (primary, standby) = pair();
    let proxy = Proxy::before(&primary, &standby);
    let site = Site::new(&format!("postgres://doorward@127.0.0.1:{}/postgres", proxy.port)).await;
    proxy.finds_the_primary().await;
    let (mut a, mut b) = tokio::join!(site.program.start(), site.program.start());
    let load = Load::on(&[&a, &b]);
    load.during(async {
        sleep(Duration::from_secs(3)).await;
        primary.kill();
        standby.promote();
        ready(&a).await;
        ready(&b).await;
        sleep(Duration::from_secs(3)).await;

        standby.kill();
        sleep(Duration::from_secs(3)).await;
        standby.start();
        ready(&a).await;
        ready(&b).await;
        sleep(Duration::from_secs(3)).await;

        // A rolling restart: no client asks a node that is being replaced.
        for node in [&mut a, &mut b] {
            let next = site.program.start().await;
            load.replace(node, &next);
            let ended = std::mem::replace(node, next).stop().await;
            assert!(ended.status.success(), "{ended:?}");
        }
        sleep(Duration::from_secs(3)).await;
    })
    .await;
    load.is_kept(&site, &[&a, &b], &standby).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "./test long runs it"]
async fn a_node_that_was_frozen_for_40_s_sends_no_mail_that_another_has_sent() {
    let (primary, _standby) = pair();
    let mut site = Site::new(&format!("postgres://doorward@{}/postgres", primary.address())).await;
    site.relay.set_mode(SmtpMode::Hang).await;
    let frozen = site.program.start().await;
    let load = Load::on(&[&frozen]);
    load.during(async {
        // Mails pile up.
        while site.relay.connections() < 5 || load.acknowledged() < 25 {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    // Of the mails that it has claimed, the relay has accepted the first.
    site.relay.set_mode(SmtpMode::Normal).await;
    site.relay.wait_for(1, MAIL).await;
    frozen.freeze();
    // What is on its way to the relay arrives.
    sleep(Duration::from_millis(300)).await;
    // The node has had no time to record that the relay accepted these, so the other node sends them again.
    let accepted = recipients(&site);
    let other = site.program.start().await;
    sleep(Duration::from_secs(40)).await;
    assert!(
        accepted.len() < recipients(&site).len(),
        "mails were waiting when the node was frozen"
    );
    let sent = site.relay.mails().len();
    frozen.thaw();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(
        site.relay.mails().len(),
        sent,
        "the node sends nothing under claims that have lapsed"
    );
    load.is_kept_but_for(&site, &[&frozen, &other], &primary, &accepted)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "./test long runs it"]
async fn a_node_whose_clock_is_two_minutes_ahead_doubles_no_mail() {
    let (primary, _standby) = pair();
    let site = Site::new(&format!("postgres://doorward@{}/postgres", primary.address())).await;
    let ahead = site
        .program
        .clone()
        .env("LD_PRELOAD", libfaketime().to_str().unwrap())
        .env("FAKETIME", "+120s")
        .env("DONT_FAKE_MONOTONIC", "1");
    let (a, b) = tokio::join!(site.program.start(), ahead.start());
    let load = Load::on(&[&a, &b]);
    load.during(sleep(Duration::from_secs(15))).await;
    load.is_kept(&site, &[&a, &b], &primary).await;
}

fn recipients(site: &Site) -> HashSet<String> {
    site.relay.mails().iter().map(|mail| Letter::read(mail).to).collect()
}

fn libfaketime() -> PathBuf {
    let libraries = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut found = libraries.map(|library| library.path().join("faketime/libfaketimeMT.so.1"));
    let found = found.find(|path| path.exists());
    found.expect("this test needs libfaketime: run ./test long, which installs it")
}

/// HAProxy before two PostgreSQL servers: it leads to the one that is no standby. It is killed when this is dropped.
struct Proxy {
    port: u16,
    process: Child,
    _files: TempDir,
}

impl Proxy {
    fn before(one: &Cluster, another: &Cluster) -> Self {
        let files = TempDir::new().unwrap();
        let check = files.path().join("check");
        // HAProxy passes the addresses of the proxy and of the server that it checks.
        let script = format!(
            "#!/bin/sh\nexec test \"$({} -h \"$3\" -p \"$4\" -U doorward -Atc 'SELECT pg_is_in_recovery()' postgres)\" = f\n",
            Cluster::program("psql").display()
        );
        std::fs::write(&check, script).unwrap();
        std::fs::set_permissions(&check, std::fs::Permissions::from_mode(0o755)).unwrap();
        let port = unused_port();
        let configuration = files.path().join("haproxy.cfg");
        let text = format!(
            "global\n  external-check\n  insecure-fork-wanted\n\
             defaults\n  mode tcp\n  timeout connect 1s\n  timeout client 1h\n  timeout server 1h\n\
             listen postgres\n  bind 127.0.0.1:{port}\n  option external-check\n  external-check path /usr/bin:/bin\n  \
             external-check command {}\n  default-server check inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions\n  \
             server one {}\n  server another {}\n",
            check.display(),
            one.address(),
            another.address()
        );
        std::fs::write(&configuration, text).unwrap();
        let process = Command::new("/usr/sbin/haproxy")
            .arg("-db")
            .arg("-q")
            .arg("-f")
            .arg(&configuration)
            .spawn();
        Self {
            port,
            process: process.expect("this test needs HAProxy: run ./test long, which installs it"),
            _files: files,
        }
    }

    /// Waits until the first checks have found which server is the standby.
    async fn finds_the_primary(&self) {
        sleep(Duration::from_secs(2)).await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
