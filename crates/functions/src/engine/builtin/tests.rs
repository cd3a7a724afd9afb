use std::time::Instant;

use rquickjs::{CatchResultExt, Context, Ctx, Function, Object, Runtime};

use super::{MODULES, find, names};
use crate::engine::native;

/// A `require` as small as it can be, and an HTTP client that answers with what it was asked.
const LOADER: &str = r#"
    const cache = { "doorward:native": native };
    globalThis.asked = [];
    const answer = (method) => async (request) => {
        asked.push([method, request]);
        if (request.url.includes("broken")) throw new Error("no route");
        const { Buffer } = require("buffer");
        if (request.body instanceof Uint8Array) request = { ...request, body: request.body.toString() };
        const body = Buffer.from(request.url.includes("text") ? "plain" : JSON.stringify({ method, ...request }));
        return {
            status: request.url.includes("missing") ? "404 Not Found" : "200 OK",
            statusCode: request.url.includes("missing") ? 404 : 200,
            headers: { "Content-Type": ["application/json"], "X-A": ["1", "2"] },
            body: { text: () => body.toString(), toBase64: () => body.toString("base64"), toHex: () => body.toString("hex") },
        };
    };
    cache["doorward:http"] = Object.fromEntries(["get", "post", "put", "patch", "delete", "head"].map((it) => [it, answer(it)]));
    globalThis.require = (name) => {
        if (name in cache) return cache[name].exports || cache[name];
        const text = source(name);
        if (text === undefined) throw new Error(`Cannot find module '${name}'`);
        const module = { exports: {} };
        cache[name] = module;
        new Function("module", "exports", "require", text)(module, module.exports, require);
        return module.exports;
    };
"#;

fn run<T>(test: impl for<'js> FnOnce(&Ctx<'js>) -> T) -> T {
    let runtime = Runtime::new().unwrap();
    runtime.set_memory_limit(64 << 20);
    let context = Context::full(&runtime).unwrap();
    context.with(|ctx| {
        let globals = ctx.globals();
        globals.set("native", native::object(&ctx).unwrap()).unwrap();
        globals
            .set(
                "source",
                Function::new(ctx.clone(), |name: String| find(&name).map(|(_, text)| text)).unwrap(),
            )
            .unwrap();
        let () = ctx.eval(LOADER).catch(&ctx).unwrap();
        let buffer: Object = ctx.eval("require('buffer').Buffer").catch(&ctx).unwrap();
        globals.set("Buffer", buffer).unwrap();
        let intl: Object = ctx.eval("require('doorward:intl').Intl").catch(&ctx).unwrap();
        globals.set("Intl", intl).unwrap();
        test(&ctx)
    })
}

/// What the body of an async function returns, as text, or how it throws.
fn eval(body: &str) -> String {
    run(|ctx| evaluate(ctx, body))
}

fn evaluate(ctx: &Ctx<'_>, body: &str) -> String {
    ctx.globals().set("result", "no result").unwrap();
    let code = format!(
        "(async () => {{ {body} }})().then((it) => {{ result = String(it) }}, (it) => {{ result = `throws ${{it.name}}: ${{it.message}}` }}); 0"
    );
    let _zero: i32 = ctx
        .eval(code)
        .catch(ctx)
        .map_err(|error| format!("{body}: {error}"))
        .unwrap();
    while ctx.execute_pending_job() {}
    ctx.globals().get("result").unwrap()
}

#[test]
fn the_modules_answer_as_node_does() {
    let cases: Vec<(String, String)> =
        serde_json::from_str(include_str!("../../../js/node/expected/node.json")).unwrap();
    let wrong: Vec<String> = run(|ctx| {
        let check = |(code, expected): &(String, String)| {
            let found = evaluate(ctx, &format!("return ({code})"));
            let same =
                found == *expected || (expected.starts_with("throws ") && found.starts_with(&format!("{expected}:")));
            (!same).then(|| format!("{code}\n  node {expected}\n  here {found}"))
        };
        cases.iter().filter_map(check).collect()
    });
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_module_loads_quickly() {
    for (name, _) in MODULES {
        run(|ctx| {
            let start = Instant::now();
            let found = evaluate(ctx, &format!("return typeof require('{name}')"));
            println!("{name}: {:?}", start.elapsed());
            assert!(["object", "function"].contains(&found.as_str()), "{name}: {found}");
        });
    }
}

#[test]
fn a_module_that_needs_files_or_sockets_is_not_there() {
    for name in ["fs", "net", "tls", "child_process", "vm"] {
        assert_eq!(find(name), None);
        assert!(names().all(|known| known != name));
    }
}

#[test]
fn axios_sends_objects_as_json_and_parses_the_answer() {
    let body = "const { data, status, headers } = await require('axios').post('http://h/p', { a: 1 }, { params: { q: 'x y' }, auth: { username: 'u', password: 'p' } });
        return JSON.stringify([status, headers['x-a'], data]);";
    assert_eq!(
        eval(body),
        r#"[200,"1, 2",{"method":"post","url":"http://h/p?q=x+y","followRedirects":true,"body":"{\"a\":1}","headers":{"accept":["application/json, text/plain, */*"],"authorization":["Basic dTpw"],"content-type":["application/json"]}}]"#
    );
}

#[test]
fn axios_rejects_what_is_no_success_with_the_response() {
    let body = "try { await require('axios').get('http://h/missing') } catch (error) { return [error.isAxiosError, error.response.status, error.code, error.message].join() }";
    assert_eq!(
        eval(body),
        "true,404,ERR_BAD_REQUEST,Request failed with status code 404"
    );
    let body = "const axios = require('axios'); const { status } = await axios.default.create({ baseURL: 'http://h/' }).get('/missing', { validateStatus: () => true }); return [status, asked[0][1].url].join()";
    assert_eq!(eval(body), "404,http://h/missing");
    let body = "try { await require('axios').get('http://broken') } catch (error) { return [error.isAxiosError, error.message, error.response].join() }";
    assert_eq!(eval(body), "true,no route,");
}

#[test]
fn node_fetch_and_https_speak_through_the_same_client() {
    let body = "const response = await require('node-fetch')('http://h/x', { method: 'POST', body: 'b' }); return [response.ok, response.headers.get('x-a'), (await response.json()).body].join()";
    assert_eq!(eval(body), "true,1, 2,b");
    let body = "return await new Promise((resolve, reject) => {
            const request = require('https').request({ hostname: 'h', path: '/p', method: 'POST', headers: { A: 'b' } }, (response) => {
                let text = ''; response.setEncoding('utf8'); response.on('data', (it) => { text += it }); response.on('end', () => resolve(response.statusCode + text));
            });
            request.on('error', reject); request.write('x'); request.end('y');
        })";
    assert_eq!(
        eval(body),
        r#"200{"method":"post","url":"https://h/p","headers":{"A":["b"]},"body":"xy"}"#
    );
    let body = "return await new Promise((resolve) => require('http').get('http://broken').on('error', (error) => resolve(error.message)))";
    assert_eq!(eval(body), "no route");
}

#[test]
fn a_jwt_of_utils_is_one_for_other_libraries_and_back() {
    use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
    let token = eval("return require('doorward:utils').jwt.encode('HS256', { sub: 'ada', exp: 4e9 }, 'secret')");
    let claims = decode::<serde_json::Value>(
        &token,
        &DecodingKey::from_secret(b"secret"),
        &Validation::new(Algorithm::HS256),
    );
    assert_eq!(claims.unwrap().claims["sub"], "ada");
    let claims = serde_json::json!({ "sub": "bob" });
    let token = encode(
        &Header::new(Algorithm::HS512),
        &claims,
        &EncodingKey::from_secret(b"secret"),
    )
    .unwrap();
    let decoded = |key: &str, rest: &str| {
        eval(&format!(
            "return JSON.stringify(require('doorward:utils').jwt.decode('{token}', '{key}'{rest}))"
        ))
    };
    assert_eq!(decoded("secret", ""), r#"{"sub":"bob"}"#);
    assert_eq!(
        decoded("secret", ", true"),
        r#"{"header":{"typ":"JWT","alg":"HS512"},"payload":{"sub":"bob"}}"#
    );
    assert!(decoded("wrong", "").starts_with("throws Error: signature is invalid"));
    assert!(decoded("secret", ", false, ['HS256']").starts_with("throws Error: signing method"));
}

#[test]
fn the_signatures_of_every_kind_of_key_verify_and_those_of_changed_data_do_not() {
    let keys: serde_json::Value = serde_json::from_str(include_str!("../../../js/node/expected/keys.json")).unwrap();
    for key in keys.as_array().unwrap() {
        let body = format!(
            "const key = {key}; const crypto = require('crypto'); const pss = {{ padding: key.pss ? 6 : 1 }};
            const sign = (text) => crypto.createSign(key.hash).update(text).sign({{ key: key.private, ...pss }});
            const verify = (text, signature) => crypto.createVerify(key.hash).update(text).verify({{ key: key.public, ...pss }}, signature);
            const own = sign('text');
            const {{ jwt }} = require('doorward:utils');
            const token = jwt.encode(key.jwt, {{ a: 1 }}, key.private);
            return [verify('text', own), verify('texts', own), verify('text', key.signature, 'hex'), jwt.decode(token, key.public).a].join()"
        );
        let body = body.replace(
            "verify('text', key.signature, 'hex')",
            "verify('text', Buffer.from(key.signature, 'hex'))",
        );
        assert_eq!(eval(&body), "true,false,true,1", "{}", key["name"]);
    }
}

#[test]
fn utils_encrypts_with_gcm_and_hashes() {
    let body = "const { crypto } = require('doorward:utils'); const key = '0123456789abcdef';
        const sealed = crypto.encrypt('aes', 'secret text', key);
        return [sealed.length, crypto.decrypt('aes', sealed, key).text(), crypto.hash('sha1', 'abc').toHex(), crypto.hmac('a', 'k', 'sha256', 'base64')].join()";
    assert_eq!(
        eval(body),
        "39,secret text,a9993e364706816aba3e25717850c26c9cd0d89d,eNqRUR5nVYf1ud94vt669VYNoqu4gWLuh13N90SVHZ4="
    );
}

#[test]
fn hostile_arguments_are_refused_and_cost_nothing() {
    let start = Instant::now();
    for call in [
        "native.hash({ toString() { throw 1 } }, new Uint8Array())",
        "native.hash('sha1', 'text')",
        "native.hash('sha1', { length: 9e9, get 0() { throw 1 } })",
        "native.hmac()",
        "native.randomBytes(1e12)",
        "native.randomBytes(-1)",
        "native.randomBytes(NaN)",
        "native.pbkdf2('sha512', new Uint8Array(), new Uint8Array(), 1e9, 64)",
        "native.pbkdf2('sha1', new Uint8Array(), new Uint8Array(), 2e6, 4096)",
        "native.pbkdf2('sha1', new Uint8Array(), new Uint8Array(), 0, 1)",
        "native.scrypt(new Uint8Array(), new Uint8Array(), [2 ** 24, 1024, 64], 64)",
        "native.scrypt(new Uint8Array(), new Uint8Array(), [3, 1, 1], 64)",
        "native.scrypt(new Uint8Array(), new Uint8Array(), 5, 64)",
        "native.aesBlocks(true, new Uint8Array(5), new Uint8Array(16), new Uint8Array(16))",
        "native.aesBlocks(true, new Uint8Array(16), new Uint8Array(3), new Uint8Array(16))",
        "native.aesBlocks(false, new Uint8Array(16), new Uint8Array(16), new Uint8Array(15))",
        "native.aesCtr(new Uint8Array(16), new Uint8Array(), new Uint8Array())",
        "native.gcmStart(new Uint8Array(16), new Uint8Array())",
        "native.sign('pss', 'sha256', 'no key', new Uint8Array())",
        "native.sign('pss', 'sha256', '-----BEGIN PRIVATE KEY-----AAAA-----END ', new Uint8Array())",
        "native.verify('', '', '-----BEGIN PUBLIC KEY-----', new Uint8Array(), new Uint8Array())",
        "native.urlParse(Symbol())",
    ] {
        let found = eval(&format!("return {call}"));
        assert!(found.starts_with("throws "), "{call}: {found}");
    }
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn the_dearest_native_calls_end_within_seconds() {
    for call in [
        "native.pbkdf2('sha512', new Uint8Array(9), new Uint8Array(9), 7e5, 64)",
        "native.scrypt(new Uint8Array(), new Uint8Array(), [2 ** 15, 8, 4], 64)",
        "native.hash('md5', new Uint8Array(30 << 20))",
    ] {
        let start = Instant::now();
        let found = eval(&format!("return {call}.length"));
        println!("{call}: {:?}", start.elapsed());
        assert!(found.parse::<u32>().is_ok(), "{found}");
        assert!(start.elapsed().as_secs() < 30, "{call}");
    }
}
