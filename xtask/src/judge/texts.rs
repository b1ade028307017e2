//! Which texts fit a format, a pattern and bounds of length?

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Map, Value};

use super::values::Dice;

/// A text for keywords that hold together.
pub(super) fn text(parts: &[&Map<String, Value>], dice: &mut Dice) -> Option<String> {
    let format = parts.iter().find_map(|part| part.get("format")?.as_str()).unwrap_or_default();
    let encoding = parts.iter().find_map(|part| part.get("contentEncoding")?.as_str()).unwrap_or_default();
    let pattern = parts.iter().find_map(|part| part.get("pattern")?.as_str());
    let length = |key: &str| parts.iter().filter_map(|part| usize::try_from(part.get(key)?.as_u64()?).ok()).max();
    let (least, most) = (length("minLength").unwrap_or(0), length("maxLength").unwrap_or(usize::MAX));
    let mut pick = |texts: &[&str]| texts[dice.below(texts.len())].to_owned();
    let known = match format {
        "date-time" => Some(pick(&[
            "2026-11-23T08:32:58Z",
            "2026-11-23T08:32:58.250115Z",
            "1970-01-01T00:00:00Z",
            "2024-02-29T23:59:59.999+02:00",
            "2026-11-23T08:32:58-11:30",
        ])),
        "date" => Some(pick(&["2026-11-23", "2024-02-29", "0001-01-01"])),
        "time" => Some(pick(&["08:32:58Z", "23:59:59.5+02:00"])),
        "duration" => Some(pick(&["PT1H", "P3DT12H30M5S", "P1Y2M", "P4W"])),
        "uuid" => Some(pick(&["67e55044-10b1-426f-9247-bb680e5fe0c8", "00000000-0000-0000-0000-000000000000"])),
        "uri" | "url" | "uri-reference" => Some(pick(&["https://example.org/a?b=c%20d#e", "http://localhost:8080"])),
        "email" => Some(pick(&["ada@example.org", "a.b+c@example.com"])),
        "ipv4" => Some(pick(&["127.0.0.1", "255.255.255.255"])),
        "ipv6" => Some(pick(&["::1", "2001:db8::ff00:42:8329"])),
        "ip" => Some(pick(&["127.0.0.1", "::1"])),
        "hostname" => Some(pick(&["example.org", "a-b.example"])),
        "byte" => Some(pick(&["", "aGVsbG8=", "/+8="])),
        "decimal" => Some(pick(&["0", "12.50", "-0.000000000000000001", "79228162514264337593543950335"])),
        _ if encoding == "base64" => Some(pick(&["", "aGVsbG8="])),
        _ => None,
    };
    let fits = |text: &String| (least..=most).contains(&text.chars().count());
    if let Some(known) = known.filter(|known| pattern.is_none() && fits(known)) {
        return Some(known);
    }
    if let Some(pattern) = pattern {
        let mut last = None;
        for _ in 0..12 {
            let made = of_pattern(pattern, dice)?;
            if fits(&made) {
                return Some(made);
            }
            last = Some(made);
        }
        // A pattern is sought anywhere in the text, so that it may be longer where the pattern does not end it.
        return last.map(|made| if made.chars().count() < least { made.repeat(least) } else { made });
    }
    let mut plain = pick(&["", "a", "text", "with \"quotes\" \\ and\nlines", "ünï — 名前 🦀", "null", "12", "true"]);
    while plain.chars().count() < least.min(4096) {
        plain.push('x');
    }
    Some(plain.chars().take(most).collect())
}

/// A text that a pattern matches, if it is one that can be walked.
pub(super) fn of_pattern(pattern: &str, dice: &mut Dice) -> Option<String> {
    let parsed = regex_syntax::parse(pattern).ok()?;
    let mut text = String::new();
    walk(&parsed, dice, &mut text)?;
    Some(text)
}

fn walk(part: &Hir, dice: &mut Dice, text: &mut String) -> Option<()> {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.ranges();
            // What is plain first: an inverted class starts with control characters.
            let plain = |c: char| c.is_ascii_graphic();
            let candidates: Vec<char> = ranges
                .iter()
                .flat_map(|range| (range.start()..=range.end()).take(200))
                .filter(|c| plain(*c))
                .take(200)
                .collect();
            let chosen = match candidates.as_slice() {
                [] => ranges.first().map(regex_syntax::hir::ClassUnicodeRange::start)?,
                some => some[dice.below(some.len())],
            };
            text.push(chosen);
        }
        HirKind::Class(Class::Bytes(class)) => text.push(char::from(class.ranges().first()?.start())),
        HirKind::Repetition(repeated) => {
            let least = repeated.min;
            let most = repeated.max.unwrap_or(least + 3).min(least + 3);
            let times = least + u32::try_from(dice.below((most - least + 1) as usize)).unwrap_or(0);
            for _ in 0..times.min(4096) {
                walk(&repeated.sub, dice, text)?;
            }
        }
        HirKind::Capture(captured) => walk(&captured.sub, dice, text)?,
        HirKind::Concat(parts) => {
            for part in parts {
                walk(part, dice, text)?;
            }
        }
        HirKind::Alternation(branches) => walk(&branches[dice.below(branches.len())], dice, text)?,
    }
    Some(())
}
