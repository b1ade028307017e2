//! With which arguments is an operation called? From the document as it stands: its examples, else values of its types.

use serde_json::{Map, Value, json};
use sinew_generator::ir::{CredentialKind, Operation, ParameterLocation};
use sinew_generator::plan::argument_names;

use crate::judge::values::{Maker, Wish};

/// Which arguments, and where from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// What must be given, made of the types.
    Least,
    /// All there is, made of the types.
    All,
    /// All there is, from examples where there are some.
    Examples,
}

/// The arguments of an operation as the by-name door takes them, or why there are none.
pub(super) fn of(root: &Value, operation: &Operation, extent: Extent) -> Result<Value, String> {
    let said = follow(root, root.pointer(&operation.pointer).unwrap_or(&Value::Null));
    let item = operation.pointer.rsplit_once('/').and_then(|(item, _)| root.pointer(item));
    let item = follow(root, item.unwrap_or(&Value::Null));
    let stated: Vec<&Value> = [&said["parameters"], &item["parameters"]]
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .map(|parameter| follow(root, parameter))
        .collect();
    let mut arguments = Map::new();
    for (parameter, name) in operation.parameters.iter().zip(argument_names(operation)) {
        let Some(name) = name.filter(|_| parameter.required || extent != Extent::Least) else { continue };
        let place = match parameter.location {
            ParameterLocation::Path => "path",
            ParameterLocation::Query => "query",
            ParameterLocation::Header => "header",
            ParameterLocation::Cookie => "cookie",
        };
        let said = stated.iter().find(|said| said["name"] == parameter.name.as_str() && said["in"] == place);
        let fits = |value: &Value| sendable(value, parameter.location);
        let value = match said {
            Some(said) => value(root, said, extent, &fits),
            None => Some(json!("a")),
        };
        if let Some(value) = value {
            arguments.insert(name, value);
        } else if parameter.required {
            return Err(format!("no value was found for the required `{}`", parameter.name));
        }
    }
    let Some(body) = operation.body.as_ref().filter(|body| body.required || extent != Extent::Least) else {
        return Ok(Value::Object(arguments));
    };
    let media = &follow(root, &said["requestBody"])["content"][body.media_type.as_str()];
    let in_body = stated.iter().find(|said| said["in"] == "body");
    let form: Vec<&&Value> = stated.iter().filter(|said| said["in"] == "formData").collect();
    let value = match in_body {
        Some(said) => value(root, said, extent, &|_| true),
        None if !form.is_empty() => {
            let wanted = form.iter().filter(|said| said["required"] == true || extent != Extent::Least);
            let fields = wanted
                .filter_map(|said| Some((said["name"].as_str()?.to_owned(), value(root, said, extent, &|_| true)?)));
            Some(Value::Object(fields.collect()))
        }
        None => value(root, media, extent, &|_| true),
    };
    match value {
        Some(value) => drop(arguments.insert("body".to_owned(), value)),
        None if body.required => drop(arguments.insert("body".to_owned(), json!("words"))),
        None => {}
    }
    Ok(Value::Object(arguments))
}

/// What a path or a header cannot carry is not asked of it: nothing, which changes the route, and other than printable ASCII.
fn sendable(value: &Value, location: ParameterLocation) -> bool {
    let empty = value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty);
    let printable = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    match location {
        ParameterLocation::Path => !empty && value != "." && value != "..",
        ParameterLocation::Header | ParameterLocation::Cookie => !empty && value.as_str().is_none_or(printable),
        // Prism takes `name=` for no value at all.
        ParameterLocation::Query => value != "",
    }
}

/// The value of a parameter or a media type: its example, or one of its schema.
fn value(root: &Value, said: &Value, extent: Extent, fits: &dyn Fn(&Value) -> bool) -> Option<Value> {
    let content = said["content"].as_object().and_then(|content| content.values().next());
    let said = content.unwrap_or(said);
    // Before OpenAPI 3, a parameter is its own schema.
    let schema = if said["schema"].is_null() { said } else { &said["schema"] };
    if extent == Extent::Examples {
        let listed = said["examples"].as_object().and_then(|examples| examples.values().next());
        let listed = listed.map(|example| &follow(root, example)["value"]);
        let at_schema = follow(root, schema);
        let examples = [Some(&said["example"]), listed, Some(&at_schema["example"]), Some(&at_schema["examples"][0])];
        if let Some(example) = examples.into_iter().flatten().find(|example| !example.is_null() && fits(example)) {
            return Some(example.clone());
        }
    }
    let mut maker = Maker::new(root);
    let mut made = (0..24)
        .filter_map(|seed| Some(maker.make(schema, if seed == 0 { Wish::Least } else { Wish::Any }, seed)?.value));
    // Any text is one of a type that bounds none, and a file may hold anything.
    let plain = || follow(root, schema)["pattern"].is_null().then(|| json!("a"));
    made.find(|value| fits(value)).or_else(plain)
}

/// What a reference leads to.
pub(super) fn follow<'r>(root: &'r Value, mut value: &'r Value) -> &'r Value {
    for _ in 0..16 {
        let Some(pointer) = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) else { break };
        value = root.pointer(&pointer.replace("%7B", "{").replace("%7D", "}")).unwrap_or(&Value::Null);
    }
    value
}

/// Something for every way to prove who calls: Prism looks only whether it is there.
pub(super) fn credentials(api: &sinew_generator::ir::Api) -> Value {
    let each = api.credentials.iter().filter_map(|credential| {
        let value = match credential.kind {
            CredentialKind::Bearer | CredentialKind::Scheme(_) => json!({ "bearer": "token" }),
            // There is no TLS to show a certificate in.
            CredentialKind::MutualTls => return None,
            CredentialKind::Basic => json!({ "user": "ada", "password": "word" }),
            CredentialKind::ApiKeyHeader(_) | CredentialKind::ApiKeyQuery(_) | CredentialKind::ApiKeyCookie(_) => {
                json!({ "key": "key" })
            }
        };
        Some((credential.name.clone(), value))
    });
    Value::Object(each.collect())
}
