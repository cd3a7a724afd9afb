//! What a function may expect, and what it may not do.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::host::NumberedResponse;
use super::{Engine, Host, built_in_modules, check};
use crate::protocol::{
    Call, HostRequest, HostResponse, HttpResponse, ModuleKind, Outcome, Program, Returned, Script, SecretTexts,
    ThrownKind, Wanted,
};
use crate::{Ejson, Limits};

/// Responds to requests in their order.
#[derive(Default)]
struct Scripted {
    requests: Vec<HostRequest>,
    responses: VecDeque<NumberedResponse>,
}

impl Host for Scripted {
    fn send(&mut self, id: u32, request: HostRequest) -> io::Result<()> {
        let response = match &request {
            HostRequest::Http(http) if http.url.contains("refused") => Err("not allowed".to_owned()),
            HostRequest::Http(_) => Ok(HostResponse::Http(HttpResponse {
                status: "200 OK".to_owned(),
                status_code: 200,
                headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
                body: "aMOp".to_owned(),
            })),
            HostRequest::Mail(_) => Ok(HostResponse::Mail),
            HostRequest::Webhook { arguments, .. } => Ok(HostResponse::Webhook(arguments.clone())),
            HostRequest::Module { specifier, .. } if specifier == "two" => Ok(HostResponse::Module {
                path: "two/index.js".to_owned(),
                kind: ModuleKind::Script,
                text: "module.exports = 2".to_owned(),
            }),
            HostRequest::Module { from, specifier } => Ok(package(from.as_deref(), specifier)),
        };
        self.requests.push(request);
        self.responses.push_back((id, response));
        Ok(())
    }

    fn receive(&mut self, until: Instant) -> io::Result<Option<NumberedResponse>> {
        let response = self.responses.pop_front();
        if response.is_none() {
            std::thread::park_timeout(until.saturating_duration_since(Instant::now()));
        }
        Ok(response)
    }
}

/// A package whose script requires a file beside it.
fn package(from: Option<&str>, specifier: &str) -> HostResponse {
    let (path, kind, text) = match (from, specifier) {
        (None, "pack") => (
            "pack/index.js",
            ModuleKind::Script,
            "exports.sum = require('./part').one + require('../pack/data.json').two; exports.inner = (name) => require(name); exports.here = [__filename, __dirname]",
        ),
        (Some("pack/index.js"), "./part") => ("pack/part.js", ModuleKind::Script, "exports.one = 1"),
        (Some("pack/index.js"), "../pack/data.json") => ("pack/data.json", ModuleKind::Json, r#"{"two":2}"#),
        _ => return HostResponse::NoModule,
    };
    HostResponse::Module {
        path: path.to_owned(),
        kind,
        text: text.to_owned(),
    }
}

fn engine(files: &[(&str, &str)]) -> (Engine, Rc<RefCell<Scripted>>) {
    let mut program = Program {
        webhooks: vec!["hook".into()],
        services: vec!["mongodb-atlas".into()],
        ..Program::default()
    };
    program
        .values
        .insert("v".into(), Ejson::parse(r#"{"a":1}"#.into()).unwrap());
    for (name, text) in files {
        let script = Script {
            path: format!("functions/{name}.js"),
            text: (*text).to_owned(),
            run_as_system: *name == "sys",
            run_as_script: None,
        };
        program.functions.insert((*name).to_owned(), script);
    }
    let host = Rc::new(RefCell::new(Scripted::default()));
    (Engine::new(Limits::default(), program, host.clone()).unwrap(), host)
}

/// How many requests of a kind there were.
fn count(host: &Rc<RefCell<Scripted>>, what: impl Fn(&HostRequest) -> bool) -> usize {
    host.borrow().requests.iter().filter(|request| what(request)).count()
}

/// With time enough for a busy machine; what never ends has its own limit.
fn call(engine: &mut Engine, name: &str, arguments: &str, wanted: Wanted) -> Outcome {
    call_within(Duration::from_secs(30), engine, name, arguments, wanted)
}

fn call_within(wall_time: Duration, engine: &mut Engine, name: &str, arguments: &str, wanted: Wanted) -> Outcome {
    let call = Call {
        function: name.to_owned(),
        arguments: Ejson::parse(arguments.to_owned()).unwrap(),
        user: Ejson::default(),
        request: Ejson::default(),
        as_system: false,
        wanted,
        secrets: SecretTexts::from_iter(["hunter2".to_owned()]),
        wall_time,
    };
    engine.call(call).unwrap()
}

/// The outcome of one function with the arguments.
fn outcome(text: &str, arguments: &str, wanted: Wanted) -> Outcome {
    call(
        &mut engine(&[("f", text), ("sys", "exports = () => context.runningAsSystem()")]).0,
        "f",
        arguments,
        wanted,
    )
}

/// The value, or the kind and text of the error.
fn value(text: &str, arguments: &str) -> String {
    match outcome(text, arguments, Wanted::Value).result {
        Ok(Returned::Value(value)) => value.as_str().to_owned(),
        Ok(other) => format!("{other:?}"),
        Err(thrown) => format!("{:?}: {}", thrown.kind, thrown.text),
    }
}

#[test]
fn every_form_of_exports_is_called() {
    for text in [
        "exports = function(a) { return a }",
        "exports = async (a) => a",
        "// header\r\nfunction help(a) { return a }\r\nexports = help;\r\n'trailing' // comment",
        "\u{feff}'use strict'; exports = async function named(a) { await null; return a }",
        "exports = (a) => typeof module === 'undefined' ? a : 0",
        "exports = (a) => new Promise(r => setTimeout(r, 5, a))",
    ] {
        assert_eq!(value(text, "[7]"), r#"{"$numberInt":"7"}"#, "{text}");
    }
    assert!(value("1", "[]").starts_with("NotCallable: "));
    assert!(value("exports = (", "[]").starts_with("NotCallable: SyntaxError"));
    assert!(value("}); (function(){", "[]").starts_with("NotCallable: SyntaxError"));
}

#[test]
fn a_syntax_error_has_its_line() {
    assert_eq!(check("f.js", "\n\nlet = = 3").unwrap_err().line, 3);
    assert_eq!(check("f.js", "exports = 1"), Ok(()));
}

#[test]
fn every_bson_type_mirrors_unchanged() {
    for text in [
        r#"{"$numberInt":"-5"}"#,
        r#"{"$numberLong":"9223372036854775807"}"#,
        r#"{"$numberDouble":"1.5"}"#,
        r#"{"$numberDouble":"NaN"}"#,
        r#"{"$numberDouble":"-0.0"}"#,
        r#"{"$numberDecimal":"1.50"}"#,
        r#"{"$oid":"0123456789abcdef01234567"}"#,
        r#"{"$date":{"$numberLong":"-1"}}"#,
        r#"{"$binary":{"base64":"AAECAw==","subType":"04"}}"#,
        r#"{"$undefined":true}"#,
        r#"{"$minKey":1}"#,
        r#"{"$maxKey":1}"#,
        r#"{"$regularExpression":{"pattern":"a","options":"i"}}"#,
        r#"{"$timestamp":{"t":1,"i":2}}"#,
        r#"{"a":[{"b":null,"__proto__":"x"},true]}"#,
    ] {
        assert_eq!(value("exports = x => x", &format!("[{text}]")), text);
    }
}

#[test]
fn context_offers_what_it_promises() {
    assert_eq!(
        value("exports = () => context.values.get('v').a", "[]"),
        r#"{"$numberInt":"1"}"#
    );
    assert_eq!(
        value("exports = () => context.values.get('no') === undefined", "[]"),
        "true"
    );
    assert_eq!(value("exports = () => context.functions.execute('sys')", "[]"), "true");
    assert_eq!(value("exports = () => context.runningAsSystem()", "[]"), "false");
    assert_eq!(
        value("exports = () => context.functions.execute('hook', 1)", "[]"),
        r#"[{"$numberInt":"1"}]"#
    );
    assert_eq!(
        value(
            "exports = async () => (await context.http.get({url:'http://a'})).body.text()",
            "[]"
        ),
        "\"hé\""
    );
    assert_eq!(
        value("exports = () => context.http.get({url:'http://refused'})", "[]"),
        "Script: Error: not allowed"
    );
    assert_eq!(
        value("exports = () => context.services.get('no') === undefined", "[]"),
        "true"
    );
    assert_eq!(
        value(
            "exports = () => context.services.get('mongodb-atlas').db('a').collection('b').findOne()",
            "[]"
        ),
        "Script: Error: service 'mongodb-atlas' is not available on this server"
    );
    assert_eq!(
        value(
            "exports = () => context.services.get('email').send({to:'a@b.c',subject:'s',text:'t'})",
            "[]"
        ),
        r#"{"$undefined":true}"#
    );
    assert_eq!(
        value("const two = require('two'); exports = () => two", "[]"),
        r#"{"$numberInt":"2"}"#
    );
    assert_eq!(
        value("exports = () => require('no')", "[]"),
        "Script: Error: Cannot find module 'no'"
    );
}

#[test]
fn a_request_is_spelt_in_parts() {
    let (mut engine, host) = engine(&[(
        "f",
        "exports = () => context.http.post({scheme:'https',host:'a.b',path:'/p',query:{q:['1 2']},headers:{X:['y','z']},body:{a:1},encodeBodyAsJSON:true})",
    )]);
    call(&mut engine, "f", "[]", Wanted::Nothing).result.unwrap();
    let host = host.borrow();
    let HostRequest::Http(request) = &host.requests[0] else {
        panic!("no request")
    };
    assert_eq!(request.url, "https://a.b/p?q=1%202");
    assert_eq!(request.headers.len(), 3);
}

#[test]
fn what_never_ends_is_stopped() {
    for text in [
        "exports = () => { for (;;) {} }",
        "exports = () => { for (;;) try { for (;;) {} } catch (e) {} finally { continue } }",
        "exports = async () => { for (;;) await null }",
        "exports = () => new Promise(() => setInterval(() => {}, 50))",
        "exports = () => ({ get status() { for (;;) {} } })",
        "exports = () => ({ then() { for (;;) {} } })",
        "exports = () => /(a+)+$/.test('a'.repeat(40) + 'b')",
    ] {
        let limit = Duration::from_millis(300);
        let outcome = call_within(limit, &mut engine(&[("f", text)]).0, "f", "[]", Wanted::Status);
        let error = outcome.result.unwrap_err();
        assert_eq!(error.kind, ThrownKind::Time, "{text}: {}", error.text);
    }
    assert!(value("exports = () => new Promise(() => {})", "[]").contains("can never settle"));
}

#[test]
fn what_takes_too_much_is_refused() {
    for text in [
        "exports = () => { const a = []; for (;;) a.push(new Uint8Array(1e6)) }",
        "exports = () => { const f = () => f() + 1; return f() }",
        "exports = () => { for (let i = 0; i < 10000; i++) setTimeout(() => {}, 1) }",
        "exports = () => 'a'.repeat(5e6)",
        "exports = () => { let o = {}; for (let i = 0; i < 200; i++) o = { o }; return o }",
    ] {
        let got = value(text, "[]");
        assert!(got.starts_with("Limit: "), "{text}: {}", &got[..got.len().min(200)]);
    }
    assert!(value("exports = () => { const a = {}; a.a = a; return a }", "[]").contains("cyclic"));
}

#[test]
fn the_next_call_sees_nothing_of_the_last() {
    let (mut engine, _) = engine(&[(
        "f",
        "exports = () => { const seen = String({}.x) + typeof y; Object.prototype.x = 1; globalThis.y = 1; return seen }",
    )]);
    for _ in 0..2 {
        let Ok(Returned::Value(value)) = call(&mut engine, "f", "[]", Wanted::Value).result else {
            panic!("no value")
        };
        assert_eq!(value.as_str(), "\"undefinedundefined\"");
    }
    for name in ["__proto__", "constructor", "no"] {
        assert_eq!(
            call(&mut engine, name, "[]", Wanted::Value).result.unwrap_err().kind,
            ThrownKind::NotCallable
        );
    }
}

#[test]
fn a_status_is_an_exact_string() {
    let status = |text| match outcome(text, "[]", Wanted::Status).result {
        Ok(Returned::Status(status)) => status,
        other => panic!("{other:?}"),
    };
    assert_eq!(status("exports = () => ({status: ''})"), Some(String::new()));
    assert_eq!(
        status("exports = () => Object.create({status: 'success'})"),
        Some("success".to_owned())
    );
    assert_eq!(status("exports = () => ({status: new String('success')})"), None);
    assert_eq!(status("exports = () => 'success'"), None);
}

#[test]
fn errors_read_as_they_did() {
    assert_eq!(
        value("exports = () => unknown", "[]"),
        "Script: ReferenceError: 'unknown' is not defined"
    );
    assert_eq!(value("exports = () => { throw 'text' }", "[]"), "Script: text");
    assert_eq!(value("exports = () => { throw {a: 1} }", "[]"), r#"Script: {"a":1}"#);
    assert_eq!(
        value(
            "exports = () => { const e = new Error('a'); Object.defineProperty(e, 'message', {get() { throw 1 }}); throw e }",
            "[]"
        ),
        "Script: Error"
    );
    let error = outcome("exports = () => {\n  throw new Error('x') }", "[]", Wanted::Value)
        .result
        .unwrap_err();
    assert!(error.stack.unwrap().contains("functions/f.js:2"));
}

#[test]
fn secrets_are_not_shown_and_the_console_is_bounded() {
    let text = "exports = () => { console.log('a'.repeat(509) + 'hunter2'); for (let i = 0; i < 24; i++) console.warn({i}, 'hunter2'); throw new Error('hunter2') }";
    let outcome = outcome(text, "[]", Wanted::Value);
    assert_eq!(outcome.console.len(), 25);
    assert_eq!(outcome.console[0].text, format!("{}…", "a".repeat(509)));
    assert_eq!(outcome.console[1].text, r#"{"i":0} [redacted]"#);
    assert_eq!(outcome.result.unwrap_err().text, "Error: [redacted]");
    assert_eq!(value("exports = () => 'hunter2'", "[]"), "\"[redacted]\"");
}

#[test]
fn a_warm_call_is_measured() {
    let (mut engine, _) = engine(&[(
        "f",
        "exports = ({username}) => { const ok = username.endsWith('@x.org'); console.log(username); return {status: ok ? 'success' : 'fail'} }",
    )]);
    let mut times = Vec::new();
    for _ in 0..200 {
        engine.prepare().unwrap();
        let start = Instant::now();
        call(
            &mut engine,
            "f",
            r#"[{"username":"a@x.org","token":"t","tokenId":"i"}]"#,
            Wanted::Status,
        )
        .result
        .unwrap();
        times.push(start.elapsed());
    }
    times.sort();
    println!("p50 {:?}, p99 {:?}", times[100], times[198]);
}

mod hiding;
mod limits;
mod modules;
mod requests;
mod values;
