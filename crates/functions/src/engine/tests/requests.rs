//! What a script sends over the network, to the byte.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::HttpRequest;

/// The first request of a function.
fn request(text: &str) -> HttpRequest {
    let (mut engine, host) = engine(&[("f", text)]);
    let result = call(&mut engine, "f", "[]", Wanted::Nothing).result;
    match host.borrow().requests.first() {
        Some(HostRequest::Http(request)) => request.clone(),
        _ => panic!("{text}: no request but {result:?}"),
    }
}

fn body(request: &HttpRequest) -> Vec<u8> {
    STANDARD.decode(request.body.as_ref().unwrap()).unwrap()
}

#[test]
fn bytes_are_sent_as_they_are() {
    let bytes = [
        "Buffer.from([0, 255, 128, 10])",
        "new Uint8Array([0, 255, 128, 10])",
        "new Uint8Array([0, 255, 128, 10]).buffer",
        "new Uint8Array([9, 0, 255, 128, 10, 9]).subarray(1, 5)",
        "BSON.Binary.fromHex('00ff800a')",
    ];
    for data in bytes {
        for sending in [
            "context.http.post({url: 'http://a', body: DATA})",
            "require('axios').post('http://a', DATA)",
            "require('node-fetch')('http://a', {method: 'POST', body: DATA})",
        ] {
            let text = format!("exports = async () => {{ await {} }}", sending.replace("DATA", data));
            assert_eq!(body(&request(&text)), [0, 255, 128, 10], "{text}");
        }
    }
    for data in &bytes[..2] {
        let text = format!(
            "exports = () => new Promise((done) => require('https').request('https://a', {{method: 'POST'}}, done).end({data}))"
        );
        assert_eq!(body(&request(&text)), [0, 255, 128, 10], "{text}");
    }
}

#[test]
fn bytes_come_as_they_are() {
    // The answer of the tests is "hé".
    for text in [
        "require('axios').get('http://a', {responseType: 'arraybuffer'}).then((r) => Buffer.from(r.data).toString('hex'))",
        "require('node-fetch')('http://a').then((r) => r.buffer()).then((b) => b.toString('hex'))",
        "require('node-fetch')('http://a').then((r) => r.arrayBuffer()).then((b) => b instanceof ArrayBuffer && Buffer.from(b).toString('hex'))",
        "context.http.get({url: 'http://a'}).then((r) => r.body.toHex())",
        "new Promise((done) => require('http').get('http://a', (r) => r.on('data', (b) => done(b.toString('hex')))))",
    ] {
        assert_eq!(value(&format!("exports = () => {text}"), "[]"), "\"68c3a9\"", "{text}");
    }
}

#[test]
fn cookies_forms_and_digests_are_spelt_out() {
    let sent = request(
        "exports = () => context.http.post({url: 'http://a', cookies: {a: 'b', c: 'd'}, form: {k: ['v', 'w'], 'q\"': 'é'}})",
    );
    assert!(sent.headers.contains(&("Cookie".to_owned(), "a=b; c=d".to_owned())));
    let (_, kind) = sent.headers.iter().find(|(name, _)| name == "Content-Type").unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let part = |name: &str, value: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let expected = [
        part("k", "v"),
        part("k", "w"),
        part("q%22", "é"),
        format!("--{boundary}--\r\n"),
    ]
    .concat();
    assert_eq!(String::from_utf8(body(&sent)).unwrap(), expected);

    let sent = request(
        "exports = () => context.http.get({scheme: 'https', host: 'a', username: 'u', password: 'p', digestAuth: true, followRedirects: true})",
    );
    assert_eq!(sent.digest, Some(("u".to_owned(), "p".to_owned())));
    assert_eq!((sent.url.as_str(), sent.follow_redirects), ("https://a", true));
    assert_eq!(
        value(
            "exports = () => context.http.post({url: 'http://a', form: {}, body: ''})",
            "[]"
        ),
        "Script: TypeError: a request has a body or a form, not both"
    );
    assert!(
        value("exports = () => context.http.post({url: 'http://a', body: {}})", "[]").starts_with("Script: TypeError")
    );
}
