//! What a function may expect, and what it may not do.
