//! From the text of a function to something that can be run.

use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Runtime};

use super::bytecode::Bytecode;

/// Why a function's text is not JavaScript.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}:{column}: {message}")]
pub struct SyntaxError {
    /// The file, as it was named.
    pub path: String,
    /// From 1; 0 if it is not known.
    pub line: u32,
    /// From 1; 0 if it is not known.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

/// Whether a function compiles, without running any of it.
pub fn check(path: &str, text: &str) -> Result<(), SyntaxError> {
    let engine = |error: rquickjs::Error| SyntaxError {
        path: path.to_owned(),
        line: 0,
        column: 0,
        message: error.to_string(),
    };
    let runtime = Runtime::new().map_err(engine)?;
    runtime.set_max_stack_size(512 << 10);
    let context = Context::full(&runtime).map_err(engine)?;
    context.with(|ctx| function(&ctx, path, text)).map(drop)
}

/// Compiles a function's file. It becomes the inside of a function, so that the constants of two files do not meet; what it assigns to
/// `exports` is the result. The file is compiled as it is first: only a whole script may be put into the wrapper, and its mistakes
/// are reported where they are.
pub(super) fn function(ctx: &Ctx<'_>, path: &str, text: &str) -> Result<Bytecode, SyntaxError> {
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
    compile(
        ctx,
        path,
        &format!("(function(module,exports,require,__filename,__dirname){{{text}\n}})"),
    )
}

fn compile(ctx: &Ctx<'_>, path: &str, text: &str) -> Result<Bytecode, SyntaxError> {
    Bytecode::compile(ctx, path, text).catch(ctx).map_err(|error| {
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
