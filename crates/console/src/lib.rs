//! The pages that people see: where mailed links lead when an app has no page of its own, and the development mailbox.
//! Used by the server, which merges these routers with the client API.
//! Never decides what a link may do (the flows in `doorward-core` do), never acts on a GET, and sets no cookie.

mod assets;
mod confirm;
mod headers;
mod hosted;
mod mailbox;
mod mailed_link;
mod page;
mod page_error;
mod page_form;
mod pages;
mod reset;
mod templates;
mod words;

pub use mailbox::development_mailbox;
pub use pages::{PageParts, pages};
