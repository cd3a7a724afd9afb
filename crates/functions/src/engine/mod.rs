//! The JavaScript engine.

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the loader that asks for the modules is not merged yet")
)]
mod builtin;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the loader that hands it to the modules is not merged yet")
)]
mod native;
