//! Does a parameter, a body, a server or a security scheme say what it has to say, and only once?

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::super::split::Splitter;
use super::syntax;
use crate::diagnostics::{Diagnostic, Pointer, codes};

impl Splitter<'_> {
    pub(super) fn parameter(&mut self, map: &Map<String, Value>) {
        let text = |key: &str| map.get(key).and_then(Value::as_str);
        let here = self.here();
        let location = text("in").unwrap_or_default();
        if let Some(name) = text("name").filter(|name| !syntax::is_token(name)) {
            match location {
                "header" => self.invalid_name("a header", name, &here.join("name"), false),
                "cookie" => self.invalid_name("a cookie", name, &here.join("name"), false),
                _ if name.is_empty() => self.invalid_name("a parameter", name, &here.join("name"), false),
                _ => {}
            }
        }
        let required = map.get("required").is_some_and(|said| *said == Value::Bool(true) || said == "true");
        if location == "path" && !required {
            let name = text("name").unwrap_or_default();
            let said = format!("the path parameter `{name}` does not say `required: true`");
            self.diagnostics.push(Diagnostic::warning(codes::REPAIRED, said).at(&here, "read as required"));
        }
        if matches!(text("style"), Some("deepObject" | "spaceDelimited" | "pipeDelimited")) {
            let style = text("style").unwrap_or_default().to_owned();
            self.noted_for_rules.styles.push((here, style));
        }
        // In Swagger 2.0 these two say what a body consists of, and were moved there.
        if !matches!(location, "body" | "formData") {
            let what = text("name").map_or_else(|| "parameter".to_owned(), |name| format!("parameter `{name}`"));
            self.schema_or_content(map, &what);
        }
    }

    /// A parameter or a header says in one way what its value is (OpenAPI 3.1, 4.8.12.2).
    pub(super) fn schema_or_content(&mut self, map: &Map<String, Value>, what: &str) {
        let here = self.here();
        let warning = |said: &str| Diagnostic::warning(codes::SCHEMA_OR_CONTENT, format!("the {what} {said}"));
        let content = map.get("content");
        match (map.contains_key("schema"), content) {
            (true, Some(_)) => {
                let warning = warning("has both a `schema` and a `content`");
                let warning = warning.at_key(&here.join("schema"), "counts").at_key(&here.join("content"), "not used");
                self.diagnostics.push(warning);
            }
            (false, None) => {
                self.diagnostics.push(warning("has neither `schema` nor `content`").at(&here, "any value is admitted"));
            }
            (false, Some(Value::Object(media))) if media.len() == 1 => {
                // They say how the value of a schema is written, where a media type says it here.
                let forms = ["style", "explode", "allowReserved"];
                if let Some(form) = forms.into_iter().find(|form| map.contains_key(*form)) {
                    let warning = warning(&format!("has both a `{form}` and a `content`"));
                    let warning = warning.at_key(&here.join(form), "has no meaning beside `content`");
                    self.diagnostics.push(warning.at_key(&here.join("content"), "says how the value is written"));
                }
            }
            (false, Some(Value::Object(media))) => {
                let (said, label) = if media.is_empty() {
                    ("has a `content` without a media type", "exactly one is needed; any value is admitted")
                } else {
                    ("has several media types", "exactly one is admitted; only one of them is used")
                };
                self.diagnostics.push(warning(said).at_key(&here.join("content"), label));
            }
            _ => {}
        }
        self.media_types(map);
    }

    /// The keys of `content`.
    pub(super) fn media_types(&mut self, map: &Map<String, Value>) {
        let Some(Value::Object(content)) = map.get("content") else { return };
        let place = self.here().join("content");
        for media in content.keys().filter(|media| !media.starts_with("x-") && !syntax::is_media_type(media)) {
            self.diagnostics.push(
                Diagnostic::warning(codes::INVALID_MEDIA_TYPE, format!("`{media}` is no media type"))
                    .at_key(&place.join(media), "should be like `application/json` or `text/*`"),
            );
        }
    }

    /// Each link names an operation (OpenAPI 3.1, 4.8.20). One that does not is taken out, since nothing can be made of it.
    pub(super) fn links(&mut self, map: &mut Map<String, Value>) {
        let Some(Value::Object(links)) = map.get_mut("links") else { return };
        let place = self.here().join("links");
        links.retain(|name, link| {
            let said = |key: &str| link.get(key).is_some_and(|said| said.is_string() || said.is_number());
            let names_one = ["$ref", "operationId", "operationRef"].into_iter().any(said);
            if !names_one {
                let warning = Diagnostic::warning(codes::MISSING_KEY, format!("the link `{name}` names no operation"));
                self.diagnostics
                    .push(warning.at_key(&place.join(name), "has neither `operationId` nor `operationRef`: left out"));
            }
            names_one
        });
    }

    /// The address of a server has only variables that are declared.
    pub(super) fn server(&mut self, map: &Map<String, Value>) {
        let Some(url) = map.get("url").and_then(Value::as_str) else { return };
        let place = self.here().join("url");
        let declared = |name: &str| map.get("variables").is_some_and(|variables| variables.get(name).is_some());
        match syntax::braces(url) {
            None => self.diagnostics.push(
                Diagnostic::warning(codes::SERVER_VARIABLE, format!("the braces in `{url}` do not come in pairs"))
                    .at(&place, "taken as it is written"),
            ),
            Some(names) => {
                for name in names.into_iter().filter(|name| !declared(name)) {
                    self.diagnostics.push(
                        Diagnostic::warning(codes::SERVER_VARIABLE, format!("`{{{name}}}` is declared nowhere"))
                            .at(&place, "stays as it is written")
                            .help("declare it under `variables` beside `url`, or give `[service] base-url` in client.toml"),
                    );
                }
            }
        }
    }

    pub(super) fn server_variable(&mut self, map: &Map<String, Value>) {
        let here = self.here();
        let name = here.last().unwrap_or_default().into_owned();
        let default = map.get("default");
        if default.is_none() {
            let warning =
                Diagnostic::warning(codes::SERVER_VARIABLE, format!("the variable `{name}` has no `default`"));
            self.diagnostics.push(warning.at(&here, "the first of its `enum` is filled in, else nothing"));
        }
        let Some(Value::Array(values)) = map.get("enum") else { return };
        let place = here.join("enum");
        if values.is_empty() {
            let warning = Diagnostic::warning(codes::SERVER_VARIABLE, format!("the `enum` of `{name}` is empty"));
            self.diagnostics.push(warning.at(&place, "no value is admitted"));
        } else if let Some(default) = default.filter(|default| !values.contains(default)) {
            let shown = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
            self.diagnostics.push(
                Diagnostic::warning(
                    codes::SERVER_VARIABLE,
                    format!("the default `{shown}` of `{name}` is not in its `enum`"),
                )
                .at(&here.join("default"), "filled in all the same")
                .at(&place, "the values that are admitted"),
            );
        }
        let mut seen = HashSet::new();
        for (index, value) in values.iter().enumerate().filter_map(|(index, value)| Some((index, value.as_str()?))) {
            if !seen.insert(value) {
                let warning = Diagnostic::warning(codes::REPEATED_NAME, format!("`{value}` is in the `enum` twice"));
                self.diagnostics.push(warning.at(&place.index(index), "again"));
            }
        }
    }

    /// What each type of scheme demands (OpenAPI 3.1, 4.8.27.1). Without a `type`, or without what a key is sent as, it cannot be
    /// read, which is told then.
    pub(super) fn security_scheme(&mut self, map: &Map<String, Value>) {
        let here = self.here();
        match map.get("type").and_then(Value::as_str) {
            Some("apiKey") => {
                let name = map.get("name").and_then(Value::as_str);
                let query = map.get("in").and_then(Value::as_str) == Some("query");
                if let Some(name) = name.filter(|name| name.is_empty() || !query && !syntax::is_token(name)) {
                    self.invalid_name("a key", name, &here.join("name"), false);
                }
            }
            Some("oauth2") => self.demanded(map, &here, "flows"),
            Some("openIdConnect") => {
                self.demanded(map, &here, "openIdConnectUrl");
                self.address(map, &here, "openIdConnectUrl");
            }
            _ => {}
        }
        self.address(map, &here, "oauth2MetadataUrl");
    }

    pub(super) fn flow(&mut self, map: &Map<String, Value>) {
        let here = self.here();
        let name = here.last().unwrap_or_default().into_owned();
        let (starts, ends) = match name.as_str() {
            "implicit" => (Some("authorizationUrl"), None),
            "authorizationCode" => (Some("authorizationUrl"), Some("tokenUrl")),
            "deviceAuthorization" => (Some("deviceAuthorizationUrl"), Some("tokenUrl")),
            _ => (None, Some("tokenUrl")),
        };
        for key in starts.into_iter().chain(ends).chain(["scopes"]) {
            self.demanded(map, &here, key);
        }
        for key in ["authorizationUrl", "deviceAuthorizationUrl", "tokenUrl", "refreshUrl"] {
            self.address(map, &here, key);
        }
    }

    fn demanded(&mut self, map: &Map<String, Value>, here: &Pointer, key: &str) {
        if !map.contains_key(key) {
            let name = here.last().unwrap_or_default();
            let warning = Diagnostic::warning(codes::MISSING_KEY, format!("`{name}` has no `{key}`"));
            self.diagnostics.push(warning.at(here, "read all the same"));
        }
    }

    fn address(&mut self, map: &Map<String, Value>, here: &Pointer, key: &str) {
        let Some(text) = map.get(key).and_then(Value::as_str).filter(|text| !syntax::is_address(text)) else { return };
        let warning = Diagnostic::warning(codes::INVALID_ADDRESS, format!("the `{key}` `{text}` is no address"));
        self.diagnostics.push(warning.at(&here.join(key), "not used by the client"));
    }
}
