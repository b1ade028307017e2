//! What is wrong with a JSON text, and where?

use std::borrow::Cow;
use std::fmt;

/// What is wrong with a JSON text: the field, what was found and what was expected, and never a value, which may be anybody's
/// secret.
pub struct Fault(Box<Inner>);

struct Inner {
    what: Cow<'static, str>,
    /// How far into the text, in bytes.
    offset: usize,
    place: Option<(usize, usize)>,
    /// From the innermost step outwards.
    path: Vec<Step>,
}

enum Step {
    Key(String),
    Item(usize),
}

impl Fault {
    pub(crate) fn new(what: impl Into<Cow<'static, str>>, offset: usize) -> Self {
        Self(Box::new(Inner { what: what.into(), offset, place: None, path: Vec::new() }))
    }

    pub(crate) fn under(mut self, key: &str) -> Self {
        self.0.path.push(Step::Key(key.to_owned()));
        self
    }

    pub(crate) fn at_item(mut self, index: usize) -> Self {
        self.0.path.push(Step::Item(index));
        self
    }

    /// The same, with what it follows from in front.
    pub(crate) fn because(mut self, why: &str) -> Self {
        self.0.what = format!("{why}{}", self.0.what).into();
        self
    }

    /// The same, with line and column of the text that was read.
    pub(crate) fn within(mut self, text: &[u8]) -> Self {
        let before = &text[..self.0.offset.min(text.len())];
        let line = before.split(|byte| *byte == b'\n').count();
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        self.0.place = Some((line, column));
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if !inner.path.is_empty() {
            formatter.write_str("`")?;
            for (position, step) in inner.path.iter().rev().enumerate() {
                match step {
                    Step::Key(key) if position == 0 => formatter.write_str(key)?,
                    Step::Key(key) => write!(formatter, ".{key}")?,
                    Step::Item(index) => write!(formatter, "[{index}]")?,
                }
            }
            formatter.write_str("`: ")?;
        }
        formatter.write_str(&inner.what)?;
        match inner.place {
            Some((line, column)) => write!(formatter, " at line {line} column {column}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fault({self})")
    }
}

impl std::error::Error for Fault {}
