//! The part of the Protocol Buffers encoding that spans use: <https://protobuf.dev/programming-guides/encoding>.
//! A crate for it would be a dev-dependency, and those are built for every test run, with or without the feature.

/// The bytes of a message.
#[derive(Clone, Copy)]
pub(super) struct Message<'a>(pub(super) &'a [u8]);

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Number(u64),
    /// A text, bytes, or another message.
    Bytes(&'a [u8]),
    /// A number of fixed length, which no test reads.
    Fixed,
}

impl<'a> Message<'a> {
    /// Its fields, each with its number.
    pub(super) fn fields(self) -> impl Iterator<Item = (u64, Value<'a>)> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            (!rest.is_empty()).then(|| {
                let key = varint(&mut rest);
                let value = match key & 7 {
                    0 => Value::Number(varint(&mut rest)),
                    1 => fixed(&mut rest, 8),
                    2 => {
                        let length = usize::try_from(varint(&mut rest)).unwrap();
                        Value::Bytes(split(&mut rest, length))
                    }
                    5 => fixed(&mut rest, 4),
                    wire_type => panic!("there is no wire type {wire_type}"),
                };
                (key >> 3, value)
            })
        })
    }

    /// The messages in a repeated field.
    pub(super) fn messages(self, number: u64) -> impl Iterator<Item = Message<'a>> {
        self.fields().filter_map(move |field| match field {
            (found, Value::Bytes(bytes)) if found == number => Some(Message(bytes)),
            _ => None,
        })
    }

    /// The message in a field.
    pub(super) fn message(self, number: u64) -> Option<Message<'a>> {
        self.messages(number).next()
    }

    /// The text in a field.
    pub(super) fn text(self, number: u64) -> String {
        let bytes = self.message(number).map_or(&[][..], |message| message.0);
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}

fn varint(rest: &mut &[u8]) -> u64 {
    let mut number = 0;
    for place in 0..10 {
        let byte = split(rest, 1)[0];
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return number;
        }
    }
    panic!("a number has more than ten bytes");
}

fn fixed<'a>(rest: &mut &'a [u8], length: usize) -> Value<'a> {
    split(rest, length);
    Value::Fixed
}

fn split<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(length);
    *rest = left;
    taken
}
