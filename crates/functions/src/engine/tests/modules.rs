//! What `require` finds, and what it must not find.

use super::*;

#[test]
fn the_parts_of_built_in_modules_are_for_those_only() {
    for name in [
        "doorward:native",
        "doorward:http",
        "doorward:buffer",
        "doorward:utils",
        "node:doorward:native",
    ] {
        let expected = format!("Script: Error: Cannot find module '{name}'");
        assert_eq!(value(&format!("exports = () => require('{name}')"), "[]"), expected);
        assert_eq!(
            value(&format!("exports = () => require('pack').inner('{name}')"), "[]"),
            expected
        );
    }
    // And the server is not asked for them either.
    let (mut engine, host) = engine(&[(
        "f",
        "exports = () => { try { require('doorward:native') } catch (e) {} }",
    )]);
    call(&mut engine, "f", "[]", Wanted::Nothing).result.unwrap();
    assert!(host.borrow().requests.is_empty());
}

#[test]
fn the_names_that_may_be_required_can_be_required() {
    assert!(built_in_modules().any(|name| name == "crypto"));
    for name in built_in_modules() {
        assert!(!name.starts_with("doorward:"));
        let got = value(
            &format!("exports = () => typeof require('{name}') !== typeof require('node:{name}')"),
            "[]",
        );
        assert_eq!(got, "false", "{name}");
    }
}

#[test]
fn a_module_of_node_that_is_absent_is_so_when_it_is_asked_for() {
    for name in ["zlib", "node:zlib", "fs", "net", "stream", "tls"] {
        let text = format!("exports = (ask) => ask && require('{name}')");
        assert_eq!(value(&text, "[false]"), "false");
        assert_eq!(
            value(&text, "[true]"),
            format!("Script: Error: Cannot find module '{name}'")
        );
    }
}

#[test]
fn a_package_requires_what_is_beside_it() {
    assert_eq!(
        value("exports = () => require('pack').sum", "[]"),
        r#"{"$numberInt":"3"}"#
    );
    assert_eq!(
        value("exports = () => require('pack').here", "[]"),
        r#"["pack/index.js","pack"]"#
    );
    assert_eq!(
        value("exports = () => require('pack').inner('path').join('a', 'b')", "[]"),
        "\"a/b\""
    );
    assert_eq!(
        value("exports = () => require('pack').inner('./no')", "[]"),
        "Script: Error: Cannot find module './no'"
    );
}

#[test]
fn modules_are_asked_for_once_and_are_new_in_every_call() {
    let text = "exports = () => { const pack = require('pack'); const seen = pack.seen; pack.seen = 1; const again = require('pack').seen; const path = require('path'); const old = path.mark; path.mark = 1; return [seen === undefined, again, old === undefined] }";
    let (mut engine, host) = engine(&[("f", text)]);
    for _ in 0..3 {
        let Ok(Returned::Value(value)) = call(&mut engine, "f", "[]", Wanted::Value).result else {
            panic!("no value")
        };
        assert_eq!(value.as_str(), r#"[true,{"$numberInt":"1"},true]"#);
    }
    assert_eq!(count(&host, |request| matches!(request, HostRequest::Module { .. })), 3);
}

#[test]
fn globals_of_node_are_there_when_they_are_used() {
    for (text, expected) in [
        ("Buffer.from('hé').toString('hex')", "\"68c3a9\""),
        ("Buffer === require('buffer').Buffer", "true"),
        ("process.version", "\"v10.18.1\""),
        (
            "new URL('/b?x=1', 'https://a.example/').href",
            "\"https://a.example/b?x=1\"",
        ),
        ("new URLSearchParams({a: 'b c'}).toString()", "\"a=b+c\""),
        (
            "utils.crypto.hash('sha1', 'abc').toHex()",
            "\"a9993e364706816aba3e25717850c26c9cd0d89d\"",
        ),
        (
            "utils.jwt.decode(utils.jwt.encode('HS256', {a: 'b'}, 'k'), 'k').a",
            "\"b\"",
        ),
        ("(Buffer = 5, Buffer)", r#"{"$numberInt":"5"}"#),
        ("global === globalThis", "true"),
    ] {
        assert_eq!(value(&format!("exports = () => {text}"), "[]"), expected, "{text}");
    }
}

#[test]
fn the_next_tick_comes_after_the_code_and_before_timers() {
    let text = "exports = () => new Promise((done) => { const seen = []; setTimeout(() => done(seen.join()), 0); process.nextTick((a, b) => seen.push(a + b), 'tick', 1); seen.push('code') })";
    assert_eq!(value(text, "[]"), "\"code,tick1\"");
}

#[test]
fn text_and_bytes_are_converted_fast() {
    for kind in ["utf8", "hex", "base64"] {
        let text = format!(
            "exports = () => {{ const b = Buffer.alloc(1e5, 97); const s = Date.now(); for (let i = 0; i < 20; i++) b.toString('{kind}'); return (Date.now() - s) / 20 }}"
        );
        let got = value(&text, "[]");
        println!("milliseconds for 100 KB to {kind}: {got}");
        assert!(!got.starts_with("Time"), "{got}");
    }
}

#[test]
fn what_is_loaded_late_is_not_given_to_the_script() {
    for (late, key) in [
        ("new BSON.ObjectId('0123456789abcdef01234567')", "exports"),
        ("EJSON.parse('[]')", "native"),
    ] {
        let text = format!(
            "exports = () => {{ const got = []; const own = {{ configurable: true, get: () => () => ({{}}), set(v) {{ got.push(v) }} }}; \
             Object.defineProperty(Object.prototype, '{key}', own); try {{ {late} }} catch (e) {{ got.push(e.message) }} \
             delete Object.prototype.{key}; return got }}"
        );
        assert_eq!(value(&text, "[]"), "[]", "{late}");
    }
}
