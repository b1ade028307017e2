//! What is a downloaded file called?

/// The file name of a `content-disposition`, `filename*` (RFC 8187) before `filename`, reduced to its last component:
/// a name from the network must not choose a folder. `None` if nothing usable is left.
pub(crate) fn file_name(header: &[u8]) -> Option<String> {
    let header = String::from_utf8_lossy(header);
    let mut plain = None;
    let mut extended = None;
    for (name, value) in parameters(&header) {
        if name.eq_ignore_ascii_case("filename*") {
            extended = extended.or_else(|| decode_extended(&value));
        } else if name.eq_ignore_ascii_case("filename") {
            plain = plain.or(Some(value));
        }
    }
    let name = extended.or(plain)?;
    let last = name.rsplit(['/', '\\']).next()?.trim();
    let clean: String = last.chars().filter(|character| !character.is_control()).collect();
    (!matches!(clean.as_str(), "" | "." | "..")).then_some(clean)
}

/// The parameters after the disposition's type, quotes and their escapes undone.
fn parameters(header: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = header.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let mut value = String::new();
        if let Some(quoted) = after.strip_prefix('"') {
            let mut characters = quoted.char_indices();
            let mut end = quoted.len();
            while let Some((at, character)) = characters.next() {
                match character {
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                    other => value.push(other),
                }
            }
            rest = quoted.get(end..).unwrap_or_default();
            rest = rest.split_once(';').map_or("", |(_, rest)| rest);
        } else {
            let (token, next) = after.split_once(';').unwrap_or((after, ""));
            token.trim().clone_into(&mut value);
            rest = next;
        }
        found.push((name.trim().trim_start_matches(';').trim().to_owned(), value));
    }
    found
}

/// `UTF-8'en'na%C3%AFve.txt`. Only UTF-8, which RFC 8187 demands, and ISO-8859-1, which old servers send.
fn decode_extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, encoded) = rest.split_once('\'')?;
    let bytes = undo_percent(encoded)?;
    if charset.eq_ignore_ascii_case("utf-8") {
        String::from_utf8(bytes).ok()
    } else if charset.eq_ignore_ascii_case("iso-8859-1") {
        Some(bytes.into_iter().map(char::from).collect())
    } else {
        None
    }
}

fn undo_percent(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn names_as_servers_write_them() {
        for (header, name) in [
            ("attachment; filename=\"plan.pdf\"", Some("plan.pdf")),
            ("attachment; filename=plan.pdf", Some("plan.pdf")),
            ("attachment;filename=plan.pdf ; size=3", Some("plan.pdf")),
            ("attachment; filename=\"a \\\"b\\\"; c.pdf\"", Some("a \"b\"; c.pdf")),
            ("attachment; filename=\"x.txt\"; filename*=UTF-8''na%C3%AFve%20plan.txt", Some("naïve plan.txt")),
            ("attachment; filename*=iso-8859-1'en'%A3.txt", Some("£.txt")),
            ("attachment; filename*=UTF-8''%ZZ; filename=\"x.txt\"", Some("x.txt")),
            ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
            ("attachment; filename=\"C:\\\\temp\\\\plan.pdf\"", Some("plan.pdf")),
            ("attachment; filename*=UTF-8''..%2F..%2Fx", Some("x")),
            ("attachment; filename=\"..\"", None),
            ("attachment; filename=\"\"", None),
            ("attachment; filename=\"open", Some("open")),
            ("attachment", None),
            ("inline; =", None),
            ("", None),
        ] {
            assert_eq!(file_name(header.as_bytes()).as_deref(), name, "{header}");
        }
    }
}
