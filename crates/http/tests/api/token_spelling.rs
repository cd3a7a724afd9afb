//! A token has one spelling: whatever differs in a character is no token.

use doorward_testkit::TestApp;

#[tokio::test]
async fn s73_t19_a_token_with_any_character_changed_is_refused() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    for position in 0..ada.access_token.len() {
        let reply = app.anonymous().profile(&changed(&ada.access_token, position)).await;
        assert_eq!(reply.error(), "401 - unauthorized", "{position}");
    }
    for position in 0..ada.refresh_token.len() {
        let reply = app.anonymous().refresh(&changed(&ada.refresh_token, position)).await;
        assert_eq!(reply.error(), "401 - signature is invalid", "{position}");
    }
}

/// The token with one character changed to its neighbour in the alphabet, which may change no more than a bit.
fn changed(token: &str, position: usize) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = token.as_bytes().to_vec();
    bytes[position] = match ALPHABET.iter().position(|byte| *byte == bytes[position]) {
        Some(index) => ALPHABET[index ^ 1],
        None => b'A',
    };
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn s73_t19_a_token_has_one_spelling() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    for (token, refusal) in [
        (&ada.access_token, "401 - unauthorized"),
        (&ada.refresh_token, "401 - signature is invalid"),
    ] {
        let parts: Vec<&str> = token.split('.').collect();
        let mut others = vec![
            format!("{token}="),
            format!("{token}=="),
            format!("{token}."),
            format!("{token}A"),
            format!("{token}AAAA"),
            format!(".{token}"),
            format!("{}.{}", parts[0], parts[1]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
            format!("{}.{}=.{}", parts[0], parts[1], parts[2]),
            format!("{}.{}.{}.{}", parts[0], parts[1], parts[2], parts[2]),
            token.to_ascii_uppercase(),
            token.to_ascii_lowercase(),
            token.replace(['-', '_'], "+"),
            token.replace('.', ","),
        ];
        others.extend((1..=8).map(|cut| token[..token.len() - cut].to_owned()));
        // The last character of a signature has bits that stand for nothing; they must be zero.
        let (start, last) = token.split_at(token.len() - 1);
        let alphabet = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']);
        others.extend(
            alphabet
                .filter(|other| !last.starts_with(*other))
                .map(|other| format!("{start}{other}")),
        );
        for other in others {
            if other == *token {
                continue; // Nothing to replace in it.
            }
            let reply = if refusal.ends_with("unauthorized") {
                app.anonymous().profile(&other).await
            } else {
                app.anonymous().refresh(&other).await
            };
            assert_eq!(reply.error(), refusal, "{other}");
        }
    }
}
