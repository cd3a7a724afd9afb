//! Checking access tokens on a backend.
