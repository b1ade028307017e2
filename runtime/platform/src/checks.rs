//! Is a request exactly what its operation wants?

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::route::{Accept, Ask, Auth, Definition, Payload, Route, Upload};
use crate::shape::{Findings, Shape};
use crate::text;

/// The media type without which the project service answers nothing.
const VENDOR: &str = "application/vnd.design-synapse.v1+json";

/// Headers that every request may have.
const COMMON: [&str; 9] = [
    "host",
    "connection",
    "user-agent",
    "accept",
    "accept-encoding",
    "content-type",
    "content-length",
    "transfer-encoding",
    "authorization",
];

/// What came of looking at a request.
pub(crate) struct Checked {
    pub(crate) route: Option<&'static Route>,
    /// What a typed client can never send.
    pub(crate) violations: Vec<String>,
    /// The request in order, or the answer that it gets before any handler sees it.
    pub(crate) ask: Result<Ask, Answer>,
}

/// Looks at a request.
pub(crate) async fn check(definition: &'static Definition, head: &Parts, body: &Bytes, request_id: String) -> Checked {
    let path = head.uri.path();
    let routes = || definition.routes.iter().copied().flatten();
    let Some((route, values)) = routes().find_map(|route| Some((route, matches(route, head.method.as_str(), path)?)))
    else {
        let other = if path.ends_with('/') { path.trim_end_matches('/').to_owned() } else { format!("{path}/") };
        let known = |path: &str| routes().find(|route| fill(route.path, path).is_some());
        let (answer, what) = if known(path).is_some() {
            (Answer::detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"), "the method is not one of this path")
        } else if known(&other).is_some() {
            let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
            (Answer::moved(format!("http://{host}{other}")), "the slash at the end of the path is wrong")
        } else {
            (Answer::detail(StatusCode::NOT_FOUND, "Not Found"), "there is no such path")
        };
        return Checked { route: None, violations: vec![what.to_owned()], ask: Err(answer) };
    };
    let mut findings = Findings::default();
    let (mut path_values, mut numbers_wrong) = (Vec::new(), false);
    for (name, encoded) in values {
        match text::decode(&encoded, false, text::in_segment) {
            Ok(value) => {
                numbers_wrong |= name.ends_with("_id") && name != "task_id" && value.parse::<i64>().is_err();
                path_values.push((name, value));
            }
            Err(reason) => findings.violations.push(format!("path: {reason}")),
        }
    }
    if numbers_wrong {
        findings.violations.push("path: an id is no number".to_owned());
    }
    let query = query(route, head, &mut findings);
    let in_query = findings.mistakes.len();
    headers(route, &head.headers, body, &mut findings);
    let caller = match (route.auth, head.headers.get(header::AUTHORIZATION)) {
        (Auth::None, None) => Ok(None),
        (Auth::None, Some(_)) => {
            findings.violations.push("a credential was sent where none is wanted".to_owned());
            Ok(None)
        }
        (auth, credential) => {
            (definition.caller)(credential.and_then(|value| value.to_str().ok())).and_then(|caller| {
                if auth == Auth::Admin && !caller.admin {
                    return Err(Answer::detail(StatusCode::FORBIDDEN, "Insufficient permissions"));
                }
                Ok(Some(caller))
            })
        }
    };
    let (body, upload) = payload(route.payload, &head.headers, body, &mut findings).await;
    let negotiated = negotiate(route, &head.headers);
    let refused = (!findings.mistakes.is_empty())
        .then(|| definition.manners.refuse(&findings.mistakes, findings.mistakes.len() > in_query, &request_id));
    let ask = caller.and_then(|caller| match (negotiated, refused) {
        (Some(answer), _) | (None, Some(answer)) => Err(answer),
        (None, None) => Ok(Ask {
            path: path_values,
            query,
            body,
            upload,
            caller,
            headers: head.headers.clone(),
            manners: definition.manners,
            request_id,
        }),
    });
    Checked { route: Some(route), violations: findings.violations, ask }
}

fn matches(route: &'static Route, method: &str, path: &str) -> Option<Vec<(&'static str, String)>> {
    if route.method == method { fill(route.path, path) } else { None }
}

/// The values of a template's names, if the path is one of the template's. Nothing is decoded before it is compared: an
/// encoded slash parts no segments.
fn fill(template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let (mut names, mut segments) = (template.split('/'), path.split('/'));
    let mut values = Vec::new();
    loop {
        match (names.next(), segments.next()) {
            (None, None) => return Some(values),
            (Some(name), Some(segment)) => match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                // A number, so that `/users/me/roles` is not taken for a user's.
                Some(name) if name.ends_with("_id") && name != "task_id" => {
                    segment.parse::<i64>().ok()?;
                    values.push((name, segment.to_owned()));
                }
                Some(name) if !segment.is_empty() => values.push((name, segment.to_owned())),
                None if name == segment => {}
                _ => return None,
            },
            _ => return None,
        }
    }
}

fn query(route: &Route, head: &Parts, findings: &mut Findings) -> Map<String, Value> {
    match head.uri.query() {
        Some("") => findings.violations.push("the address ends in `?`".to_owned()),
        Some(_) if route.query.is_empty() => findings.violations.push("this operation has no query".to_owned()),
        _ => {}
    }
    match text::pairs(head.uri.query().unwrap_or_default(), text::in_query) {
        Ok(pairs) => Shape::parse(route.query).check_pairs(&pairs, "query", findings),
        Err(reason) => {
            findings.violations.push(format!("query: {reason}"));
            Map::new()
        }
    }
}

fn headers(route: &Route, headers: &HeaderMap, body: &Bytes, findings: &mut Findings) {
    for name in headers.keys().map(http::HeaderName::as_str) {
        // `x-` headers are everybody's own business, and the tests' way to add one.
        if !COMMON.contains(&name) && !route.headers.contains(&name) && !name.starts_with("x-") {
            findings.violations.push(format!("the header `{name}` is not one of this operation"));
        }
    }
    for name in ["user-agent", "accept", "host"] {
        if headers.get_all(name).iter().count() != 1 {
            findings.violations.push(format!("`{name}` must be sent once"));
        }
    }
    for name in ["authorization", "content-type"] {
        if headers.get_all(name).iter().count() > 1 {
            findings.violations.push(format!("`{name}` was sent twice"));
        }
    }
    if route.payload == Payload::None && (!body.is_empty() || headers.contains_key(header::CONTENT_TYPE)) {
        findings.violations.push("this operation has no body".to_owned());
    }
}

/// The answer to an `Accept`, or an `Accept-Version`, that cannot be met.
fn negotiate(route: &Route, headers: &HeaderMap) -> Option<Answer> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if route.accept == Accept::Vendor
        && !accept.split(',').any(|range| range.split(';').next().unwrap_or_default().trim() == VENDOR)
    {
        return Some(Answer::detail(StatusCode::NOT_ACCEPTABLE, &format!("Accept must contain {VENDOR}")));
    }
    let version = headers.get("accept-version")?.to_str().unwrap_or_default();
    (!version.eq_ignore_ascii_case("v1") && !version.eq_ignore_ascii_case("v2"))
        .then(|| Answer::detail(StatusCode::NOT_ACCEPTABLE, &format!("API version '{version}' is not supported")))
}

/// Whether a caller said that it takes what it gets.
pub(crate) fn takes(headers: &HeaderMap, content_type: &str) -> bool {
    let essence = |text: &str| text.split(';').next().unwrap_or_default().trim().to_owned();
    let sent = essence(content_type);
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').map(essence).any(|range| {
        let family = range.strip_suffix("/*").is_some_and(|family| sent.split('/').next() == Some(family));
        // The project service answers its own type as plain JSON.
        range == "*/*" || family || range == sent || (range == VENDOR && sent == "application/json")
    })
}

async fn payload(
    payload: Payload,
    headers: &HeaderMap,
    body: &Bytes,
    findings: &mut Findings,
) -> (Map<String, Value>, Option<Upload>) {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match payload {
        Payload::None => (Map::new(), None),
        Payload::Json(shape) => {
            if content_type != "application/json" {
                findings.violations.push(format!("the content type is `{content_type}` where JSON is due"));
            }
            match serde_json::from_slice::<Value>(body) {
                Ok(value) => {
                    if repeats_a_key(body) {
                        findings.violations.push("body: a key stands twice in one object".to_owned());
                    }
                    Shape::parse(shape).check_json(&value, &[json!("body")], findings);
                    (if let Value::Object(object) = value { object } else { Map::new() }, None)
                }
                Err(error) => {
                    findings.violations.push(format!("body: no JSON: {error}"));
                    (Map::new(), None)
                }
            }
        }
        Payload::Form(shape) => {
            if content_type != "application/x-www-form-urlencoded" {
                findings.violations.push(format!("the content type is `{content_type}` where a form is due"));
            }
            let pairs = std::str::from_utf8(body)
                .map_err(|_| "not UTF-8".to_owned())
                .and_then(|text| text::pairs(text, text::in_form));
            match pairs {
                Ok(pairs) => (Shape::parse(shape).check_pairs(&pairs, "body", findings), None),
                Err(reason) => {
                    findings.violations.push(format!("form: {reason}"));
                    (Map::new(), None)
                }
            }
        }
        Payload::Multipart(shape) => match multipart(content_type, body).await {
            Ok((pairs, upload)) => (Shape::parse(shape).check_pairs(&pairs, "body", findings), upload),
            Err(reason) => {
                findings.violations.push(format!("multipart: {reason}"));
                (Map::new(), None)
            }
        },
    }
}

/// Reads a multipart body with somebody else's parser: its fields, and the one that is a file.
async fn multipart(content_type: &str, body: &Bytes) -> Result<(Vec<(String, String)>, Option<Upload>), String> {
    let boundary = multer::parse_boundary(content_type).map_err(|error| format!("`{content_type}`: {error}"))?;
    let whole = body.clone();
    let stream = http_body_util::BodyDataStream::new(http_body_util::Full::new(whole));
    let mut parts = multer::Multipart::new(stream, boundary);
    let (mut pairs, mut upload) = (Vec::new(), None);
    while let Some(part) = parts.next_field().await.map_err(|error| error.to_string())? {
        let name = part.name().ok_or("a part without a name")?.to_owned();
        let file = part.file_name().map(str::to_owned);
        let bytes = part.bytes().await.map_err(|error| error.to_string())?;
        match file {
            Some(file) if name == "file" => {
                pairs.push((name, file.clone()));
                upload = Some(Upload { name: file, bytes });
            }
            Some(_) => return Err(format!("`{name}` is sent as a file")),
            None if name == "file" => return Err("the file has no file name".to_owned()),
            None => pairs.push((name, String::from_utf8(bytes.to_vec()).map_err(|_| "a text is not UTF-8")?)),
        }
    }
    Ok((pairs, upload))
}

/// Whether some object has a key twice. `serde_json` keeps the last one, and so would hide it.
fn repeats_a_key(json: &[u8]) -> bool {
    // Counting the keys in the text and in the tree finds any that were lost. Outside of strings, a colon stands after a
    // key and nowhere else.
    let (mut colons, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b':' if !in_string => colons += 1,
            _ => {}
        }
    }
    fn keys(value: &Value) -> usize {
        match value {
            Value::Object(object) => object.len() + object.values().map(keys).sum::<usize>(),
            Value::Array(items) => items.iter().map(keys).sum(),
            _ => 0,
        }
    }
    serde_json::from_slice(json).is_ok_and(|value| keys(&value) != colons)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_slashes_part_nothing() {
        assert_eq!(
            fill("/users/{user_id}/roles/{role_name}", "/users/7/roles/a%2Fb"),
            Some(vec![("user_id", "7".into()), ("role_name", "a%2Fb".into())])
        );
        for path in
            ["/users/7/roles/a/b", "/users/7/roles/", "/users/me/roles/a", "/users/7/Roles/a", "/users//roles/a"]
        {
            assert_eq!(fill("/users/{user_id}/roles/{role_name}", path), None, "{path}");
        }
        assert!(fill("/projects/", "/projects").is_none() && fill("/projects/", "/projects/").is_some());
    }

    #[test]
    fn repeated_keys_are_found() {
        assert!(!repeats_a_key(br#"{"a": {"b": ":\":"}, "c": [{"a": 1}]}"#));
        assert!(repeats_a_key(br#"{"a": 1, "c": [{"a": 1, "a": 1}]}"#));
    }
}
