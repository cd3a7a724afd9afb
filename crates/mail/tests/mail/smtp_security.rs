//! T29 and s54: what the client sends to which relay, and under which encryption.

use std::sync::Arc;
use std::time::Duration;

use doorward_core::Purpose;
use doorward_mail::{Claim, SendError, SmtpTransport, Transport};
use doorward_testkit::smtp_server::{Certificates, SmtpOptions, SmtpServer, SmtpTls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Dialogue, ScriptedRelay, World};

const SOON: Duration = Duration::from_secs(10);
const LOGIN: &str = "no-reply%40notes.example:op%3Asesame";

fn login() -> (String, String) {
    ("no-reply@notes.example".to_owned(), "op:sesame".to_owned())
}

#[tokio::test]
async fn t29_credentials_and_mail_travel_encrypted() {
    let certificates = Certificates::make();
    for (scheme, tls) in [
        ("smtp+starttls", SmtpTls::StartTls(certificates.localhost())),
        ("smtps", SmtpTls::Implicit(certificates.localhost())),
    ] {
        for host in ["localhost", "127.0.0.1"] {
            let server = SmtpServer::start(SmtpOptions {
                tls: tls.clone(),
                login: Some(login()),
                ..SmtpOptions::default()
            })
            .await;
            let ca = certificates.authority();
            send(&format!(
                "{scheme}://{LOGIN}@{host}:{}?ca={}",
                server.port(),
                ca.display()
            ))
            .await
            .unwrap();
            let [mail] = server.wait_for(1, SOON).await.try_into().unwrap();
            assert_eq!(
                (mail.secure, mail.user.as_deref()),
                (true, Some("no-reply@notes.example"))
            );
        }
    }
}

#[tokio::test]
async fn t29_a_relay_with_the_wrong_certificate_gets_nothing() {
    let certificates = Certificates::make();
    let trusted = format!("?ca={}", certificates.authority().display());
    for (certificate, trust, reason) in [
        (certificates.wrong_host(), trusted.as_str(), "not valid for name"),
        (certificates.localhost(), "", "UnknownIssuer"),
    ] {
        for (scheme, tls) in [
            ("smtp+starttls", SmtpTls::StartTls(certificate.clone())),
            ("smtps", SmtpTls::Implicit(certificate.clone())),
        ] {
            let mut server = SmtpServer::start(SmtpOptions {
                tls,
                login: Some(login()),
                ..SmtpOptions::default()
            })
            .await;
            let error = send(&format!("{scheme}://{LOGIN}@localhost:{}{trust}", server.port()))
                .await
                .unwrap_err();
            let SendError::Transient { reason: delivery } = error else {
                panic!("{error:?}")
            };
            assert!(delivery.contains(reason), "{delivery}");
            server.catch_up().await;
            assert_eq!((server.mails().len(), server.refused()), (0, 0));
        }
    }
}

#[tokio::test]
async fn t29_a_relay_without_starttls_hears_nothing_but_a_greeting() {
    let relay = ScriptedRelay::start(Dialogue {
        greeting: "220 hi",
        replies: &[("EHLO", "250-hi\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME")],
    })
    .await;
    let error = send(&format!("smtp+starttls://{LOGIN}@127.0.0.1:{}", relay.port))
        .await
        .unwrap_err();
    let reason = "connecting to the relay failed: STARTTLS is not supported on this server".to_owned();
    assert_eq!(error, SendError::Transient { reason });
    assert_eq!(relay.heard(), ["EHLO"]);
}

#[tokio::test]
async fn t29_a_relay_that_refuses_starttls_hears_no_more() {
    let relay = ScriptedRelay::start(Dialogue {
        greeting: "220 hi",
        replies: &[
            ("EHLO", "250-hi\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS"),
            ("STARTTLS", "454 4.7.0 not available"),
        ],
    })
    .await;
    let error = send(&format!("smtp+starttls://{LOGIN}@127.0.0.1:{}", relay.port))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        SendError::Transient {
            reason: "the relay refused the connection: 454 4.7.0".to_owned()
        }
    );
    assert_eq!(relay.heard(), ["EHLO", "STARTTLS", "QUIT"]);
}

#[tokio::test]
async fn t29_replies_injected_before_tls_are_not_believed_under_tls() {
    let certificates = Certificates::make();
    let ca = certificates.authority();
    let tls = SmtpTls::StartTls(certificates.localhost());
    let mut server = SmtpServer::start(SmtpOptions {
        tls,
        ..SmtpOptions::default()
    })
    .await;
    for attack in [Attack::None, Attack::AfterTheReply, Attack::InsteadOfTheReply] {
        let port = meddle(server.port(), attack).await;
        let sent = send(&format!("smtp+starttls://localhost:{port}?ca={}", ca.display())).await;
        assert_eq!(sent.is_ok(), attack == Attack::None, "{attack:?}: {sent:?}");
    }
    server.catch_up().await;
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn wrong_credentials_are_not_the_mails_fault_and_are_not_repeated() {
    let certificates = Certificates::make();
    let tls = SmtpTls::StartTls(certificates.localhost());
    let mut server = SmtpServer::start(SmtpOptions {
        tls,
        login: Some(login()),
        ..SmtpOptions::default()
    })
    .await;
    let ca = certificates.authority();
    let url = format!(
        "smtp+starttls://no-reply:wrong@localhost:{}?ca={}",
        server.port(),
        ca.display()
    );
    let error = send(&url).await.unwrap_err();
    let SendError::Transient { reason } = &error else {
        panic!("{error:?}")
    };
    assert!(reason.starts_with("the relay refused the credentials: 535"), "{reason}");
    server.catch_up().await;
    assert_eq!((server.refused(), server.mails().len()), (1, 0));
    assert_eq!(
        format!("{:?}", SmtpTransport::from_url(&url).unwrap()),
        "SmtpTransport(..)"
    );
}

#[tokio::test]
async fn t29_no_credentials_go_to_a_relay_that_does_not_ask_for_them_in_a_known_way() {
    let relay = ScriptedRelay::start(Dialogue {
        greeting: "220 hi",
        replies: &[("EHLO", "250-hi\r\n250 AUTH CRAM-MD5")],
    })
    .await;
    let error = send(&format!("smtp://{LOGIN}@127.0.0.1:{}", relay.port))
        .await
        .unwrap_err();
    assert!(matches!(error, SendError::Transient { .. }), "{error:?}");
    assert_eq!(relay.heard(), ["EHLO"]);
}

async fn send(url: &str) -> Result<(), SendError> {
    let message = World::new().await.compose("ada@example.com", Purpose::Confirm);
    SmtpTransport::from_url(url)
        .unwrap()
        .send(&message, &Claim::unlimited())
        .await
}

/// What an attacker on the line does with the reply to `STARTTLS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attack {
    /// Passes it on unchanged.
    None,
    /// Appends a reply of its own to it.
    AfterTheReply,
    /// Sends both with the reply to `EHLO`, and drops the real one.
    InsteadOfTheReply,
}

const INJECTED: &[u8] = b"250-injected\r\n250 SIZE 1000000\r\n";

/// Stands between a client and a relay, and changes the plain beginning of the conversation.
async fn meddle(relay: u16, attack: Attack) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let relay = TcpStream::connect(("127.0.0.1", relay)).await.unwrap();
        let (mut from_client, to_client) = client.into_split();
        let (mut from_relay, mut to_relay) = relay.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_relay).await });
        let to_client = Arc::new(tokio::sync::Mutex::new(to_client));
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = from_relay.read(&mut buffer).await {
            let mut bytes = buffer[..count].to_vec();
            let is_capabilities = bytes.starts_with(b"250") && bytes.windows(8).any(|window| window == b"STARTTLS");
            let is_ready = bytes.starts_with(b"220") && bytes.windows(5).any(|window| window == b"Ready");
            match attack {
                Attack::AfterTheReply if is_ready => bytes.extend_from_slice(INJECTED),
                Attack::InsteadOfTheReply if is_capabilities => {
                    bytes.extend_from_slice(b"220 Ready\r\n");
                    bytes.extend_from_slice(INJECTED);
                }
                Attack::InsteadOfTheReply if is_ready => continue,
                _ => {}
            }
            if to_client.lock().await.write_all(&bytes).await.is_err() {
                break;
            }
        }
    });
    port
}
