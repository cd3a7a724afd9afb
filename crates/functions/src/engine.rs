//! The JavaScript of one app: every call in a fresh runtime, from code that was compiled once.

mod bridge;
mod builtin;
mod bytecode;
mod compile;
mod host;
mod meter;
mod modules;
mod native;
mod output;
mod state;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::time::Instant;

use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Function, Object, Persistent, Runtime};
use serde_json::json;

pub use self::builtin::names as built_in_modules;
use self::bytecode::Bytecode;
use self::compile::Compiler;
pub use self::compile::{SyntaxError, check};
pub(crate) use self::host::{Connection, Host};
use self::meter::Meter;
use self::modules::Modules;
use self::output::Secrets;
use self::state::{State, cpu_time};
use crate::Limits;
use crate::protocol::{Call, HostResponse, Outcome, Program, ThrownKind};

/// An app's program, and the runtime that waits for the next call.
pub(crate) struct Engine {
    limits: Limits,
    host: Rc<RefCell<dyn Host>>,
    compiled: Rc<Compiled>,
    ready: Option<Ready>,
}

/// What all calls of a worker share. No script can change it.
struct Compiled {
    program: Program,
    modules: Modules,
    bson: Bytecode,
    prelude: Bytecode,
    functions: BTreeMap<String, CompiledFunction>,
}

/// A function that does not compile keeps the error until it is called.
struct CompiledFunction {
    source: Result<Bytecode, SyntaxError>,
    run_as: Option<Result<Bytecode, SyntaxError>>,
    run_as_system: bool,
}

/// A runtime in which nothing of the app has run. The fields are in the order in which they must be dropped.
struct Ready {
    entry: Entry,
    context: Context,
    runtime: Runtime,
    meter: Rc<Meter>,
    state: Rc<State>,
}

/// The functions of the prelude that the engine calls.
struct Entry {
    begin: Persistent<Function<'static>>,
    respond: Persistent<Function<'static>>,
    fire: Persistent<Function<'static>>,
}

impl Engine {
    /// Compiles a program.
    pub(crate) fn new(limits: Limits, program: Program, host: Rc<RefCell<dyn Host>>) -> io::Result<Self> {
        let runtime = Runtime::new().map_err(io::Error::other)?;
        let context = Context::full(&runtime).map_err(io::Error::other)?;
        let compiled = context
            .with(|ctx| Compiled::new(&ctx, program, &limits))
            .map_err(io::Error::other)?;
        let mut engine = Self {
            limits,
            host,
            compiled: Rc::new(compiled),
            ready: None,
        };
        engine.prepare()?;
        Ok(engine)
    }

    /// Makes the runtime of the next call, unless it is there.
    pub(crate) fn prepare(&mut self) -> io::Result<()> {
        if self.ready.is_none() {
            let state = State::new(self.limits.clone(), self.host.clone(), self.compiled.clone());
            self.ready = Some(Ready::new(Rc::new(state)).map_err(io::Error::other)?);
        }
        Ok(())
    }

    /// Runs one call. An error is one of the pipe, after which the worker cannot go on.
    pub(crate) fn call(&mut self, call: Call) -> io::Result<Outcome> {
        self.prepare()?;
        let Some(ready) = self.ready.take() else {
            return Err(io::Error::other("no runtime"));
        };
        let began = cpu_time();
        let wall = call.wall_time.min(self.limits.wall_time);
        ready
            .state
            .until
            .set(Some((Instant::now() + wall, began + self.limits.cpu_time)));
        ready.run(call)?;
        let state = &ready.state;
        if state.out_of_time.get() {
            // The stack says where the script was, if it was interrupted.
            let stack = state.ended.replace(None).and_then(Result::err);
            let stack = stack.and_then(|thrown| thrown.stack);
            state.fail(ThrownKind::Time, "execution time limit exceeded", stack.as_deref());
        } else if ready.meter.refused() {
            // It replaces any outcome, because what the script has done since may be incomplete.
            state.ended.replace(None);
            state.fail(ThrownKind::Limit, "out of memory", None);
        }
        let result = state.ended.take().unwrap_or_else(|| {
            state.fail(ThrownKind::Script, "the function's promise can never settle", None);
            state.ended.take().expect("it has just been set")
        });
        let mut console = state.console.take();
        Ok(Outcome {
            result,
            console: console.lines.drain(..).collect(),
            console_dropped: console.dropped,
            memory: u64::try_from(ready.meter.peak()).unwrap_or(u64::MAX),
            cpu_time: cpu_time().saturating_sub(began),
            mails: Vec::new(),
        })
    }
}

impl Compiled {
    fn new(ctx: &Ctx<'_>, program: Program, limits: &Limits) -> Result<Self, rquickjs::Error> {
        let compiler = Compiler::new(limits);
        let functions = program.functions.iter().map(|(name, script)| {
            let function = CompiledFunction {
                source: compiler.function(&script.path, &script.text),
                run_as: script
                    .run_as_script
                    .as_ref()
                    .map(|text| compiler.function(&script.path, text)),
                run_as_system: script.run_as_system,
            };
            (name.clone(), function)
        });
        let functions = functions.collect();
        Ok(Self {
            bson: Bytecode::compile_own(ctx, "doorward:bson", include_str!("../js/bson.js"))?,
            prelude: Bytecode::compile_own(ctx, "doorward:prelude", include_str!("../js/prelude.js"))?,
            modules: Modules::default(),
            functions,
            program,
        })
    }
}

impl Ready {
    fn new(state: Rc<State>) -> Result<Self, rquickjs::Error> {
        let (runtime, meter) = Meter::runtime(state.limits.memory, state.limits.stack)?;
        let (watched, metered) = (state.clone(), meter.clone());
        // A script that has used up its memory is stopped: otherwise it could go on with what it frees, without end.
        runtime.set_interrupt_handler(Some(Box::new(move || metered.refused() || watched.must_stop())));
        let context = Context::full(&runtime)?;
        let entry = context.with(|ctx| {
            let native = bridge::object(&ctx, &state)?;
            let bson = function(&ctx, &state.compiled.bson)?.call::<_, Object<'_>>((native.clone(),))?;
            let entry = function(&ctx, &state.compiled.prelude)?.call::<_, Object<'_>>((native, bson))?;
            let get = |name| Ok::<_, rquickjs::Error>(Persistent::save(&ctx, entry.get::<_, Function<'_>>(name)?));
            Ok::<_, rquickjs::Error>(Entry {
                begin: get("begin")?,
                respond: get("respond")?,
                fire: get("fire")?,
            })
        })?;
        Ok(Self {
            entry,
            context,
            runtime,
            meter,
            state,
        })
    }

    fn run(&self, call: Call) -> io::Result<()> {
        let state = &self.state;
        state.secrets.replace(Secrets::new(&call.secrets));
        if call.arguments.as_str().len() > state.limits.arguments {
            state.fail(
                ThrownKind::Limit,
                &format!("the arguments have more than {} bytes", state.limits.arguments),
                None,
            );
            return Ok(());
        }
        let program = &state.compiled.program;
        let about = json!({
            "user": call.user, "request": call.request, "system": call.as_system, "wanted": call.wanted, "services": program.services,
            "app": program.app, "environment": { "tag": program.environment_tag, "values": program.environment_values },
        });
        self.enter(|ctx| {
            self.entry
                .begin
                .clone()
                .restore(ctx)?
                .call((call.function, call.arguments.as_str(), about.to_string()))
        });
        loop {
            self.run_jobs();
            if let Some(error) = state.broken.take() {
                return Err(error);
            }
            if state.ended.borrow().is_some() || self.must_stop() {
                return Ok(());
            }
            self.wait()?;
        }
    }

    /// Waits for the next response or timer and hands it to the script. Ends the call if neither can come.
    fn wait(&self) -> io::Result<()> {
        let state = &self.state;
        let Some((wall, _)) = state.until.get() else {
            return Ok(());
        };
        if !state.early.borrow().is_empty() {
            let (id, response) = state.early.borrow_mut().remove(0);
            self.respond(id, response);
            return Ok(());
        }
        let timer = state.timers.borrow().first().copied();
        if timer.is_none() && state.outstanding.get() == 0 {
            state.fail(ThrownKind::Script, "the function's promise can never settle", None);
            return Ok(());
        }
        let until = timer.map_or(wall, |timer| timer.0.min(wall));
        let response = state.host.borrow_mut().receive(until)?;
        match (response, timer) {
            (Some((id, response)), _) => self.respond(id, response),
            (None, Some(timer)) if Instant::now() >= timer.0 => {
                state.timers.borrow_mut().remove(&timer);
                self.enter(|ctx| self.entry.fire.clone().restore(ctx)?.call((timer.1,)));
            }
            (None, _) => {}
        }
        Ok(())
    }

    fn respond(&self, id: u32, response: Result<HostResponse, String>) {
        self.state
            .outstanding
            .set(self.state.outstanding.get().saturating_sub(1));
        let response = response.and_then(|response| match response {
            HostResponse::Http(response) => serde_json::to_string(&response).map_err(|error| error.to_string()),
            HostResponse::Webhook(value) => Ok(value.into_string()),
            HostResponse::Mail | HostResponse::Module { .. } | HostResponse::NoModule => Ok("null".to_owned()),
        });
        let (good, text) = match response {
            Ok(text) => (true, text),
            Err(text) => (false, text),
        };
        self.enter(|ctx| self.entry.respond.clone().restore(ctx)?.call((id, good, text)));
    }

    fn must_stop(&self) -> bool {
        self.meter.refused() || self.state.must_stop()
    }

    /// Runs promise jobs until there are none or the call has to stop. A job can be too short for the interrupt handler
    /// to notice.
    fn run_jobs(&self) {
        while !self.must_stop() && self.state.ended.borrow().is_none() {
            match self.runtime.execute_pending_job() {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => self.context.with(|ctx| {
                    let caught = ctx.catch();
                    if self.must_stop() {
                        let stack = caught.as_exception().and_then(rquickjs::Exception::stack);
                        self.state.fail(ThrownKind::Script, "interrupted", stack.as_deref());
                    }
                }),
            }
        }
    }

    /// Calls a function of the prelude. The prelude catches what scripts throw; what it throws itself, such as for lack
    /// of stack, ends the call.
    fn enter(&self, run: impl for<'js> FnOnce(&Ctx<'js>) -> rquickjs::Result<()>) {
        self.context.with(|ctx| {
            if let Err(error) = run(&ctx).catch(&ctx) {
                let text = error.to_string();
                let kind = if text.contains("Maximum call stack size exceeded") {
                    ThrownKind::Limit
                } else {
                    ThrownKind::Script
                };
                let stack = match &error {
                    CaughtError::Exception(exception) => exception.stack(),
                    _ => None,
                };
                self.state.fail(kind, text.trim(), stack.as_deref());
            }
        });
    }
}

fn function<'js>(ctx: &Ctx<'js>, code: &Bytecode) -> rquickjs::Result<Function<'js>> {
    code.run(ctx)?.get()
}
