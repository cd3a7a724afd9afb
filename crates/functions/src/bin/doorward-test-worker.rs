//! A worker whose functions are Rust actions, for tests of the pool and the sandbox. It is no part of the server.

fn main() -> std::process::ExitCode {
    doorward_functions::test_worker::main()
}
