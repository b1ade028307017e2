//! How is a JSON text written?

use serde::Serialize;

use super::{Encode, Fault, Refused};

/// A JSON text being written. The first value that has no form in JSON is kept, and told at the end.
pub struct Writer {
    text: Vec<u8>,
    fault: Option<Fault>,
    /// Whether something stands before what comes next in the innermost list or object.
    follows: bool,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { text: Vec::with_capacity(128), fault: None, follows: false }
    }

    /// Writes an object of these fields, those that are absent left out, and of what else it holds.
    pub fn object(&mut self, names: &[&str], values: &[&dyn Encode], others: Option<&dyn Others>) {
        self.open('{');
        for (name, value) in names.iter().zip(values) {
            if !value.is_absent() {
                self.key(name);
                value.write(self);
            }
        }
        if let Some(others) = others {
            others.write_entries(self);
        }
        self.close('}');
    }

    /// Writes the value of a tagged variant: its own object, with the tag set to the variant's text.
    pub fn tagged(&mut self, tag: &str, text: &str, value: &dyn Encode) {
        let mut inner = Self::new();
        value.write(&mut inner);
        let written = inner.finish().and_then(|inner| {
            let refused = Refused::default();
            let mut reader = super::Reader::new(&inner, &refused);
            self.open('{');
            self.key(tag);
            self.string(text);
            reader.entries(&mut |key, from| {
                let value = from.raw()?;
                if key != tag {
                    self.key(key);
                    self.raw(value);
                }
                Ok(())
            })?;
            self.close('}');
            Ok(())
        });
        if let Err(fault) = written {
            self.fault.get_or_insert(fault.because("a tagged variant must be an object: "));
        }
    }

    pub(crate) fn open(&mut self, bracket: char) {
        self.text.push(bracket as u8);
        self.follows = false;
    }

    pub(crate) fn close(&mut self, bracket: char) {
        self.text.push(bracket as u8);
        // Whatever this stood in now has something before what comes next.
        self.follows = true;
    }

    /// What stands before the next item of a list.
    pub(crate) fn next(&mut self) {
        if self.follows {
            self.text.push(b',');
        }
        self.follows = true;
    }

    /// What stands before the next value of an object.
    pub(crate) fn key(&mut self, key: &str) {
        self.next();
        self.string(key);
        self.text.push(b':');
    }

    /// Writes a text.
    pub fn string(&mut self, text: &str) {
        self.text.push(b'"');
        let bytes = text.as_bytes();
        let mut from = 0;
        loop {
            let end = from + super::text::plain(&bytes[from..]);
            self.text.extend_from_slice(&bytes[from..end]);
            let Some(byte) = bytes.get(end) else { break };
            match byte {
                b'"' => self.text.extend_from_slice(b"\\\""),
                b'\\' => self.text.extend_from_slice(b"\\\\"),
                b'\n' => self.text.extend_from_slice(b"\\n"),
                b'\r' => self.text.extend_from_slice(b"\\r"),
                b'\t' => self.text.extend_from_slice(b"\\t"),
                0x08 => self.text.extend_from_slice(b"\\b"),
                0x0c => self.text.extend_from_slice(b"\\f"),
                other => self.text.extend_from_slice(format!("\\u{other:04x}").as_bytes()),
            }
            from = end + 1;
        }
        self.text.push(b'"');
    }

    /// Writes a list of so many items, each when it is asked for.
    pub(crate) fn list(&mut self, length: usize, write: &mut dyn FnMut(usize, &mut Self)) {
        self.open('[');
        for at in 0..length {
            self.next();
            write(at, self);
        }
        self.close(']');
    }

    /// Writes an object of any keys.
    pub(crate) fn map<'v, T: 'v>(
        &mut self,
        entries: impl Iterator<Item = (&'v String, &'v T)>,
        write: impl Fn(&T, &mut Self),
    ) {
        self.open('{');
        for (key, value) in entries {
            self.key(key);
            write(value, self);
        }
        self.close('}');
    }

    pub(crate) fn null(&mut self) {
        self.raw("null");
    }

    pub(crate) fn raw(&mut self, json: &str) {
        self.text.extend_from_slice(json.as_bytes());
    }

    /// Writes a value as serde does.
    pub fn serde<T: Serialize + ?Sized>(&mut self, value: &T) {
        if let Err(error) = serde_json::to_writer(&mut self.text, value) {
            self.fault.get_or_insert(Fault::new(error.to_string(), 0));
        }
    }

    pub(crate) fn finish(self) -> Result<String, Fault> {
        match self.fault {
            Some(fault) => Err(fault),
            // All that is written is text, or was ASCII.
            None => String::from_utf8(self.text).map_err(|_| Fault::new("the text is not UTF-8", 0)),
        }
    }
}

/// What an object holds besides its known fields.
pub trait Others {
    /// Writes it, key by key.
    fn write_entries(&self, to: &mut Writer);
}
