//! Which kinds of diagnostics are there, and what does each mean?
//!
//! A code is never reused and never changes its meaning: users silence, search and link them.
//! `SN01xx` reading, `SN02xx` meaning, `SN03xx` settings, `SN04xx` writing.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Declares codes as constants, and the table of them all.
macro_rules! codes {
    ($( $name:ident = $code:literal, $title:literal, $explanation:literal; )*) => {
        $(
            #[doc = concat!("`", $code, "`: ", $title)]
            pub const $name: $crate::diagnostics::Code = $crate::diagnostics::Code::new(&$crate::diagnostics::CodeInfo {
                code: $code,
                title: $title,
                explanation: $explanation,
            });
        )*
        /// All codes of this file.
        pub(super) const ALL: &[$crate::diagnostics::Code] = &[$($name),*];
    };
}

mod meaning;
mod reading;
mod settings;
mod writing;

pub use meaning::*;
pub use reading::*;
pub use settings::*;
pub use writing::*;

/// What there is to know about a code.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeInfo {
    /// `SN0104`
    pub code: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// Why it is told and what to do about it, in full sentences.
    pub explanation: &'static str,
}

/// A kind of diagnostic. Two codes are equal, and sort, by their text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static CodeInfo);

impl Code {
    pub(crate) const fn new(info: &'static CodeInfo) -> Self {
        Self(info)
    }

    /// `SN0104`
    pub fn as_str(self) -> &'static str {
        self.0.code
    }

    /// What there is to know about it.
    pub fn info(self) -> &'static CodeInfo {
        self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        all().find(|code| code.as_str() == text).ok_or_else(|| D::Error::custom(format!("there is no code `{text}`")))
    }
}

/// All codes, ascending.
pub fn all() -> impl Iterator<Item = Code> {
    [reading::ALL, meaning::ALL, settings::ALL, writing::ALL].into_iter().flatten().copied()
}

/// The text of `sinew explain SN0104`; the letters may be of either case.
pub fn explain(code: &str) -> Option<String> {
    let code = all().find(|known| known.as_str().eq_ignore_ascii_case(code.trim()))?;
    let CodeInfo { code, title, explanation } = code.info();
    Some(format!("{code}: {title}\n\n{explanation}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_and_explain_themselves() {
        let all: Vec<_> = all().collect();
        assert!(all.is_sorted_by(|a, b| a.as_str() < b.as_str()), "{all:?}");
        for code in all {
            assert!(code.info().explanation.ends_with(['.', ')']), "{code} needs a sentence");
            assert!(explain(code.as_str()).is_some());
        }
        assert!(explain("sn0101").is_some());
        assert_eq!(explain("SN9999"), None);
    }
}
