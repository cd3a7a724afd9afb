//! Passwords as users type them, and their hashes as storage keeps them.

use std::fmt;

use zeroize::Zeroizing;

/// A password as the user typed it. It is wiped when dropped and never printed.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a new password is not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// It is shorter than 6 or longer than 128 characters.
    #[error("the password must have 6 to 128 characters")]
    Length,
}

impl Password {
    /// The shortest password, in Unicode scalar values.
    pub const MIN_CHARS: usize = 6;
    /// The longest password, in Unicode scalar values.
    pub const MAX_CHARS: usize = 128;

    /// Takes any string: a login with a password that could not be registered is a wrong password, not a bad request.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Checks what a new password must satisfy: 6 to 128 characters, whatever they are.
    pub fn check_policy(&self) -> Result<(), PasswordRefusal> {
        let fits = !self.is_too_long() && self.0.chars().count() >= Self::MIN_CHARS;
        if fits { Ok(()) } else { Err(PasswordRefusal::Length) }
    }

    /// The password, for the one place that needs it: a reset function receives the new one.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The bytes to hash, exactly as typed.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The bytes to compare with a hash; `None` if no password that was ever set is as long.
    pub(crate) fn possible_bytes(&self) -> Option<&[u8]> {
        (!self.is_too_long()).then(|| self.as_bytes())
    }

    fn is_too_long(&self) -> bool {
        // The bytes are bounded first, so that a megabyte is not walked character by character.
        self.0.len() > Self::MAX_CHARS * 4 || self.0.chars().count() > Self::MAX_CHARS
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A password hash as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a PHC string.
    pub fn from_phc(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string, for storage.
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(text: &str) -> bool {
        Password::new(text.to_owned()).check_policy().is_ok()
    }

    #[test]
    fn s01_length_is_counted_in_characters_not_bytes() {
        assert!(!accepted("12345"));
        assert!(accepted("123456"));
        assert!(accepted("пароль"));
        assert!(accepted(&"😀".repeat(128)));
        assert!(!accepted(&"😀".repeat(129)));
        assert!(!accepted(&"a".repeat(1 << 20)));
    }

    #[test]
    fn s01_what_is_longer_than_any_password_is_never_hashed() {
        let possible = |text: String| Password::new(text).possible_bytes().map(<[u8]>::len);
        assert_eq!(possible("😀".repeat(128)), Some(512));
        assert_eq!(possible(String::new()), Some(0));
        assert_eq!(possible("a".repeat(129)), None);
        assert_eq!(possible("a".repeat(1 << 20)), None);
    }

    #[test]
    fn s03_no_rule_of_composition_exists() {
        for plain in ["aaaaaa", "111111", "      ", "password"] {
            assert!(accepted(plain), "{plain}");
        }
    }
}
