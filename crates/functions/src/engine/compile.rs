//! From the text of a function to something that can be run.

use std::time::{Duration, Instant};

use rquickjs::{CatchResultExt, CaughtError, Context, Ctx};

use super::bytecode::Bytecode;
use super::meter::Meter;
use crate::Limits;

/// Why a function's text is not JavaScript.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}:{column}: {message}")]
pub struct SyntaxError {
    /// The file, as it was named.
    pub path: String,
    /// Counted from 1; 0 if it is not known.
    pub line: u32,
    /// Counted from 1; 0 if it is not known.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

/// Whether a function compiles. None of it is run, and it takes no more than a few seconds and the memory of one call.
pub fn check(path: &str, text: &str) -> Result<(), SyntaxError> {
    Compiler::new(&Limits::default()).function(path, text).map(drop)
}

/// The longest source. The parser looks ahead from every parenthesis without allocating memory, and the time for that
/// grows with the square of the length: a megabyte of parentheses took seven seconds.
const MAX_SOURCE: usize = 512 << 10;
/// The time for one source. The parser is stopped when it allocates memory after that.
const TIME_FOR_ONE: Duration = Duration::from_secs(1);
/// The time for all sources of a program, so that a worker starts or fails before the server gives it up.
const TIME_FOR_ALL: Duration = Duration::from_secs(6);

/// Compiles sources within bounds, because a hostile script takes time and memory before it runs.
pub(super) struct Compiler<'a> {
    limits: &'a Limits,
    until: Instant,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            until: Instant::now() + TIME_FOR_ALL,
        }
    }

    /// Compiles a function, in a runtime of its own, so that one source does not use up the memory of the next.
    pub(super) fn function(&self, path: &str, text: &str) -> Result<Bytecode, SyntaxError> {
        let engine = |message: String| SyntaxError {
            path: path.to_owned(),
            line: 0,
            column: 0,
            message,
        };
        if text.len() > MAX_SOURCE {
            return Err(engine(format!("it has more than {MAX_SOURCE} bytes")));
        }
        let (runtime, meter) =
            Meter::runtime(self.limits.memory, self.limits.stack).map_err(|error| engine(error.to_string()))?;
        let context = Context::full(&runtime).map_err(|error| engine(error.to_string()))?;
        meter.stop_at(self.until.min(Instant::now() + TIME_FOR_ONE));
        let compiled = context.with(|ctx| function(&ctx, path, text));
        if meter.late() {
            return Err(engine("it takes too long to compile".to_owned()));
        }
        if meter.refused() {
            return Err(engine("it takes too much memory to compile".to_owned()));
        }
        compiled
    }
}

/// Compiles a function's file. It becomes the inside of a function, so that the constants of two files do not meet, and
/// what it assigns to `exports` is the result. It is first compiled without that wrapper, which only a whole script may
/// fill, and so that mistakes are reported where they are.
fn function(ctx: &Ctx<'_>, path: &str, text: &str) -> Result<Bytecode, SyntaxError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    compile(ctx, path, text)?;
    // No line break before the text, so that the lines of stack traces are those of the file.
    compile(
        ctx,
        path,
        &format!("(function(exports,require,context){{return function(){{{text}\n;return exports}}}})"),
    )
}

/// Compiles a `CommonJS` module.
pub(super) fn module(ctx: &Ctx<'_>, path: &str, text: &str) -> Result<Bytecode, SyntaxError> {
    compile(ctx, path, &as_module(text))
}

/// Compiles a module of our own.
pub(super) fn built_in(ctx: &Ctx<'_>, path: &str, text: &str) -> Result<Bytecode, SyntaxError> {
    located(ctx, path, Bytecode::compile_own(ctx, path, &as_module(text)))
}

fn as_module(text: &str) -> String {
    format!("(function(module,exports,require,__filename,__dirname){{{text}\n}})")
}

fn compile(ctx: &Ctx<'_>, path: &str, text: &str) -> Result<Bytecode, SyntaxError> {
    located(ctx, path, Bytecode::compile(ctx, path, text))
}

/// Finds where a mistake is, from the exception of the engine.
fn located(ctx: &Ctx<'_>, path: &str, compiled: rquickjs::Result<Bytecode>) -> Result<Bytecode, SyntaxError> {
    compiled.catch(ctx).map_err(|error| {
        let (message, stack) = match &error {
            CaughtError::Exception(e) => (e.message().unwrap_or_default(), e.stack().unwrap_or_default()),
            other => (other.to_string(), String::new()),
        };
        let first = stack.lines().next().unwrap_or_default().trim_end_matches(')');
        let mut numbers = first.rsplit(':').map_while(|part| part.parse().ok());
        let (column, line) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        SyntaxError {
            path: path.to_owned(),
            line,
            column,
            message,
        }
    })
}
