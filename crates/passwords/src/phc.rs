//! PHC strings, the form in which hashes are stored: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<tag>`.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Params, Version};
use zeroize::Zeroizing;

use crate::engine::{Recipe, Tag};
use crate::{Parameters, PoolError};

/// The length of the tags of new hashes, in bytes. Stored ones may have another.
pub(crate) const TAG_LEN: usize = 32;

/// The recipe for a new hash.
pub(crate) fn recipe(password: &[u8], salt: [u8; 16], parameters: Parameters) -> Recipe {
    Recipe {
        password: Zeroizing::new(password.to_vec()),
        salt: salt.to_vec(),
        secret: &[],
        associated: &[],
        version: Version::V0x13,
        parameters,
        tag_len: TAG_LEN,
    }
}

/// Writes a tag that was made by [`recipe`] as a PHC string.
pub(crate) fn write(salt: [u8; 16], parameters: Parameters, tag: &Tag) -> Result<String, PoolError> {
    let params =
        Params::new(parameters.memory_kib, parameters.passes, parameters.lanes, None).map_err(|_| PoolError::Failed)?;
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|_| PoolError::Failed)?,
        salt: Some(Salt::new(&salt).map_err(|_| PoolError::Failed)?),
        hash: Some(Output::new(tag).map_err(|_| PoolError::Failed)?),
    };
    Ok(hash.to_string())
}

/// The tag that the right password makes.
pub(crate) struct Expected(Output);

impl Expected {
    /// Whether `tag` is the expected one; `Output` compares in constant time.
    pub(crate) fn matches(&self, tag: &Tag) -> bool {
        Output::new(tag).is_ok_and(|tag| tag == self.0)
    }
}

/// Reads a stored hash: the recipe for the password, and the tag to expect.
///
/// Nothing has a default: the version and all three costs must be present, because implementations disagree on the
/// meaning of a missing one.
pub(crate) fn read(password: &[u8], phc: &str) -> Result<(Recipe, Expected), PoolError> {
    parse(password, phc).ok_or(PoolError::Malformed)
}

fn parse(password: &[u8], phc: &str) -> Option<(Recipe, Expected)> {
    let hash = PasswordHash::new(phc).ok()?;
    // Besides the three costs, `keyid` and `data` are defined; both name inputs that this server does not have.
    if hash.algorithm != ARGON2ID_IDENT || hash.params.iter().count() != 3 {
        return None;
    }
    let parameters = Parameters {
        memory_kib: hash.params.get_decimal("m")?,
        passes: hash.params.get_decimal("t")?,
        lanes: hash.params.get_decimal("p")?,
    };
    if !parameters.are_bounded() {
        return None;
    }
    let tag = hash.hash?;
    let recipe = Recipe {
        password: Zeroizing::new(password.to_vec()),
        salt: hash.salt?.to_vec(),
        secret: &[],
        associated: &[],
        version: Version::try_from(hash.version?).ok()?,
        parameters,
        tag_len: tag.len(),
    };
    Some((recipe, Expected(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(phc: &str) -> Result<Parameters, PoolError> {
        read(b"password", phc).map(|(recipe, _)| recipe.parameters)
    }

    const TAG: &str = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    #[test]
    fn what_is_written_can_be_read() {
        let parameters = Parameters {
            memory_kib: 64,
            passes: 3,
            lanes: 2,
        };
        let tag = Zeroizing::new(vec![7; TAG_LEN]);
        let phc = write([9; 16], parameters, &tag).unwrap();
        assert!(
            phc.starts_with("$argon2id$v=19$m=64,t=3,p=2$CQkJCQkJCQkJCQkJCQkJCQ$"),
            "{phc}"
        );
        let (recipe, expected) = read(b"password", &phc).unwrap();
        assert_eq!(*recipe.password, b"password");
        assert_eq!(recipe.parameters, parameters);
        assert_eq!(recipe.salt, [9; 16]);
        assert_eq!(recipe.tag_len, TAG_LEN);
        assert!(expected.matches(&tag));
    }

    #[test]
    fn only_the_very_tag_matches() {
        let tag = Zeroizing::new(vec![7; TAG_LEN]);
        let (_, expected) = read(b"", &write([9; 16], Parameters::default(), &tag).unwrap()).unwrap();
        for index in 0..TAG_LEN {
            let mut other = tag.clone();
            other[index] ^= 1;
            assert!(!expected.matches(&other));
        }
        assert!(!expected.matches(&Zeroizing::new(vec![7; TAG_LEN - 1])));
        assert!(!expected.matches(&Zeroizing::new(vec![7; TAG_LEN + 1])));
        assert!(!expected.matches(&Zeroizing::new(Vec::new())));
    }

    #[test]
    fn strings_of_other_servers_are_read_within_bounds() {
        for (text, parameters) in [
            (
                "m=47104,t=1,p=1",
                Parameters {
                    memory_kib: 47104,
                    passes: 1,
                    lanes: 1,
                },
            ),
            (
                "m=1048576,t=10,p=16",
                Parameters {
                    memory_kib: 1_048_576,
                    passes: 10,
                    lanes: 16,
                },
            ),
            (
                "t=3,p=4,m=65536",
                Parameters {
                    memory_kib: 65536,
                    passes: 3,
                    lanes: 4,
                },
            ),
        ] {
            assert_eq!(
                costs(&format!("$argon2id$v=19${text}$c29tZXNhbHQ${TAG}")).unwrap(),
                parameters
            );
        }
        assert!(costs(&format!("$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ${TAG}")).is_ok());
    }

    #[test]
    fn everything_else_is_malformed() {
        let argon2id = |rest: &str| format!("$argon2id${rest}${TAG}");
        for phc in [
            String::new(),
            "password".to_owned(),
            "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW".to_owned(),
            format!("$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ${TAG}"),
            format!("$argon2d$v=19$m=64,t=1,p=1$c29tZXNhbHQ${TAG}"),
            argon2id("m=64,t=1,p=1$c29tZXNhbHQ"),
            argon2id("v=17$m=64,t=1,p=1$c29tZXNhbHQ"),
            argon2id("v=19$m=1048577,t=1,p=1$c29tZXNhbHQ"),
            argon2id("v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ"),
            argon2id("v=19$m=64,t=11,p=1$c29tZXNhbHQ"),
            argon2id("v=19$m=64,t=0,p=1$c29tZXNhbHQ"),
            argon2id("v=19$m=1024,t=1,p=17$c29tZXNhbHQ"),
            argon2id("v=19$m=64,t=1,p=0$c29tZXNhbHQ"),
            argon2id("v=19$m=64,t=1,p=16$c29tZXNhbHQ"),
            argon2id("v=19$m=64,t=1$c29tZXNhbHQ"),
            argon2id("v=19$m=64,m=64,t=1$c29tZXNhbHQ"),
            argon2id("v=19$m=64,t=1,p=1,data=AAAA$c29tZXNhbHQ"),
            argon2id("v=19$m=64,t=1,p=1,keyid=AAAA$c29tZXNhbHQ"),
            argon2id("v=19$m=64,t=1,p=1,x=1$c29tZXNhbHQ"),
            argon2id("v=19$m=+64,t=1,p=1$c29tZXNhbHQ"),
            argon2id("v=19$m=-64,t=1,p=1$c29tZXNhbHQ"),
            argon2id("v=19$m=64,t=1,p=1$c2FsdA"),
            argon2id("v=19$m=64,t=1,p=1$c29tZXNhbHQ$more"),
            "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ".to_owned(),
            "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$".to_owned(),
            "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAA".to_owned(),
        ] {
            assert!(matches!(costs(&phc), Err(PoolError::Malformed)), "{phc}");
        }
    }
}
