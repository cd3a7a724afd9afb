//! What `require` finds, compiled once for all calls of a worker: a worker's program does not change, and neither do its packages.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use rquickjs::Ctx;

use super::builtin;
use super::bytecode::Bytecode;
use super::compile::{self, SyntaxError};
use crate::protocol::ModuleKind;

/// Text that is kept. What is beyond is fetched and compiled again in every call: slower, and no worker grows without bound.
const MOST_TEXT: usize = 16 << 20;

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

/// Who asks, and for what.
type Question = (Option<String>, String);

/// The modules that have been asked for.
#[derive(Default)]
pub(super) struct Modules {
    built_in: RefCell<BTreeMap<&'static str, Rc<Bytecode>>>,
    contents: RefCell<BTreeMap<Rc<str>, Content>>,
    found: RefCell<BTreeMap<Question, Module>>,
    kept: RefCell<usize>,
}

impl Modules {
    /// A built-in module, if there is one with that name.
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

    /// What the server has answered to the same question before.
    pub(super) fn known(&self, question: &Question) -> Option<Module> {
        self.found.borrow().get(question).cloned()
    }

    /// Takes the server's answer. A text that does not compile is not kept: it may be for want of memory in this call only.
    pub(super) fn take(
        &self,
        ctx: &Ctx<'_>,
        question: Question,
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
        // The question is the script's, and as long as it likes.
        let weight = question.1.len() + if is_known { 0 } else { length };
        let mut kept = self.kept.borrow_mut();
        if *kept + weight <= MOST_TEXT {
            *kept += weight;
            self.contents.borrow_mut().insert(path, content);
            self.found.borrow_mut().insert(question, module.clone());
        }
        Ok(module)
    }
}
