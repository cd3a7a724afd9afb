//! Scripts are compiled once and loaded often. `QuickJS` trusts bytecode, so none may come from outside: a [`Bytecode`]
//! is made here, from a text, and never leaves the process.
#![expect(
    unsafe_code,
    reason = "rquickjs has a safe way for modules only, and functions are sloppy scripts"
)]

use std::ffi::CString;

use rquickjs::{Ctx, Error, Result, Value, qjs};

/// A compiled script.
pub(super) struct Bytecode(Vec<u8>);

impl Bytecode {
    /// Compiles a script without running it.
    pub(super) fn compile(ctx: &Ctx<'_>, path: &str, text: &str) -> Result<Self> {
        Self::write(ctx, path, text, qjs::JS_WRITE_OBJ_BYTECODE)
    }

    /// Compiles a script of our own. Its functions do not keep their text, which every call would otherwise load with
    /// each of them.
    pub(super) fn compile_own(ctx: &Ctx<'_>, path: &str, text: &str) -> Result<Self> {
        Self::write(
            ctx,
            path,
            text,
            qjs::JS_WRITE_OBJ_BYTECODE | qjs::JS_WRITE_OBJ_STRIP_SOURCE,
        )
    }

    fn write(ctx: &Ctx<'_>, path: &str, text: &str, how: u32) -> Result<Self> {
        // `JS_Eval` takes a terminated text, and a NUL within it would silently end the script early.
        let name = CString::new(path)?;
        let length = text.len();
        let text = CString::new(text)?;
        let flags = (qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY).cast_signed();
        // SAFETY: both texts are terminated and outlive the call, and the context is alive because `ctx` borrows it.
        let compiled = unsafe {
            let raw = qjs::JS_Eval(ctx.as_raw().as_ptr(), text.as_ptr(), length as _, name.as_ptr(), flags);
            if qjs::JS_IsException(raw) {
                return Err(Error::Exception);
            }
            Value::from_raw(ctx.clone(), raw)
        };
        let mut size = 0;
        // SAFETY: the object is alive. What comes back is `size` bytes of the context's allocator, copied and then
        // freed by it, once.
        unsafe {
            let context = ctx.as_raw().as_ptr();
            let bytes = qjs::JS_WriteObject(context, &raw mut size, compiled.as_raw(), how.cast_signed());
            if bytes.is_null() {
                return Err(Error::Exception);
            }
            let size = usize::try_from(size).map_err(|_| Error::Unknown)?;
            let copy = std::slice::from_raw_parts(bytes, size).to_vec();
            qjs::js_free(context, bytes.cast());
            Ok(Self(copy))
        }
    }

    /// Runs the script in a context and gives its last value.
    pub(super) fn run<'js>(&self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        // SAFETY: the bytes come from `JS_WriteObject` of the same engine in this process, and nothing can have changed
        // them since. `JS_EvalFunction` takes the object over, so it is not freed here.
        unsafe {
            let context = ctx.as_raw().as_ptr();
            let script = qjs::JS_ReadObject(
                context,
                self.0.as_ptr(),
                self.0.len() as _,
                qjs::JS_READ_OBJ_BYTECODE.cast_signed(),
            );
            if qjs::JS_IsException(script) {
                return Err(Error::Exception);
            }
            let value = qjs::JS_EvalFunction(context, script);
            if qjs::JS_IsException(value) {
                return Err(Error::Exception);
            }
            Ok(Value::from_raw(ctx.clone(), value))
        }
    }
}
