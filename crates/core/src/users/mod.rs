//! Users: what they see of themselves, and what they and administrators do with them.

mod deletion;
mod disabling;
mod profile;

pub use disabling::UserNotFound;
pub use profile::{UserGone, UserProfile};
