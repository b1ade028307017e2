//! What does OpenAPI 3.2 say that earlier versions have no words for, and how is it said in theirs?
//!
//! Keyed on the keys, whatever version a document declares. What has no counterpart is told.

use serde_json::{Map, Value, json};

use super::super::model::{PARAMETER, Shape};
use super::super::split::Splitter;

const FORM: &str = "application/x-www-form-urlencoded";

impl Splitter<'_> {
    /// Brings one object to the form of OpenAPI 3.1.
    pub(in super::super) fn lower_newer(&mut self, shape: &'static Shape, map: &mut Map<String, Value>) {
        if std::ptr::eq(shape, &raw const PARAMETER) {
            self.query_string(map);
            // The only style that cookies had before is what generated code writes.
            if map.get("in") == Some(&json!("cookie")) && map.get("style") == Some(&json!("cookie")) {
                map.remove("style");
            }
        }
    }

    /// A whole query string that is a form is what an exploded object of the form style is.
    fn query_string(&mut self, map: &mut Map<String, Value>) {
        if map.get("in") != Some(&json!("querystring")) {
            return;
        }
        // Any other content stays what it is, and is refused with the operation.
        let Some(Value::Object(mut media)) =
            map.get_mut("content").and_then(|content| content.get_mut(FORM)).map(Value::take)
        else {
            return;
        };
        let here = self.diagnostics.sources.borrowed.origin(&self.here());
        let before = here.join_all(["content", FORM, "schema"]);
        self.moved.record(before.clone(), here.join("schema"));
        self.diagnostics.sources.converted.record(here.join("schema"), before);
        map.remove("content");
        map.insert("in".to_owned(), json!("query"));
        map.insert("style".to_owned(), json!("form"));
        map.insert("explode".to_owned(), json!(true));
        map.insert("schema".to_owned(), media.remove("schema").unwrap_or(Value::Bool(true)));
    }
}
