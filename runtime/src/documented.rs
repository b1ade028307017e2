//! How are the headers that a document promises read as values?

use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Error;
use crate::reply::Response;

/// The headers that a document promises of an answer, as values: a struct of the generated crate.
pub trait DocumentedHeaders: Sized {
    #[doc(hidden)]
    fn read(headers: &HeaderReader<'_>) -> Result<Self, String>;
}

impl<T> Response<T> {
    /// The headers that the document promises of this answer, as values. A header that is not there is `None`, or an empty
    /// list, also where the document says that it always is.
    ///
    /// # Errors
    /// Of kind [`ErrorKind::Decode`](crate::ErrorKind::Decode) if one is there and not what the document says; it is named,
    /// and [`Response::headers`] has it as it came.
    pub fn documented<H: DocumentedHeaders>(&self) -> Result<H, Error> {
        H::read(&HeaderReader(&self.headers)).map_err(Error::decode)
    }
}

/// Reads headers by name.
#[derive(Debug)]
#[doc(hidden)]
pub struct HeaderReader<'h>(&'h HeaderMap);

impl HeaderReader<'_> {
    /// One value, if the header is there.
    pub fn one<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, String> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let text = value.to_str().map_err(|_| wrong(name))?;
        read(text.trim()).map(Some).ok_or_else(|| wrong(name))
    }

    /// Every value, of all headers of the name, with commas between (`simple`, the only style of headers).
    pub fn list<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, String> {
        let mut all = Vec::new();
        for value in self.0.get_all(name) {
            let text = value.to_str().map_err(|_| wrong(name))?;
            for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                all.push(read(part).ok_or_else(|| wrong(name))?);
            }
        }
        Ok(all)
    }
}

fn wrong(name: &str) -> String {
    format!("the header `{name}` is not what the document says")
}

/// A header is a text; a number or a truth is what its text spells.
fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    let as_text = serde_json::from_value(Value::String(text.to_owned()));
    as_text.or_else(|_| serde_json::from_str(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_what_is_promised() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-left", " 7"),
            ("x-name", "7"),
            ("x-on", "true"),
            ("x-tags", "a, b,,c"),
            ("x-tags", "d"),
            ("x-canary", "canary"),
        ] {
            headers.append(name, value.parse().expect("a value"));
        }
        let reader = HeaderReader(&headers);
        assert_eq!(reader.one::<i64>("X-Left"), Ok(Some(7)));
        assert_eq!(reader.one::<String>("x-name"), Ok(Some("7".to_owned())));
        assert_eq!(reader.one::<bool>("x-on"), Ok(Some(true)));
        assert_eq!(reader.one::<bool>("x-none"), Ok(None));
        assert_eq!(reader.list::<String>("x-tags").map(|tags| tags.join("|")), Ok("a|b|c|d".to_owned()));
        assert_eq!(reader.list::<u8>("x-left"), Ok(vec![7]));
        let complaint = reader.one::<u8>("x-canary").expect_err("a text is no number");
        assert_eq!(complaint, "the header `x-canary` is not what the document says");
    }
}
