//! A key ring as a file has it.

use std::fs;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_core::KeyId;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::private_file::{self, Overwrite, warn_if_others_can_read};
use super::{Algorithm, Ring, RingError, RingKey};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RingFile {
    active: String,
    keys: Vec<KeyFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    id: String,
    algorithm: Algorithm,
    created_at: String,
    /// Base64; PKCS#8 for ES256.
    key: Zeroizing<String>,
}

pub(super) fn read(path: &Path) -> Result<Ring, RingError> {
    let text = fs::read_to_string(path).map_err(|source| RingError::Read {
        path: path.to_owned(),
        source,
    })?;
    let text = Zeroizing::new(text);
    warn_if_others_can_read(path);
    // The parser's own error may quote the text; a line and a column are enough to find the mistake.
    let file: RingFile = serde_json::from_str(&text).map_err(|error| RingError::NotAKeyFile {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
    })?;
    let mut keys = Vec::new();
    for key in file.keys {
        let id = KeyId(key.id);
        let Ok(secret) = STANDARD.decode(key.key.as_bytes()) else {
            return Err(RingError::NotBase64 {
                path: path.to_owned(),
                key: id,
            });
        };
        keys.push(RingKey {
            id,
            algorithm: key.algorithm,
            created_at: key.created_at,
            secret: Zeroizing::new(secret),
        });
    }
    Ok(Ring {
        path: path.to_owned(),
        active: KeyId(file.active),
        keys,
    })
}

pub(super) fn write(ring: &Ring, overwrite: Overwrite) -> Result<(), RingError> {
    let keys = ring.keys.iter().map(|key| KeyFile {
        id: key.id.0.clone(),
        algorithm: key.algorithm,
        created_at: key.created_at.clone(),
        key: Zeroizing::new(STANDARD.encode(&key.secret)),
    });
    let file = RingFile {
        active: ring.active.0.clone(),
        keys: keys.collect(),
    };
    let written = serde_json::to_vec_pretty(&file)
        .map_err(io::Error::from)
        .and_then(|text| private_file::write(&ring.path, &Zeroizing::new(text), overwrite));
    written.map_err(|source| RingError::Write {
        path: ring.path.clone(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_key_file_is_named_but_not_quoted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mail.json");
        let key = |algorithm: &str| {
            format!(
                r#"{{"active":"a","keys":[{{"id":"a","algorithm":"{algorithm}","created_at":"","key":"hunter2"}}]}}"#
            )
        };
        for (text, expected) in [
            (
                r#"{"active":"a","keys":[{"id":"a","key":"hunter2"}]}"#.to_owned(),
                "not a key file (line 1, column 48)",
            ),
            (key("hunter2"), "not a key file (line 1, column 53)"),
            (key("HS256"), "key a is not base64"),
        ] {
            fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err();
            assert_eq!(error.to_string(), format!("{}: {expected}", path.display()));
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
