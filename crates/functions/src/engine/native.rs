//! What built-in modules need from outside JavaScript: `require("doorward:native")`.

use rquickjs::{Ctx, Object, Result};

/// The object of one context.
pub(super) fn object<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    Object::new(ctx.clone())
}
