//! Is this text a name that Rust, cargo or a client can use?

/// What a name is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// The type of the client.
    Client,
    /// Another type.
    Type,
    /// A function or a module.
    Function,
    /// A crate.
    Package,
    /// A crate that somebody else named.
    Dependency,
    /// A feature of a crate.
    Feature,
    /// The versions of a crate that will do.
    Requirement,
    /// A crate's version.
    Version,
    /// The address of a service.
    Url,
    /// A path below such an address.
    Path,
}

/// Strict, reserved and weak keywords of every edition, and names that would hide what generated code relies on.
const KEYWORDS: &[&str] = &[
    "_", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super",
    "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "Self",
];

/// What stands beside the client in its file.
const IMPORTED: &[&str] = &["Call", "ClientBuilder", "Error", "Health", "Service", "ServiceRegistry"];

/// Why a text cannot be such a name.
pub(super) fn check(kind: Name, text: &str) -> Result<(), &'static str> {
    match kind {
        Name::Type => {
            if KEYWORDS.contains(&text) {
                Err("this is a word of Rust's own")
            } else if is_word(text, |char| char.is_ascii_alphanumeric())
                && text.starts_with(|c: char| c.is_ascii_uppercase())
            {
                Ok(())
            } else {
                Err("a type name looks like `UserServiceClient`")
            }
        }
        Name::Client if IMPORTED.contains(&text) => {
            Err("the file of the client has something of the runtime by that name")
        }
        Name::Client => check(Name::Type, text),
        Name::Function => {
            if KEYWORDS.contains(&text) {
                Err("this is a word of Rust's own")
            } else if is_word(text, |char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_')
                && text.starts_with(|c: char| c.is_ascii_lowercase())
            {
                Ok(())
            } else {
                Err("a name of a function or module looks like `get_user`")
            }
        }
        Name::Package => {
            let shaped =
                is_word(text, |char| char.is_ascii_lowercase() || char.is_ascii_digit() || matches!(char, '_' | '-'));
            if KEYWORDS.contains(&text)
                || matches!(text, "test" | "core" | "std" | "alloc" | "proc_macro" | "proc-macro")
            {
                Err("cargo reserves this name")
            } else if shaped && text.starts_with(|c: char| c.is_ascii_lowercase()) {
                Ok(())
            } else {
                Err("a package name looks like `user-service`")
            }
        }
        Name::Dependency => {
            let good = is_word(text, |char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'))
                && text.starts_with(|c: char| c.is_ascii_alphabetic())
                && !matches!(text, "sinew-runtime" | "sinew_runtime");
            if good { Ok(()) } else { Err("a dependency is named like `chrono`") }
        }
        Name::Feature => {
            let good =
                is_word(text, |char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '+' | '.' | '/' | ':'));
            if good { Ok(()) } else { Err("a feature is named like `serde`") }
        }
        Name::Requirement => {
            let shaped = is_word(text, |char| char.is_ascii_alphanumeric() || ".-+^~=<>*, ".contains(char));
            if shaped && text.contains(|c: char| c.is_ascii_digit() || c == '*') {
                Ok(())
            } else {
                Err("versions that will do look like `0.4` or `>=1.2, <3`")
            }
        }
        Name::Version => {
            if is_version(text) {
                Ok(())
            } else {
                Err("a version looks like `0.1.0`")
            }
        }
        Name::Url => {
            let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
            let plain =
                !text.contains(|char: char| char.is_whitespace() || char.is_control() || matches!(char, '?' | '#'));
            if host.is_some_and(|host| !host.is_empty() && !host.starts_with('/')) && plain {
                Ok(())
            } else {
                Err("an address looks like `https://example.org/api/v1`")
            }
        }
        Name::Path => {
            let plain =
                !text.contains(|char: char| char.is_whitespace() || char.is_control() || matches!(char, '?' | '#'));
            if text.starts_with('/') && plain { Ok(()) } else { Err("a path looks like `/health`") }
        }
    }
}

fn is_word(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(allowed)
}

/// Three numbers, and what may follow them.
fn is_version(text: &str) -> bool {
    let (numbers, rest) = match text.find(['-', '+']) {
        Some(at) => text.split_at_checked(at).unwrap_or((text, "")),
        None => (text, ""),
    };
    let is_number =
        |part: &str| part == "0" || (!part.starts_with('0') && part.parse::<u64>().is_ok() && !part.starts_with('+'));
    numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && rest.len() != 1
        && rest.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '+' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_they_are_for() {
        let good = |kind, text| assert_eq!(check(kind, text), Ok(()), "{text}");
        let bad = |kind, text| assert!(check(kind, text).is_err(), "{text}");
        good(Name::Type, "User2");
        good(Name::Client, "Client");
        bad(Name::Client, "Error");
        bad(Name::Client, "users");
        for text in ["", "user", "Self", "Us er", "Ü", "U::V", "2U", "A\"]"] {
            bad(Name::Type, text);
        }
        good(Name::Function, "get_user2");
        for text in ["", "gen", "self", "getUser", "a-b", "_a", "../x", "2a"] {
            bad(Name::Function, text);
        }
        good(Name::Package, "user-service");
        for text in ["", "test", "../evil", "A", "a b", "-a", "a\""] {
            bad(Name::Package, text);
        }
        for text in ["0.1.0", "1.2.3-rc.1+build"] {
            good(Name::Version, text);
        }
        for text in ["1", "1.2", "01.2.3", "1.2.3-", "1.2.x", "1.2.3 \"", ""] {
            bad(Name::Version, text);
        }
        for text in ["chrono", "time_03", "Inflector"] {
            good(Name::Dependency, text);
        }
        for text in ["", "-a", "a b", "a\"", "../a", "sinew-runtime"] {
            bad(Name::Dependency, text);
        }
        good(Name::Feature, "dep:x/y");
        bad(Name::Feature, "a\"]");
        for text in ["0.4", "*", ">=1.2, <3", "=1.0.0-rc.1"] {
            good(Name::Requirement, text);
        }
        for text in ["", "latest", "1\"", "1\n"] {
            bad(Name::Requirement, text);
        }
        good(Name::Url, "http://localhost:8001/api/v1");
        for text in ["localhost", "ftp://x", "http://", "http:///x", "http://a b", "http://a?b"] {
            bad(Name::Url, text);
        }
        good(Name::Path, "/health");
        bad(Name::Path, "health");
    }
}
