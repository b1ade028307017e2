//! Which Rust types can stand in the place of generated ones?

use std::fmt;

use syn::{GenericArgument, PathArguments, Type};

/// Types that need no path.
const PRELUDE: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128",
    "usize", "Box", "Option", "String", "Vec",
];

/// A Rust type by its whole path, such as `chrono::DateTime<chrono::Utc>`.
///
/// Only [`RustPath::parse`] makes one, so that it can be written into generated code as it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RustPath {
    text: String,
    crates: Vec<String>,
}

impl RustPath {
    /// Reads a path; otherwise the reason why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parsed: Type = syn::parse_str(text).map_err(|error| format!("this is no Rust type: {error}"))?;
        let mut path = Self { text: String::new(), crates: Vec::new() };
        path.write(&parsed)?;
        path.crates.sort();
        path.crates.dedup();
        Ok(path)
    }

    /// The path as Rust spells it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The crates it needs, those of the standard library aside, as Rust spells their names.
    pub fn crates(&self) -> impl Iterator<Item = &str> {
        self.crates.iter().map(String::as_str)
    }

    fn write(&mut self, ty: &Type) -> Result<(), String> {
        let Type::Path(path) = ty else {
            return Err("a type is named by its path, such as `chrono::DateTime<chrono::Utc>`".to_owned());
        };
        if path.qself.is_some() || path.path.leading_colon.is_some() {
            return Err("a path starts with the name of a crate".to_owned());
        }
        let segments = &path.path.segments;
        let first = segments.first().map(|segment| segment.ident.to_string()).unwrap_or_default();
        match first.as_str() {
            "crate" | "self" | "super" | "Self" | "types" => {
                return Err(format!("`{first}` is the generated code itself: start with the name of another crate"));
            }
            "std" | "core" | "alloc" if segments.len() > 1 => {}
            name if segments.len() == 1 && PRELUDE.contains(&name) => {}
            _ if segments.len() == 1 => return Err(format!("give the whole path of `{first}`, from its crate on")),
            name => self.crates.push(name.trim_start_matches("r#").to_owned()),
        }
        for (position, segment) in segments.iter().enumerate() {
            if position > 0 {
                self.text.push_str("::");
            }
            self.text.push_str(&segment.ident.to_string());
            match &segment.arguments {
                PathArguments::None => {}
                PathArguments::AngleBracketed(arguments) => {
                    self.text.push('<');
                    for (position, argument) in arguments.args.iter().enumerate() {
                        if position > 0 {
                            self.text.push_str(", ");
                        }
                        let GenericArgument::Type(ty) = argument else {
                            return Err("only types can stand between `<` and `>` here".to_owned());
                        };
                        self.write(ty)?;
                    }
                    self.text.push('>');
                }
                PathArguments::Parenthesized(_) => return Err("a function is no type of values".to_owned()),
            }
        }
        Ok(())
    }
}

impl fmt::Display for RustPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_types_by_name_and_nothing_else() {
        let read = |text| RustPath::parse(text).map(|path| (path.text.clone(), path.crates.join(" ")));
        let good = |text: &str, crates: &str| Ok((text.to_owned(), crates.to_owned()));
        assert_eq!(read("chrono::DateTime < chrono::Utc >"), good("chrono::DateTime<chrono::Utc>", "chrono"));
        assert_eq!(
            read("std::collections::HashMap<String, a::B>"),
            good("std::collections::HashMap<String, a::B>", "a")
        );
        assert_eq!(read("u64"), good("u64", ""));
        assert_eq!(read("Vec<url::Url>"), good("Vec<url::Url>", "url"));
        for text in [
            "",
            "Money",
            "crate::Money",
            "types::User",
            "a::B; fn evil() {}",
            "&'static str",
            "(u8, u8)",
            "fn() -> u8",
            "a::B<'static>",
            "a::B<{ 1 + 1 }>",
            "a::B<impl Copy>",
            "impl a::B",
            "dyn a::B",
            "[u8; 4]",
            "a::F(u8)",
            "<a::B as C>::D",
            "::a::B",
            "a::m!()",
            "a::B /* */ \"",
        ] {
            assert!(read(text).is_err(), "{text}: {:?}", read(text));
        }
    }
}
