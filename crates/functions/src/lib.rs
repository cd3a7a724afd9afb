//! The owner's functions: JavaScript in worker processes of the same binary, or a signed call of the owner's web service.
//! Used by the server, which gives the flows of `core` their answers, and by the command line, which runs one function locally.
//! Never touches the database, and a worker never touches anything but its pipe.

mod engine;
mod limits;
mod protocol;

pub use limits::Limits;
pub use protocol::{Confinement, Ejson};
