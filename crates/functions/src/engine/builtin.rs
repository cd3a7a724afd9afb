//! The built-in modules: text of `CommonJS` modules, evaluated when they are first required.
//!
//! `js/node/bundled` holds well-kept packages, written there by `npm run bundle`; the others are our own. Modules that
//! need files, sockets or processes are absent, so that requiring them fails as for any unknown module. Modules whose
//! names begin with `doorward:` are only for the other modules here. The engine itself provides `doorward:native` and
//! `doorward:http`.

/// The name and the text of a built-in module.
pub(super) fn find(name: &str) -> Option<(&'static str, &'static str)> {
    MODULES.iter().find(|(module, _)| *module == name).copied()
}

/// The prefix of modules that are parts of other modules, which the owner's code cannot require.
pub(super) const INTERNAL: &str = "doorward:";

/// The names of the modules that functions can `require` without a package.
pub fn names() -> impl Iterator<Item = &'static str> {
    MODULES
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !name.starts_with(INTERNAL))
}

const MODULES: &[(&str, &str)] = &[
    ("assert", include_str!("../../js/node/assert.js")),
    ("axios", include_str!("../../js/node/axios.js")),
    ("buffer", include_str!("../../js/node/buffer.js")),
    ("crypto", include_str!("../../js/node/crypto.js")),
    ("events", include_str!("../../js/node/bundled/events.js")),
    ("http", include_str!("../../js/node/http.js")),
    ("https", include_str!("../../js/node/https.js")),
    ("node-fetch", include_str!("../../js/node/node-fetch.js")),
    ("os", include_str!("../../js/node/os.js")),
    ("path", include_str!("../../js/node/bundled/path.js")),
    ("process", include_str!("../../js/node/process.js")),
    ("punycode", include_str!("../../js/node/bundled/punycode.js")),
    ("querystring", include_str!("../../js/node/bundled/querystring.js")),
    (
        "string_decoder",
        include_str!("../../js/node/bundled/string_decoder.js"),
    ),
    ("timers", include_str!("../../js/node/timers.js")),
    ("url", include_str!("../../js/node/url.js")),
    ("util", include_str!("../../js/node/util.js")),
    ("doorward:buffer", include_str!("../../js/node/bundled/buffer.js")),
    ("doorward:encoding", include_str!("../../js/node/encoding.js")),
    ("doorward:intl", include_str!("../../js/node/intl.js")),
    ("doorward:types", include_str!("../../js/types.js")),
    ("doorward:url", include_str!("../../js/node/bundled/url-legacy.js")),
    ("doorward:utils", include_str!("../../js/node/utils.js")),
    ("doorward:web", include_str!("../../js/node/web.js")),
];

#[cfg(test)]
mod tests;
