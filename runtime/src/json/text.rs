//! How is a JSON string unescaped?

/// How many bytes of a string are plain: neither its end, nor an escape, nor a control character, which a string must not hold.
pub(super) fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const QUOTES: u64 = ONES * 0x22;
    const SLASHES: u64 = ONES * 0x5c;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let mut at = 0;
    // Eight bytes at a time: a byte is below n where subtracting n borrows from its top bit (Bit Twiddling Hacks, "hasless").
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quotes = word ^ QUOTES;
        let slashes = word ^ SLASHES;
        let found = (word.wrapping_sub(ONES * 0x20) & !word)
            | (quotes.wrapping_sub(ONES) & !quotes)
            | (slashes.wrapping_sub(ONES) & !slashes);
        // A borrow runs upwards only, so the lowest mark is right even where higher ones are not.
        let found = found & TOPS;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if matches!(byte, b'"' | b'\\' | 0..=0x1f) {
            break;
        }
        at += 1;
    }
    at
}

/// The string that begins here, behind its quote, and where the text goes on behind its end; or what is wrong, and where.
pub(super) fn unescape(text: &str, begin: usize) -> Result<(String, usize), (&'static str, usize)> {
    let bytes = text.as_bytes();
    let mut whole = String::new();
    let mut at = begin;
    loop {
        let end = at + plain(&bytes[at..]);
        whole.push_str(&text[at..end]);
        at = end + 1;
        match bytes.get(end) {
            Some(b'"') => return Ok((whole, at)),
            Some(b'\\') => {}
            Some(_) => return Err(("a control character within a string", end)),
            None => return Err(("the text ends within a string", end)),
        }
        let escaped = match bytes.get(at) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let (character, length) = unicode(bytes, at + 1).ok_or(("invalid unicode escape", at))?;
                at += length;
                character
            }
            _ => return Err(("invalid escape", at)),
        };
        whole.push(escaped);
        at += 1;
    }
}

/// Where the text goes on behind a string that is not kept; or what is wrong with it, and where. Halves of characters are let
/// pass, as nobody sees them.
pub(super) fn end(bytes: &[u8], begin: usize) -> Result<usize, (&'static str, usize)> {
    let mut at = begin;
    loop {
        at += plain(&bytes[at..]);
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => {}
            Some(_) => return Err(("a control character within a string", at)),
            None => return Err(("the text ends within a string", at)),
        }
        at += match bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if hexadecimal(bytes, at + 2).is_some() => 6,
            _ => return Err(("invalid escape", at + 1)),
        };
    }
}

/// The character behind `\u`: of four hexadecimal digits, or of a surrogate pair, and how many bytes it is written with.
fn unicode(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let first = hexadecimal(bytes, at)?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first).map(|character| (character, 4));
    }
    if bytes.get(at + 4..at + 6)? != b"\\u" {
        return None;
    }
    let second = hexadecimal(bytes, at + 6)?;
    if !(0xdc00..0xe000).contains(&second) {
        return None;
    }
    char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)).map(|character| (character, 10))
}

fn hexadecimal(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.iter().try_fold(0, |number, byte| Some(number * 16 + char::from(*byte).to_digit(16)?))
}
