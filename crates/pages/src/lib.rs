//! The pages that people see: where mailed links lead when an app has no page of its own, and the development mailbox;
//! and the files that let links open an app instead.
//! Used by the server, which merges these routers with the client API.
//! Never decides what a link may do (the flows in `doorward-core` do), never acts on a GET, and sets no cookie.

mod app_links;
mod assets;
mod confirm;
mod headers;
mod hosted;
mod mailbox;
mod mailed_link;
mod page;
mod page_error;
mod page_form;
mod page_text;
mod pages;
mod reset;
mod templates;

pub use app_links::{APP_LINK_FILES, app_links};
pub use hosted::PageParts;
pub use mailbox::development_mailbox;
pub use pages::pages;
