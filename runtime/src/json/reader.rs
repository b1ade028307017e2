//! How is a JSON text walked over?

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use super::text;
use super::{Decode, Fault, Slot};
use crate::union::Union;

/// How deep lists and objects may lie in one another: as deep as `serde_json` lets them.
const DEEPEST: u8 = 127;
/// So many fields of an object are marked without an allocation.
const MARKS: usize = 4;

/// A JSON text, and how far it has been read.
#[derive(Clone)]
pub struct Reader<'de> {
    text: &'de str,
    at: usize,
    depth: u8,
    refused: &'de Refused,
    /// Whether timestamps without an offset are in UTC where no field says how they are read.
    #[cfg(feature = "jiff")]
    naive: bool,
}

/// The variants that turned out not to be what stands at a place of a text, each with its union.
///
/// Unions within one another are tried from the outermost inwards: what lies innermost would be read twice as often with each
/// level if what was found out there were forgotten, and a text of a hundred levels would never be read.
#[derive(Default)]
pub(crate) struct Refused(RefCell<BTreeMap<(usize, usize, usize), String>>);

impl<'de> Reader<'de> {
    pub(crate) fn new(text: &'de str, refused: &'de Refused) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            refused,
            #[cfg(feature = "jiff")]
            naive: false,
        }
    }

    /// Reads a value in which timestamps without an offset are in UTC, however deep within.
    #[cfg(feature = "jiff")]
    pub(crate) fn with_naive_times(
        &mut self,
        read: &mut dyn FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let before = std::mem::replace(&mut self.naive, true);
        let read = read(self);
        self.naive = before;
        read
    }

    /// Whether timestamps without an offset are in UTC here.
    #[cfg(feature = "jiff")]
    pub(crate) fn has_naive_times(&self) -> bool {
        self.naive
    }

    /// Why what comes is not of a variant of a union, where that was tried before.
    pub(crate) fn refused(&self, union: &'static Union, variant: usize) -> Option<String> {
        self.refused.0.borrow().get(&(self.at, std::ptr::from_ref(union).addr(), variant)).cloned()
    }

    /// Remembers why what comes is not of a variant of a union.
    pub(crate) fn refuse(&self, union: &'static Union, variant: usize, why: String) {
        self.refused.0.borrow_mut().insert((self.at, std::ptr::from_ref(union).addr(), variant), why);
    }

    /// Reads a value.
    ///
    /// # Errors
    /// If what comes is not a value of this type.
    #[inline]
    pub fn value<T: Decode>(&mut self) -> Result<T, Fault> {
        T::read(self)
    }

    /// One of these texts: which.
    ///
    /// # Errors
    /// If another value comes.
    pub fn listed(&mut self, all: &[&str]) -> Result<usize, Fault> {
        let before = self.clone();
        let found = self.string()?;
        all.iter()
            .position(|listed| **listed == *found)
            .ok_or_else(|| before.unlisted(&mut all.iter().map(|listed| (*listed).to_owned())))
    }

    /// That a value is none of these.
    pub fn unlisted(&self, listed: &mut dyn Iterator<Item = String>) -> Fault {
        let listed: Vec<String> = listed.map(|listed| format!("`{listed}`")).collect();
        self.fault(format!("unknown variant, expected {}", listed.join(", ")))
    }

    /// What a text says, where it says that; else this is wrong with it.
    ///
    /// # Errors
    /// If another value comes.
    pub(crate) fn parsed<T>(&mut self, wrong: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Fault> {
        let before = self.clone();
        parse(&self.string()?).ok_or_else(|| before.fault(wrong))
    }

    /// Reads an object whose fields lie in these places. Keys of other names go to the `rest`, or are passed over.
    ///
    /// # Errors
    /// If another value comes, if a key comes twice, or if one is missing whose place may not stay blank.
    pub fn object(
        &mut self,
        names: &[&str],
        slots: &mut [&mut dyn Slot],
        mut rest: Option<&mut dyn Rest>,
    ) -> Result<(), Fault> {
        let mut few = [0_u64; MARKS];
        let mut many;
        let seen: &mut [u64] = if names.len() <= MARKS * 64 {
            &mut few
        } else {
            many = vec![0_u64; names.len().div_ceil(64)];
            &mut many
        };
        // Keys mostly come in one order, so the one behind the last is looked at first.
        let mut next = 0;
        self.open(b'{', "an object")?;
        let mut first = true;
        while let Some(key) = self.key(&mut first)? {
            let position = match names.get(next) {
                Some(name) if **name == *key => Some(next),
                _ => names.iter().position(|name| **name == *key),
            };
            match (position, &mut rest) {
                (Some(position), _) => {
                    next = position + 1;
                    let mark = 1 << (position % 64);
                    if seen[position / 64] & mark != 0 {
                        return Err(self.fault(format!("duplicate field `{key}`")));
                    }
                    seen[position / 64] |= mark;
                    if let Some(slot) = slots.get_mut(position) {
                        slot.fill(self).map_err(|fault| fault.under(&key))?;
                    }
                }
                // Keys that no document lists may be anybody's secret.
                (None, Some(rest)) => rest.keep(&key, self).map_err(|fault| fault.under("*"))?,
                (None, None) => self.skip()?,
            }
        }
        self.depth -= 1;
        for (position, (name, slot)) in names.iter().zip(slots).enumerate() {
            if seen[position / 64] & (1 << (position % 64)) == 0 && !slot.optional() {
                return Err(self.fault(format!("missing field `{name}`")));
            }
        }
        Ok(())
    }

    /// Reads an object of any keys: each is handed over, and the value that comes behind it is to be read.
    pub(crate) fn entries(&mut self, each: &mut dyn FnMut(&str, &mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        self.open(b'{', "an object")?;
        let mut first = true;
        while let Some(key) = self.key(&mut first)? {
            each(&key, self).map_err(|fault| fault.under("*"))?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads a list: at each call the next item is to be read.
    pub(crate) fn items(&mut self, each: &mut dyn FnMut(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        self.open(b'[', "a list")?;
        let mut index = 0;
        loop {
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    self.depth -= 1;
                    return Ok(());
                }
                Some(b',') if index > 0 => {
                    self.at += 1;
                    if self.peek() == Some(b']') {
                        return Err(self.fault("trailing comma"));
                    }
                }
                Some(_) if index == 0 => {}
                Some(_) => return Err(self.fault("expected `,` or `]`")),
                None => return Err(self.fault("the text ends within a list")),
            }
            each(self).map_err(|fault| fault.at_item(index))?;
            index += 1;
        }
    }

    fn open(&mut self, bracket: u8, expected: &str) -> Result<(), Fault> {
        if self.peek() != Some(bracket) {
            return Err(self.mismatch(expected));
        }
        if self.depth == DEEPEST {
            return Err(self.fault("recursion limit exceeded"));
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// The next key of an object, with the colon behind it; or none, with the closing bracket.
    fn key(&mut self, first: &mut bool) -> Result<Option<Cow<'de, str>>, Fault> {
        match self.peek() {
            Some(b'}') => {
                self.at += 1;
                return Ok(None);
            }
            Some(b',') if !*first => {
                self.at += 1;
                if self.peek() == Some(b'}') {
                    return Err(self.fault("trailing comma"));
                }
            }
            Some(_) if *first => {}
            Some(_) => return Err(self.fault("expected `,` or `}`")),
            None => return Err(self.fault("the text ends within an object")),
        }
        *first = false;
        if self.peek() != Some(b'"') {
            return Err(self.fault("key must be a string"));
        }
        let key = self.quoted()?;
        self.colon()?;
        Ok(Some(key))
    }

    fn colon(&mut self) -> Result<(), Fault> {
        if self.peek() != Some(b':') {
            return Err(self.fault("expected `:`"));
        }
        self.at += 1;
        Ok(())
    }

    /// A text; borrowed where it is written without escapes.
    ///
    /// # Errors
    /// If another value comes.
    pub fn string(&mut self) -> Result<Cow<'de, str>, Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.mismatch("a string"));
        }
        self.quoted()
    }

    fn quoted(&mut self) -> Result<Cow<'de, str>, Fault> {
        let begin = self.at + 1;
        let end = begin + text::plain(&self.text.as_bytes()[begin..]);
        if self.text.as_bytes().get(end) == Some(&b'"') {
            self.at = end + 1;
            return Ok(Cow::Borrowed(&self.text[begin..end]));
        }
        match text::unescape(self.text, begin) {
            Ok((unescaped, end)) => {
                self.at = end;
                Ok(Cow::Owned(unescaped))
            }
            Err((what, at)) => Err(Fault::new(what, at)),
        }
    }

    /// Whether `null` comes; then it is read.
    pub fn null(&mut self) -> bool {
        self.peek() == Some(b'n') && self.word("null")
    }

    pub(crate) fn boolean(&mut self) -> Result<bool, Fault> {
        match self.peek() {
            Some(b't') if self.word("true") => Ok(true),
            Some(b'f') if self.word("false") => Ok(false),
            _ => Err(self.mismatch("a boolean")),
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        if found {
            self.at += word.len();
        }
        found
    }

    /// A whole number of at most 18 digits and no fraction, which is most of them; nothing is read where another comes.
    pub(crate) fn short_integer(&mut self) -> Option<i64> {
        self.peek();
        let bytes = self.text.as_bytes().get(self.at..)?;
        let negative = bytes.first() == Some(&b'-');
        let begin = usize::from(negative);
        let mut number = 0_i64;
        let mut at = begin;
        while let Some(digit @ b'0'..=b'9') = bytes.get(at) {
            if at == begin + 18 {
                return None;
            }
            number = number * 10 + i64::from(digit - b'0');
            at += 1;
        }
        let leading_zero = at > begin + 1 && bytes[begin] == b'0';
        if at == begin || leading_zero || matches!(bytes.get(at), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        self.at += at;
        Some(if negative { -number } else { number })
    }

    /// A number as it is written.
    pub(crate) fn number(&mut self, expected: &str) -> Result<&'de str, Fault> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => {
                let length = super::number::length(&self.text.as_bytes()[self.at..]);
                let Some(length) = length else { return Err(self.fault("invalid number")) };
                let number = &self.text[self.at..self.at + length];
                self.at += length;
                Ok(number)
            }
            _ => Err(self.mismatch(expected)),
        }
    }

    /// Passes over a value, whatever it is and however deep: nothing of it is kept.
    pub(crate) fn skip(&mut self) -> Result<(), Fault> {
        let mut open = Vec::new();
        loop {
            // A value begins here.
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.at += 1;
                    let closing = bracket + 2;
                    if self.peek() == Some(closing) {
                        self.at += 1;
                    } else {
                        open.push(closing);
                        if closing == b'}' {
                            self.skip_key()?;
                        }
                        continue;
                    }
                }
                Some(b'"') => self.skip_string()?,
                Some(b't' | b'f') => self.boolean().map(drop)?,
                Some(b'n') if self.word("null") => {}
                Some(b'-' | b'0'..=b'9') => self.number("a number").map(drop)?,
                Some(_) => return Err(self.fault("expected value")),
                None => return Err(self.fault("the text ends where a value should be")),
            }
            // And has ended here, and with it perhaps what it lies in.
            loop {
                let Some(closing) = open.last().copied() else { return Ok(()) };
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        if closing == b'}' {
                            self.skip_key()?;
                        }
                        break;
                    }
                    Some(found) if found == closing => {
                        self.at += 1;
                        open.pop();
                    }
                    Some(_) => return Err(self.fault("expected `,` or the end of a list or an object")),
                    None => return Err(self.fault("the text ends within a list or an object")),
                }
            }
        }
    }

    fn skip_key(&mut self) -> Result<(), Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.fault("key must be a string"));
        }
        self.skip_string()?;
        self.colon()
    }

    fn skip_string(&mut self) -> Result<(), Fault> {
        match text::end(self.text.as_bytes(), self.at + 1) {
            Ok(end) => {
                self.at = end;
                Ok(())
            }
            Err((what, at)) => Err(Fault::new(what, at)),
        }
    }

    /// The text of the value that comes, which is passed over.
    pub(crate) fn raw(&mut self) -> Result<&'de str, Fault> {
        self.peek();
        let begin = self.at;
        self.skip()?;
        Ok(&self.text[begin..self.at])
    }

    /// What the next value begins with, blanks aside.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.fault("trailing characters")),
        }
    }

    /// That a value is of no variant of a union.
    pub fn of_no_variant(&self) -> Fault {
        self.fault("the value is of no variant")
    }

    pub(crate) fn fault(&self, what: impl Into<Cow<'static, str>>) -> Fault {
        Fault::new(what, self.at)
    }

    pub(crate) fn mismatch(&mut self, expected: &str) -> Fault {
        let found = match self.peek() {
            Some(b'{') => "object",
            Some(b'[') => "list",
            Some(b'"') => "string",
            Some(b't' | b'f') => "boolean",
            Some(b'n') => "null",
            Some(b'-' | b'0'..=b'9') => "number",
            Some(_) => return self.fault("expected value"),
            None => return self.fault("the text ends where a value should be"),
        };
        self.fault(format!("invalid type: {found}, expected {expected}"))
    }
}

/// A place for the keys of an object that have none of their own.
pub trait Rest {
    /// Reads the value of such a key.
    ///
    /// # Errors
    /// If the value is not one that is kept.
    fn keep(&mut self, key: &str, from: &mut Reader<'_>) -> Result<(), Fault>;
}
