//! How does Rust write a regular expression of ECMA-262?
//!
//! The two languages are nearly one. Where they are not: `\d`, `\w` and `\b` are ASCII there, `.` leaves out more ends of lines, a
//! `[` within a class is itself, and what nothing else can be meant by stands for itself (annex B.1.4).

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// What ECMA-262 takes for white space or the end of a line.
const SPACE: &str = r"\t\n\x0B\x0C\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF}";
const DIGIT: &str = "0-9";
const WORD: &str = "A-Za-z0-9_";

/// The same pattern for the crate `regex`, or why there is none.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let translated = Translation { rest: pattern.chars().peekable(), written: String::new() }.whole()?;
    match regex::Regex::new(&translated) {
        Ok(_) => Ok(translated),
        Err(regex::Error::CompiledTooBig(_)) => Err("it becomes too big".to_owned()),
        Err(_) => Err("it is no regular expression".to_owned()),
    }
}

struct Translation<'p> {
    rest: Peekable<Chars<'p>>,
    written: String,
}

impl Translation<'_> {
    fn whole(mut self) -> Result<String, String> {
        while let Some(character) = self.rest.next() {
            match character {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '.' => self.written.push_str(r"[^\n\r\x{2028}\x{2029}]"),
                '(' => self.group()?,
                '{' if !self.counts() => self.written.push_str(r"\{"),
                '{' => self.quantifier(),
                ']' | '}' => self.literal(character),
                other => self.written.push(other),
            }
        }
        Ok(self.written)
    }

    fn group(&mut self) -> Result<(), String> {
        self.written.push('(');
        let mut ahead = self.rest.clone();
        if ahead.next() != Some('?') {
            return Ok(());
        }
        match (ahead.next(), ahead.next()) {
            (Some('='), _) => Err("it looks ahead with `(?=`".to_owned()),
            (Some('!'), _) => Err("it looks ahead with `(?!`".to_owned()),
            (Some('<'), Some('=')) => Err("it looks back with `(?<=`".to_owned()),
            (Some('<'), Some('!')) => Err("it looks back with `(?<!`".to_owned()),
            _ => Ok(()),
        }
    }

    /// Whether a brace that was just read begins `{2}`, `{2,}` or `{2,3}`.
    fn counts(&self) -> bool {
        let inner: String = self.rest.clone().take_while(|&character| character != '}').collect();
        let closed = self.rest.clone().any(|character| character == '}');
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let counts = match inner.split_once(',') {
            Some((least, most)) => digits(least) && (most.is_empty() || digits(most)),
            None => digits(&inner),
        };
        closed && counts && !self.written.is_empty()
    }

    fn quantifier(&mut self) {
        self.written.push('{');
        for character in self.rest.by_ref() {
            self.written.push(character);
            if character == '}' {
                break;
            }
        }
    }

    fn escape(&mut self) -> Result<(), String> {
        let Some(character) = self.rest.next() else { return Err("it ends with a backslash".to_owned()) };
        match character {
            'd' => self.set(DIGIT, false),
            'D' => self.set(DIGIT, true),
            'w' => self.set(WORD, false),
            'W' => self.set(WORD, true),
            's' => self.set(SPACE, false),
            'S' => self.set(SPACE, true),
            'b' => self.written.push_str(r"(?-u:\b)"),
            'B' => self.written.push_str(r"(?-u:\B)"),
            '1'..='9' => return Err(format!("it refers back to a group with `\\{character}`")),
            'k' => return Err(r"it refers back to a group with `\k`".to_owned()),
            other => self.single(other)?,
        }
        Ok(())
    }

    fn set(&mut self, set: &str, negated: bool) {
        let _ = write!(self.written, "[{}{set}]", if negated { "^" } else { "" });
    }

    /// An escape that stands for one character, or for those of a Unicode property.
    fn single(&mut self, character: char) -> Result<(), String> {
        match character {
            't' | 'n' | 'r' | 'f' | 'v' => {
                self.written.push('\\');
                self.written.push(character);
            }
            '0' => self.written.push_str(r"\x00"),
            'c' => match self.rest.next() {
                Some(letter) if letter.is_ascii_alphabetic() => self.code(letter as u32 % 32)?,
                _ => return Err(r"`\c` wants a letter".to_owned()),
            },
            'x' => match self.hex(2) {
                Some(code) => self.code(code)?,
                None => self.literal('x'),
            },
            'u' => self.unicode()?,
            'p' | 'P' if self.rest.peek() == Some(&'{') => {
                self.written.push('\\');
                self.written.push(character);
                self.rest.next();
                self.quantifier();
            }
            other => self.literal(other),
        }
        Ok(())
    }

    /// `\u0041`, `\u{1F980}`, or two halves of a character beyond 16 bits.
    fn unicode(&mut self) -> Result<(), String> {
        if self.rest.peek() == Some(&'{') {
            self.rest.next();
            let digits: String = self.rest.by_ref().take_while(|&character| character != '}').collect();
            let code = u32::from_str_radix(&digits, 16).map_err(|_| r"`\u{…}` wants a number".to_owned())?;
            return self.code(code);
        }
        let Some(first) = self.hex(4) else {
            self.literal('u');
            return Ok(());
        };
        let mut ahead = self.rest.clone();
        if (0xD800..0xDC00).contains(&first) && ahead.next() == Some('\\') && ahead.next() == Some('u') {
            self.rest.nth(1);
            if let Some(second @ 0xDC00..0xE000) = self.hex(4) {
                return self.code(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00));
            }
        }
        self.code(first)
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let text: String = self.rest.clone().take(digits).collect();
        let code = u32::from_str_radix(&text, 16).ok().filter(|_| text.len() == digits)?;
        self.rest.nth(digits - 1);
        Some(code)
    }

    fn code(&mut self, code: u32) -> Result<(), String> {
        if char::from_u32(code).is_none() {
            return Err(format!("`{code:X}` is no character by itself"));
        }
        let _ = write!(self.written, "\\x{{{code:X}}}");
        Ok(())
    }

    fn literal(&mut self, character: char) {
        if character.is_ascii_punctuation() && !matches!(character, '<' | '>') {
            self.written.push('\\');
        }
        self.written.push(character);
    }

    /// A class, after its bracket.
    fn class(&mut self) -> Result<(), String> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        if self.rest.next_if_eq(&']').is_some() {
            self.written.push_str(if negated { r"[\s\S]" } else { r"[^\s\S]" });
            return Ok(());
        }
        self.written.push_str(if negated { "[^" } else { "[" });
        // What a hyphen would have to stand between to make a range.
        let mut begins = false;
        while let Some(character) = self.rest.next() {
            match character {
                ']' => {
                    self.written.push(']');
                    return Ok(());
                }
                '-' => {
                    let mut ahead = self.rest.clone();
                    let set = ahead.next() == Some('\\') && ahead.next().is_some_and(is_set);
                    if !begins || set || self.rest.peek() == Some(&']') {
                        self.literal('-');
                    } else {
                        self.written.push('-');
                        self.end_of_range()?;
                    }
                    begins = false;
                }
                '\\' => begins = self.escape_in_class()?,
                other => {
                    self.literal_in_class(other);
                    begins = true;
                }
            }
        }
        Err("a `[` is never closed".to_owned())
    }

    fn end_of_range(&mut self) -> Result<(), String> {
        match self.rest.next() {
            Some('\\') => self.escape_in_class().map(drop),
            Some(other) => {
                self.literal_in_class(other);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn literal_in_class(&mut self, character: char) {
        if matches!(character, '[' | ']' | '^' | '-' | '&' | '~' | '\\') {
            self.written.push('\\');
        }
        self.written.push(character);
    }

    /// Whether what it stands for is one character, which may begin a range.
    fn escape_in_class(&mut self) -> Result<bool, String> {
        let Some(character) = self.rest.next() else { return Err("it ends with a backslash".to_owned()) };
        match character {
            'd' => self.written.push_str(DIGIT),
            'w' => self.written.push_str(WORD),
            's' => self.written.push_str(SPACE),
            'D' => self.set(DIGIT, true),
            'W' => self.set(WORD, true),
            'S' => self.set(SPACE, true),
            'b' => self.written.push_str(r"\x08"),
            '-' => self.written.push_str(r"\-"),
            other => self.single(other)?,
        }
        Ok(!is_set(character))
    }
}

/// Whether an escape stands for a set of characters.
fn is_set(letter: char) -> bool {
    matches!(letter, 'd' | 'D' | 'w' | 'W' | 's' | 'S' | 'p' | 'P')
}

#[cfg(test)]
mod tests {
    use super::translate;

    fn matches(pattern: &str, text: &str) -> bool {
        let translated = translate(pattern).expect(pattern);
        regex::Regex::new(&translated).expect(&translated).is_match(text)
    }

    #[test]
    fn ordinary_patterns_mean_what_they_meant() {
        for (pattern, fine, wrong) in [
            ("^[a-z]+$", "abc", "aBc"),
            (r"^\d{3}-\d{4}$", "555-1234", "555-123"),
            (r"^\d$", "7", "٧"),
            (r"^\w+$", "a_1", "é"),
            (r"^[\w.-]+@[\w-]+\.\w{2,}$", "a.b-c@d-e.org", "a b@c.de"),
            (r"^[\w-.]+$", "a-b.c", "a b"),
            (r"^[a-z\d_-]+$", "a-1_", "A"),
            ("^.$", "x", "\r"),
            (r"^\/api\/v\d+$", "/api/v2", "/api/vx"),
            (r"^[^\s]+$", "abc", "a\u{feff}"),
            (r"^\u0041\x42$", "AB", "ab"),
            (r"^\uD83E\uDD80$", "🦀", "x"),
            (r"^\u{1F980}$", "🦀", "x"),
            ("^{.*}$", "{a}", "a"),
            ("^a{2}$", "aa", "a"),
            ("^[[]$", "[", "]"),
            ("^[a&&b]+$", "a&b", "c"),
            ("^[+--]$", ",", "a"),
            (r"^[^]$", "\n", "ab"),
            (r"^(?<year>\d{4})$", "2026", "26"),
            (r"^\p{L}+$", "é", "1"),
            (r"\bcat\b", "a cat", "concat"),
            (r"^\cJ$", "\n", "J"),
            (r"^a\-b\_c\#$", "a-b_c#", "abc"),
            ("^[-a]$", "-", "b"),
            ("^[a-]$", "-", "b"),
            ("a]b}", "a]b}", "ab"),
        ] {
            assert!(matches(pattern, fine), "{pattern} does not match {fine}: {:?}", translate(pattern));
            assert!(!matches(pattern, wrong), "{pattern} matches {wrong}: {:?}", translate(pattern));
        }
    }

    #[test]
    fn what_rust_has_no_form_for_is_told() {
        for (pattern, why) in [
            ("^(?=.*[a-z]).+$", "(?="),
            ("^(?!x)", "(?!"),
            ("(?<=a)b", "(?<="),
            ("(?<!a)b", "(?<!"),
            (r"(a)\1", r"\1"),
            (r"(?<q>a)\k<q>", r"\k"),
            ("[a", "never closed"),
            ("(a", "no regular expression"),
            ("a\\", "backslash"),
            (r"\uD83E", "no character"),
            ("((((a{9}){99}){999}){999})", "too big"),
        ] {
            let said = translate(pattern).expect_err(pattern);
            assert!(said.contains(why), "{pattern}: {said}");
        }
    }
}
