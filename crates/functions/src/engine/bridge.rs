//! The functions that the prelude calls.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rquickjs::{Ctx, Exception, Function, Object, Result, Value};

use super::modules::Content;
use super::state::State;
use super::{compile, native};
use crate::Ejson;
use crate::protocol::{HostRequest, HostResponse, Returned, ThrownKind};

fn thrown<T>(ctx: &Ctx<'_>, result: std::result::Result<T, String>) -> Result<T> {
    result.map_err(|text| Exception::throw_message(ctx, &text))
}

/// The object `native` of the prelude.
#[expect(clippy::too_many_lines, reason = "a table, one entry after the other")]
pub(super) fn object<'js>(ctx: &Ctx<'js>, state: &Rc<State>) -> Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    macro_rules! function {
        ($name:literal, $state:ident, $f:expr) => {{
            let $state = state.clone();
            object.set($name, Function::new(ctx.clone(), $f)?)?;
        }};
    }
    function!("request", s, move |ctx: Ctx<'js>, text: String| {
        let request = serde_json::from_str::<HostRequest>(&text).map_err(|error| error.to_string());
        thrown(
            &ctx,
            request.and_then(|request| {
                if matches!(request, HostRequest::Mail(_)) {
                    s.mail()?;
                }
                s.request(request)
            }),
        )
    });
    function!("operation", s, move |ctx: Ctx<'js>| thrown(&ctx, s.operation())
        .map(drop));
    function!("timer", s, move |ctx: Ctx<'js>, delay: f64| {
        let id = thrown(&ctx, s.operation())?;
        // A script may give any number. No call lasts a day.
        let delay = std::time::Duration::from_secs_f64((delay / 1e3).clamp(0.0, 86_400.0));
        s.timers.borrow_mut().insert((std::time::Instant::now() + delay, id));
        Result::Ok(id)
    });
    function!("clear", s, move |id: u32| s
        .timers
        .borrow_mut()
        .retain(|timer| timer.1 != id));
    function!("console", s, move |level: String, text: String| {
        s.console
            .borrow_mut()
            .take(level, &text, &s.secrets.borrow(), &s.limits);
    });
    function!("value", s, move |name: String| s
        .compiled
        .program
        .values
        .get(&name)
        .map(|value| value.as_str().to_owned()));
    function!("webhook", s, move |name: String| s
        .compiled
        .program
        .webhooks
        .contains(&name));
    function!("script", s, move |ctx: Ctx<'js>, name: String| -> Result<Value<'js>> {
        let Some(function) = s.compiled.functions.get(&name) else {
            return Ok(Value::new_undefined(ctx));
        };
        let found = Object::new(ctx.clone())?;
        found.set("source", compiled(&ctx, function.source.as_ref())?.run(&ctx)?)?;
        found.set("system", function.run_as_system)?;
        if let Some(script) = &function.run_as {
            found.set("runAs", compiled(&ctx, script.as_ref())?.run(&ctx)?)?;
        }
        Ok(found.into_value())
    });
    function!("builtin", s, move |ctx: Ctx<'js>, name: String| -> Result<Value<'js>> {
        match s.compiled.modules.built_in(&ctx, &name) {
            Some(code) => compiled(&ctx, code)?.run(&ctx),
            None => Ok(Value::new_undefined(ctx)),
        }
    });
    function!("object", _s, move |ctx: Ctx<'js>| native::object(&ctx));
    function!("module", s, move |ctx: Ctx<'js>,
                                 from: Option<String>,
                                 specifier: String|
          -> Result<Value<'js>> {
        let modules = &s.compiled.modules;
        let required = (from.clone(), specifier.clone());
        let module = match modules.known(&required) {
            Some(module) => module,
            None => match thrown(&ctx, s.request_and_wait(HostRequest::Module { from, specifier }))? {
                HostResponse::Module { path, kind, text } => {
                    compiled(&ctx, modules.take(&ctx, required, path, kind, text))?
                }
                _ => return Ok(Value::new_undefined(ctx)),
            },
        };
        let found = Object::new(ctx.clone())?;
        match &module.content {
            Content::Script(code) => found.set("source", code.run(&ctx)?)?,
            Content::Json(text) => found.set("json", &**text)?,
        }
        found.set("path", &*module.path)?;
        Ok(found.into_value())
    });
    function!("objectId", _s, move |ctx: Ctx<'js>| {
        let mut bytes = [0; 12];
        thrown(&ctx, getrandom::fill(&mut bytes).map_err(|error| error.to_string()))?;
        let number = bytes
            .iter()
            .fold(0, |number: u128, byte| (number << 8) | u128::from(*byte));
        Result::Ok(format!("{number:024x}"))
    });
    function!("toBase64", _s, move |text: String| STANDARD.encode(text));
    function!("status", s, move |status: Option<String>| {
        let status = status.filter(|status| status.len() <= s.limits.status);
        let status = status.map(|status| s.secrets.borrow().redact_status(status));
        s.end(Ok(Returned::Status(status)));
    });
    function!("identity", s, move |id: Option<String>, name: Option<String>| {
        let fits = |text: &String| text.len() <= s.limits.identity;
        let fit = id.iter().chain(&name).all(fits);
        s.end(Ok(Returned::Identity(id.filter(|_| fit).map(|id| (id, name)))));
    });
    function!("nothing", s, move || s.end(Ok(Returned::Nothing)));
    function!("result", s, move |text: String| {
        if text.len() > s.limits.result {
            return s.fail(
                ThrownKind::Limit,
                &format!("the result has more than {} bytes", s.limits.result),
                None,
            );
        }
        match Ejson::parse(text) {
            Ok(value) => s.end(Ok(Returned::Value(value))),
            Err(error) => s.fail(ThrownKind::Script, &error.to_string(), None),
        }
    });
    function!("fail", s, move |kind: String, text: String, stack: Option<String>| {
        let kind = match kind.as_str() {
            "uncallable" => ThrownKind::NotCallable,
            "limit" => ThrownKind::Limit,
            _ => ThrownKind::Script,
        };
        s.fail(kind, &text, stack.as_deref());
    });
    function!("redact", s, move |text: String| s.secrets.borrow().redact(&text));
    function!("secretive", s, move || !s.secrets.borrow().is_empty());
    object.set("text", native::text(ctx)?)?;
    Ok(object)
}

fn compiled<T, E: std::borrow::Borrow<compile::SyntaxError>>(
    ctx: &Ctx<'_>,
    result: std::result::Result<T, E>,
) -> Result<T> {
    result.map_err(|error| Exception::throw_syntax(ctx, &error.borrow().to_string()))
}
