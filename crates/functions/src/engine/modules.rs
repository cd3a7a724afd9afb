//! What `require` finds, compiled once for all calls of a worker: a worker's program does not change, and neither do
//! its packages.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use rquickjs::Ctx;

use super::builtin;
use super::bytecode::Bytecode;
use super::compile::{self, SyntaxError};
use crate::protocol::ModuleKind;

/// The most bytes of text that are kept, so that no worker grows without bound. Modules beyond it are fetched and
/// compiled anew in each call.
const MAX_KEPT: usize = 16 << 20;

/// A module of a package.
#[derive(Clone)]
pub(super) struct Module {
    pub(super) path: Rc<str>,
    pub(super) content: Content,
}

#[derive(Clone)]
pub(super) enum Content {
    Script(Rc<Bytecode>),
    Json(Rc<str>),
}

/// The requiring module, and the specifier that it requires.
type Required = (Option<String>, String);

/// The modules that have been required.
#[derive(Default)]
pub(super) struct Modules {
    built_in: RefCell<BTreeMap<&'static str, Rc<Bytecode>>>,
    contents: RefCell<BTreeMap<Rc<str>, Content>>,
    found: RefCell<BTreeMap<Required, Module>>,
    kept: RefCell<usize>,
}

impl Modules {
    /// The built-in module of that name.
    pub(super) fn built_in(&self, ctx: &Ctx<'_>, name: &str) -> Option<Result<Rc<Bytecode>, SyntaxError>> {
        let (name, text) = builtin::find(name)?;
        if let Some(code) = self.built_in.borrow().get(name) {
            return Some(Ok(code.clone()));
        }
        let code = compile::built_in(ctx, name, text).map(Rc::new);
        if let Ok(code) = &code {
            self.built_in.borrow_mut().insert(name, code.clone());
        }
        Some(code)
    }

    /// What the server has answered before.
    pub(super) fn known(&self, required: &Required) -> Option<Module> {
        self.found.borrow().get(required).cloned()
    }

    /// Compiles and keeps the server's answer. A text that does not compile is not kept: this call may only lack the
    /// memory for it.
    pub(super) fn take(
        &self,
        ctx: &Ctx<'_>,
        required: Required,
        path: String,
        kind: ModuleKind,
        text: String,
    ) -> Result<Module, SyntaxError> {
        let path = Rc::<str>::from(path);
        let known = self.contents.borrow().get(&path).cloned();
        let length = text.len();
        let is_known = known.is_some();
        let content = match (known, kind) {
            (Some(content), _) => content,
            (None, ModuleKind::Script) => Content::Script(Rc::new(compile::module(ctx, &path, &text)?)),
            (None, ModuleKind::Json) => Content::Json(text.into()),
        };
        let module = Module {
            path: path.clone(),
            content: content.clone(),
        };
        // The specifier counts too, because a script can make it as long as it likes.
        let weight = required.1.len() + if is_known { 0 } else { length };
        let mut kept = self.kept.borrow_mut();
        if *kept + weight <= MAX_KEPT {
            *kept += weight;
            self.contents.borrow_mut().insert(path, content);
            self.found.borrow_mut().insert(required, module.clone());
        }
        Ok(module)
    }
}
