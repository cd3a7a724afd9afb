//! Mails that functions wrote are encrypted in the outbox. They may hold a link that works, or whatever else the owner
//! put into them, and a copy of the database, its logs and its backups must hold nothing that can be used.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::{EmailAddress, Entropy, FunctionMail, KeyId, MailId, TokenKeys};

impl TokenKeys {
    /// Encrypts a mail for the outbox row of this id, with a key that is derived from the active one.
    #[expect(
        clippy::missing_panics_doc,
        reason = "the active key is there since the keys were made"
    )]
    pub fn seal(&self, id: MailId, mail: &FunctionMail, entropy: &dyn Entropy) -> (KeyId, Vec<u8>) {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut sealed = encode(mail);
        self.sealing_key(self.active())
            .and_then(|key| {
                key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), context(id), &mut sealed)
                    .ok()
            })
            .expect("the active key is always there, and a mail is far shorter than what a key can encrypt");
        sealed.extend(nonce);
        (self.active().clone(), sealed)
    }

    /// Decrypts a sealed mail. `None`: its key has been removed, it is another row's, or it was changed.
    pub fn open(&self, id: MailId, key: &KeyId, sealed: &[u8]) -> Option<FunctionMail> {
        let (sealed, nonce) = sealed.split_at_checked(sealed.len().checked_sub(NONCE_LEN)?)?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        decode(
            self.sealing_key(key)?
                .open_in_place(nonce, context(id), &mut sealed)
                .ok()?,
        )
    }

    fn sealing_key(&self, id: &KeyId) -> Option<LessSafeKey> {
        let key = self.derive_key(id, b"sealed mails")?;
        UnboundKey::new(&AES_256_GCM, &key).ok().map(LessSafeKey::new)
    }
}

/// A sealed mail opens for its own row only.
fn context(id: MailId) -> Aad<[u8; 12]> {
    Aad::from(*id.0.as_bytes())
}

/// Each part is preceded by its length, so that no two mails have the same bytes.
fn encode(mail: &FunctionMail) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in [mail.to.as_str(), &mail.subject, &mail.text, &mail.html] {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

fn decode(mut bytes: &[u8]) -> Option<FunctionMail> {
    let mut part = || {
        let (length, rest) = bytes.split_first_chunk()?;
        let (part, rest) = rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
        bytes = rest;
        String::from_utf8(part.to_vec()).ok()
    };
    Some(FunctionMail {
        to: EmailAddress::parse(&part()?).ok()?,
        subject: part()?,
        text: part()?,
        html: part()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ObjectId, OsEntropy};

    fn keys(active: &str) -> TokenKeys {
        let key = |id: &str| KeyId(id.to_owned());
        TokenKeys::new(
            key(active),
            [(key("a"), [1; 32].as_slice()), (key("b"), [2; 32].as_slice())],
        )
        .unwrap()
    }

    fn mail() -> FunctionMail {
        FunctionMail {
            to: EmailAddress::parse("ada@example.com").unwrap(),
            subject: "Welcome".to_owned(),
            text: "Your code is 123456".to_owned(),
            html: String::new(),
        }
    }

    #[test]
    fn s28_a_sealed_mail_shows_nothing_and_opens_for_its_row_and_key() {
        let id = MailId(ObjectId::random(&OsEntropy));
        let (key, sealed) = keys("a").seal(id, &mail(), &OsEntropy);
        for part in ["ada@", "Welcome", "123456"] {
            assert!(
                !sealed.windows(part.len()).any(|window| window == part.as_bytes()),
                "{part}"
            );
        }
        // Also after a rotation.
        assert_eq!(keys("b").open(id, &key, &sealed), Some(mail()));

        assert_eq!(keys("a").open(MailId(ObjectId::zero()), &key, &sealed), None);
        assert_eq!(keys("a").open(id, &KeyId("b".to_owned()), &sealed), None);
        assert_eq!(keys("a").open(id, &KeyId("gone".to_owned()), &sealed), None);
        for position in [0, sealed.len() / 2, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert_eq!(keys("a").open(id, &key, &changed), None);
        }
        assert_eq!(keys("a").open(id, &key, &sealed[..5]), None);
        assert_ne!(keys("a").seal(id, &mail(), &OsEntropy).1, sealed, "no two are alike");
    }
}
