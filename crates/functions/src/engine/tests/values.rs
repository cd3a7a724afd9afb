//! What functions return and throw, and as whom they run.

use doorward_ejson::bson::Bson;

use super::*;

/// The outcome of a function with a script that says as whom it runs.
fn run_as(script: &str, as_system: bool) -> String {
    let mut program = Program::default();
    program.functions.insert(
        "f".to_owned(),
        Script {
            path: "functions/f.js".to_owned(),
            text: "exports = () => context.runningAsSystem()".to_owned(),
            run_as_system: false,
            run_as_script: Some(script.to_owned()),
        },
    );
    let host = Rc::new(RefCell::new(Scripted::default()));
    let mut engine = Engine::new(Limits::default(), program, host).unwrap();
    let call = Call {
        function: "f".to_owned(),
        arguments: Ejson::parse("[\"ada\"]".to_owned()).unwrap(),
        user: Ejson::default(),
        request: Ejson::default(),
        as_system,
        wanted: Wanted::Value,
        secrets: SecretTexts::default(),
        wall_time: Duration::from_secs(5),
    };
    match engine.call(call).unwrap().result {
        Ok(Returned::Value(value)) => value.as_str().to_owned(),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_script_says_as_whom_a_function_runs() {
    assert_eq!(run_as("exports = () => ({runAsSystem: true})", false), "true");
    assert_eq!(run_as("exports = async () => ({runAsSystem: true})", false), "true");
    assert_eq!(run_as("exports = (name) => name", false), "false");
    assert_eq!(run_as("exports = () => { throw new Error('asked') }", true), "true");
    for no_user in ["({runAsSystem: 'true'})", "''", "undefined", "({})"] {
        let got = run_as(&format!("exports = () => {no_user}"), false);
        assert!(got.contains("returned no user"), "{no_user}: {got}");
    }
    assert!(run_as("exports = () => { throw new Error('no') }", false).contains("Error: no"));
    assert!(run_as("exports = (", false).contains("SyntaxError"));
}

#[test]
fn an_identity_is_a_text_or_an_object_with_one() {
    let identity = |text: &str| match outcome(text, "[]", Wanted::Identity).result {
        Ok(Returned::Identity(identity)) => identity,
        other => panic!("{text}: {other:?}"),
    };
    let named = |id: &str, name: Option<&str>| Some((id.to_owned(), name.map(str::to_owned)));
    assert_eq!(identity("exports = async () => 'x'"), named("x", None));
    assert_eq!(
        identity("exports = () => ({id: 'x', name: 'n'})"),
        named("x", Some("n"))
    );
    assert_eq!(identity("exports = () => ({id: 'x', name: 5})"), named("x", None));
    assert_eq!(identity("exports = () => Object.create({id: 'x'})"), named("x", None));
    for no_user in [
        "0",
        "''",
        "null",
        "undefined",
        "({id: 5})",
        "({id: ''})",
        "[]",
        "({name: 'n'})",
        r"'\ud800'",
        r"({id: 'a\udc00'})",
    ] {
        assert_eq!(identity(&format!("exports = () => {no_user}")), None, "{no_user}");
    }
}

#[test]
fn a_status_may_be_inherited_and_is_read_once() {
    for text in [
        "exports = () => { class A { get status() { return 'success' } } return new A() }",
        "exports = () => { Object.prototype.status = 'success'; return {} }",
        "exports = () => { let times = 0; return { get status() { return times++ ? 'fail' : 'success' } } }",
    ] {
        let result = outcome(text, "[]", Wanted::Status).result;
        assert_eq!(result, Ok(Returned::Status(Some("success".to_owned()))), "{text}");
    }
    let thrown = outcome(
        "exports = () => ({ get status() { throw new Error('x') } })",
        "[]",
        Wanted::Status,
    );
    assert_eq!(thrown.result.unwrap_err().text, "Error: x");
}

#[test]
fn whatever_is_thrown_becomes_a_text() {
    for (thrown, expected) in [
        ("5", "5"),
        ("null", "null"),
        ("undefined", "undefined"),
        ("''", ""),
        ("[1, 'a']", r#"[1,"a"]"#),
        ("Symbol('s')", "an error that cannot be shown"),
        ("5n", "an error that cannot be shown"),
        ("{ toJSON() { throw 1 } }", "an error that cannot be shown"),
        ("{ toString() { throw 1 }, a: 1 }", r#"{"a":1}"#),
        (
            "Object.defineProperty(new Error('a'), 'name', { get() { throw 1 } })",
            "Error: a",
        ),
        (
            "Object.defineProperty(new Error('a'), 'message', { value: { toString() { throw 1 } } })",
            "Error",
        ),
        (
            "Object.defineProperty(new TypeError('a'), 'stack', { get() { throw 1 } })",
            "TypeError: a",
        ),
        (
            "new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 1 } })",
            "an error that cannot be shown",
        ),
    ] {
        for form in ["() =>", "async () =>"] {
            let got = value(&format!("exports = {form} {{ throw {thrown} }}"), "[]");
            assert_eq!(got, format!("Script: {expected}"), "{thrown}");
        }
    }
    assert_eq!(
        value(
            "exports = () => new Promise(() => setTimeout(() => { throw new Error('late') }, 1))",
            "[]"
        ),
        "Script: Error: late"
    );
}

#[test]
fn a_number_does_not_say_which_type_it_had() {
    for two in [r#"{"$numberDouble":"2.0"}"#, r#"{"$numberLong":"2"}"#, "2", "2.0"] {
        let argument = format!("[{two}]");
        assert_eq!(value("exports = (n) => n", &argument), r#"{"$numberInt":"2"}"#);
        assert_eq!(
            value("exports = (n) => BSON.Double(n)", &argument),
            r#"{"$numberDouble":"2.0"}"#
        );
        assert_eq!(
            value("exports = (n) => BSON.Long(n)", &argument),
            r#"{"$numberLong":"2"}"#
        );
    }
}

/// Numbers of all magnitudes, the extremes among them.
fn doubles() -> Vec<f64> {
    let mut doubles = vec![0.0, -0.0, 0.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    doubles.extend([
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        f64::EPSILON,
        9_007_199_254_740_993.0,
    ]);
    for exponent in -308..=308 {
        let power: f64 = format!("1e{exponent}").parse().unwrap();
        doubles.extend([power, -power, power.next_up(), power.next_down(), 1.23 * power]);
    }
    // Any pattern of bits, by the generator of SplitMix64.
    let mut seed = 0_u64;
    doubles.extend(
        std::iter::repeat_with(|| {
            seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            f64::from_bits((mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb))
        })
        .take(5_000),
    );
    doubles
}

#[test]
fn a_double_of_any_magnitude_leaves_as_it_came() {
    let doubles = doubles();
    let arguments = Ejson::canonical(vec![Bson::Array(doubles.iter().copied().map(Bson::Double).collect())]);
    for function in [
        "exports = (all) => all",
        "exports = (all) => all.map((n) => new BSON.Double(n))",
    ] {
        let returned = value(function, arguments.as_str());
        let Bson::Array(back) = Ejson::parse(returned).unwrap().to_bson().unwrap() else {
            panic!("no array");
        };
        assert_eq!(back.len(), doubles.len());
        for (number, back) in doubles.iter().zip(back) {
            let same = match back {
                Bson::Double(back) => back.to_bits() == number.to_bits() || (back.is_nan() && number.is_nan()),
                Bson::Int32(_) | Bson::Int64(_) => back.to_string() == number.to_string(),
                other => panic!("{number:e} came back as {other}"),
            };
            assert!(same, "{number:e}");
        }
    }
    for (number, text) in [
        ("1.23e29", "1.23e+29"),
        ("-1e21", "-1e+21"),
        ("1e20", "100000000000000000000.0"),
    ] {
        let expected = format!(r#"{{"$numberDouble":"{text}"}}"#);
        assert_eq!(value(&format!("exports = () => {number}"), "[]"), expected);
    }
}
