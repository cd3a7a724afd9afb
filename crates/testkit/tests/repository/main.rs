//! What must be true of the repository itself: its documents and the numbers of its tests.

mod documents;
mod numbered_cases;
