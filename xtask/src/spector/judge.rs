//! Is what a client made of an answer what was sent?

use serde_json::Value;

use super::exchange::Exchange;

/// What is wrong with an outcome of the driver, in a line; `Ok` gives the value that was decoded.
pub(super) fn judge(exchange: &Exchange, outcome: &Value) -> Result<Value, String> {
    let failed = &outcome["failed"];
    if failed.is_null() {
        let answered = &outcome["answered"];
        if answered["status"] != exchange.status {
            return Err(format!("status {} instead of {}", answered["status"], exchange.status));
        }
        // Where a scenario answers by a function, it is known only that it answers what it was sent.
        let echo = exchange.answer.is_null() && !answered["value"].is_null();
        let sent = if echo { &exchange.body } else { &exchange.answer };
        return compare(sent, &answered["value"]).map(|()| answered["value"].clone());
    }
    if failed["status"] != exchange.status || failed["kind"] != "status" {
        let said = failed["body"]["text"].as_str().map(|text| format!(": {}", brief(text))).unwrap_or_default();
        return Err(format!("{}{said}", failed["message"].as_str().unwrap_or("it failed")));
    }
    if exchange.answer.is_null() {
        return Ok(Value::Null);
    }
    // What the document does not speak of is handed on as it came.
    let value = if failed["failure"].is_null() { &failed["body"] } else { &failed["failure"] };
    compare(&exchange.answer, value).map(|()| value.clone())
}

/// Compares the body that was sent with the value that it became.
fn compare(sent: &Value, value: &Value) -> Result<(), String> {
    let media_type = sent["content_type"].as_str().unwrap_or_default();
    let equal = match (media_type, sent["text"].as_str()) {
        ("", _) => value.is_null(),
        (json, Some(text)) if json.ends_with("json") => match serde_json::from_str::<Value>(text) {
            Ok(sent) => same(&sent, value) || value["text"] == text,
            Err(_) => false,
        },
        // A value on each line.
        ("application/jsonl", Some(text)) => {
            let lines: Result<Vec<Value>, _> =
                text.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str).collect();
            lines.is_ok_and(|lines| same(&Value::Array(lines), value))
        }
        ("application/xml", Some(text)) => {
            let (mut sent, mut decoded) = (leaves(text), Vec::new());
            scalars(value, &mut decoded);
            sent.sort();
            decoded.sort();
            sent == decoded
        }
        (_, Some(text)) => value == text || value["text"] == text,
        (_, None) => value["base64"] == sent["base64"],
    };
    if equal {
        return Ok(());
    }
    let shown = sent["text"].as_str().unwrap_or("bytes");
    Err(format!("answered {} and decoded {}", brief(shown), brief(&value.to_string())))
}

/// Whether two values mean the same: numbers by value, points in time by what they say, all else as it is.
fn same(sent: &Value, decoded: &Value) -> bool {
    match (sent, decoded) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) => a == b || instant(a).is_some_and(|a| Some(a) == instant(b)),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

/// A point in time without zeros that say nothing.
fn instant(text: &str) -> Option<String> {
    let (date, time) = text.split_once('T')?;
    let time = time.strip_suffix('Z').or_else(|| time.strip_suffix("+00:00"))?;
    let digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || b"-:.".contains(&byte));
    if !digits(date) || !digits(time) {
        return None;
    }
    let time = if time.contains('.') { time.trim_end_matches('0').trim_end_matches('.') } else { time };
    Some(format!("{date}T{time}"))
}

/// The texts and the values of attributes in an XML text.
fn leaves(xml: &str) -> Vec<String> {
    let mut leaves = Vec::new();
    for piece in xml.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        if tag.starts_with(['?', '!']) {
            continue;
        }
        for attribute in tag.split('=').skip(1).filter(|_| !tag.starts_with('/')) {
            let quote = if attribute.starts_with('\'') { '\'' } else { '"' };
            leaves.extend(attribute.split(quote).nth(1).map(plain));
        }
        if !text.trim().is_empty() {
            leaves.push(plain(text.trim()));
        }
    }
    leaves
}

fn plain(text: &str) -> String {
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&");
    instant(&text).unwrap_or(text)
}

fn scalars(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.iter().for_each(|item| scalars(item, out)),
        Value::Object(fields) => fields.values().for_each(|value| scalars(value, out)),
        Value::String(text) => out.push(instant(text).unwrap_or_else(|| text.clone())),
        other => out.push(other.to_string()),
    }
}

fn brief(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 300 { line } else { format!("{}…", line.chars().take(300).collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_is_what_means_the_same() {
        assert!(same(&json!({"a": [1, 1.0]}), &json!({"a": [1.0, 1]})));
        assert!(same(&json!("2022-08-26T18:38:00.000Z"), &json!("2022-08-26T18:38:00Z")));
        assert!(!same(&json!("2022-08-26T18:38:00.001Z"), &json!("2022-08-26T18:38:00Z")));
        assert!(!same(&json!({"a": null}), &json!({})));
        assert!(!same(&json!("1"), &json!(1)));
    }

    #[test]
    fn leaves_of_xml_are_texts_and_attributes() {
        let xml = "<?xml version='1.0'?><a b=\"1\" c='x&amp;y'><d>2</d><e/> </a>";
        assert_eq!(leaves(xml), ["1", "x&y", "2"]);
    }
}
