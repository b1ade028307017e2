//! How is a form with files written?

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use crate::body::{Body, Segment};
use crate::encode::{
    self,
    parameter::{Parameter, ParameterValue},
};
use crate::error::BoxError;

/// One file (or other content) of a multipart form. Cloning is cheap: bytes are shared, files are named by path.
///
/// ```
/// use sinew_runtime::Part;
/// let picture = Part::file("photo.png").content_type("image/png");
/// let notes = Part::bytes("plain words").file_name("notes.txt").content_type("text/plain");
/// ```
#[derive(Clone, Debug)]
pub struct Part {
    content: Body,
    file_name: Option<String>,
    content_type: Option<String>,
    headers: HeaderMap,
    problem: Option<String>,
}

impl Part {
    fn new(content: Body) -> Self {
        Self { content, file_name: None, content_type: None, headers: HeaderMap::new(), problem: None }
    }

    /// Adds a header of the part's own, such as one that the document's `encoding` describes. What cannot be a header is told
    /// when the call is awaited.
    ///
    /// ```
    /// # use sinew_runtime::Part;
    /// let part = Part::file("plan.dwg").header("X-Layer", "walls");
    /// ```
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) => drop(self.headers.append(name, value)),
            _ => self.problem = Some(format!("its header `{}` cannot be written", name.escape_debug())),
        }
        self
    }

    /// A part from bytes.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::new(Body::from(bytes.into()))
    }

    /// A part from a file, opened anew for each attempt; its name goes along.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        Self { file_name: name, ..Self::new(Body::file(path)) }
    }

    /// A part from a stream, which can be sent once.
    pub fn stream<S, B, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes> + 'static,
        E: Into<BoxError> + 'static,
    {
        Self::new(Body::stream(stream))
    }

    /// The file name the service is told.
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// The media type the service is told; else `application/octet-stream`.
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.content_type = Some(media_type.into());
        self
    }
}

impl From<Vec<u8>> for Part {
    fn from(bytes: Vec<u8>) -> Self {
        Self::bytes(bytes)
    }
}

impl From<Bytes> for Part {
    fn from(bytes: Bytes) -> Self {
        Self::bytes(bytes)
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::bytes(text)
    }
}

impl From<&Path> for Part {
    fn from(path: &Path) -> Self {
        Self::file(path)
    }
}

/// A multipart form being filled. The first thing that cannot be written is kept and told when the call is awaited.
#[derive(Debug, Default)]
pub struct FormData {
    parts: Vec<(Head, Body)>,
    problem: Option<String>,
    /// What is said of the field that is added next.
    said: Said,
    kind: Kind,
}

/// What is said of a field before it is added.
#[derive(Clone, Debug, Default)]
struct Said {
    media_type: Option<String>,
    headers: HeaderMap,
}

/// What the parts are to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// Fields of a form (RFC 7578).
    #[default]
    Form,
    /// Independent, in their order (RFC 2046, section 5.1.3).
    Mixed,
    /// One whole, of which the first part is the root (RFC 2387).
    Related,
}

#[derive(Debug)]
struct Head {
    name: String,
    file_name: Option<String>,
    content_type: Option<String>,
    headers: HeaderMap,
}

impl FormData {
    /// A form without parts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes it `multipart/mixed`: parts that follow each other, without names.
    pub fn mixed(self) -> Self {
        Self { kind: Kind::Mixed, ..self }
    }

    /// Makes it `multipart/related`: the first part is the root, the others are referred to by their names as `Content-ID`.
    pub fn related(self) -> Self {
        Self { kind: Kind::Related, ..self }
    }

    /// Says the media type of the field that is added next, unless a file says its own.
    pub fn media_type(mut self, media_type: &str) -> Self {
        self.said.media_type = Some(media_type.to_owned());
        self
    }

    /// Gives the field that is added next a header of its own, unless a file has one of that name; an absent value is skipped.
    pub fn part_header(mut self, name: &str, value: &dyn Parameter) -> Self {
        match encode::header::parameter(name, false, value.parameter()) {
            Ok(header) => self.said.headers.extend(header),
            Err(problem) => self.keep(problem),
        }
        self
    }

    /// Adds a file. One without a name is given the field's: servers tell a file from a text by its having a name.
    pub fn file(mut self, name: &str, part: &Part) -> Self {
        let said = std::mem::take(&mut self.said);
        let content_type = part.content_type.clone().or(said.media_type);
        let content_type = content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
        if !content_type.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            self.keep(format!("form field `{name}`: its media type is not printable ASCII"));
        }
        if let Some(problem) = &part.problem {
            self.keep(format!("form field `{name}`: {problem}"));
        }
        let file_name = part.file_name.clone().unwrap_or_else(|| name.to_owned());
        let mut headers = part.headers.clone();
        headers.extend(
            said.headers
                .into_iter()
                .filter(|(name, _)| name.as_ref().is_some_and(|name| !part.headers.contains_key(name))),
        );
        self.push(name, Some(file_name), Some(content_type), headers, part.content.clone());
        self
    }

    /// Adds several files under one name.
    pub fn files(self, name: &str, parts: &[Part]) -> Self {
        let said = self.said.clone();
        let filled = parts.iter().fold(self, |form, part| Self { said: said.clone(), ..form }.file(name, part));
        Self { said: Said::default(), ..filled }
    }

    /// Adds a file if there is one.
    pub fn optional_file(self, name: &str, part: Option<&Part>) -> Self {
        match part {
            Some(part) => self.file(name, part),
            None => Self { said: Said::default(), ..self },
        }
    }

    /// Adds a text field; an absent value is skipped, a list becomes one field each.
    pub fn text(mut self, name: &str, value: &dyn Parameter) -> Self {
        let said = std::mem::take(&mut self.said);
        self.add_text(name, &said, value.parameter());
        self
    }

    /// Adds a field whose content is JSON; a value that is `null` is skipped.
    pub fn json<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Self {
        let said = std::mem::take(&mut self.said);
        let media_type = said.media_type.unwrap_or_else(|| "application/json".to_owned());
        match serde_json::to_string(value) {
            Ok(text) if text == "null" => {}
            Ok(text) => self.push(name, None, Some(media_type), said.headers, text.into()),
            Err(_) => self.keep(format!("form field `{name}`: the value cannot be written as JSON")),
        }
        self
    }

    fn add_text(&mut self, name: &str, said: &Said, value: ParameterValue) {
        match value {
            ParameterValue::List(values) => values.into_iter().for_each(|value| self.add_text(name, said, value)),
            scalar => match scalar.scalar(&mut false) {
                Ok(Some(text)) => {
                    self.push(name, None, said.media_type.clone(), said.headers.clone(), text.into());
                }
                Ok(None) => {}
                Err(reason) => self.keep(format!("form field `{name}`: {reason}")),
            },
        }
    }

    fn push(
        &mut self,
        name: &str,
        file_name: Option<String>,
        content_type: Option<String>,
        headers: HeaderMap,
        content: Body,
    ) {
        self.parts.push((Head { name: name.to_owned(), file_name, content_type, headers }, content));
    }

    fn keep(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }

    /// The form as a media type and a body, or why it cannot be written. The boundary is to be random, so that no
    /// content can hold it but by a chance of one in 2^128.
    pub(crate) fn finish(self, boundary: &str) -> Result<(String, Body), String> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let mut body = Body::empty();
        let mut text = String::new();
        let root = self.parts.first().map(|(head, _)| head.media_type().to_owned());
        for (head, content) in self.parts {
            text.push_str("--");
            text.push_str(boundary);
            text.push_str("\r\n");
            head.write(self.kind, &mut text);
            text.push_str("\r\n");
            body.segments.push(Segment::Bytes(std::mem::take(&mut text).into()));
            body.segments.extend(content.segments);
            text.push_str("\r\n");
        }
        text.push_str("--");
        text.push_str(boundary);
        text.push_str("--\r\n");
        body.segments.push(Segment::Bytes(text.into()));
        let media_type = match (self.kind, root) {
            (Kind::Form, _) => format!("multipart/form-data; boundary={boundary}"),
            (Kind::Mixed, _) => format!("multipart/mixed; boundary={boundary}"),
            // The type of the root is told (RFC 2387, section 3.1).
            (Kind::Related, Some(root)) => {
                let root = root.replace('\\', "\\\\").replace('"', "\\\"");
                format!("multipart/related; boundary={boundary}; type=\"{root}\"")
            }
            (Kind::Related, None) => format!("multipart/related; boundary={boundary}"),
        };
        Ok((media_type, body))
    }
}

impl Head {
    /// What a part is where nobody says it (RFC 2046, section 5.1).
    fn media_type(&self) -> &str {
        self.content_type.as_deref().unwrap_or("text/plain; charset=utf-8")
    }

    fn write(&self, kind: Kind, text: &mut String) {
        match kind {
            Kind::Form => {
                text.push_str("Content-Disposition: form-data; name=\"");
                escape(&self.name, text);
                text.push('"');
                if let Some(file_name) = &self.file_name {
                    text.push_str("; filename=\"");
                    escape(file_name, text);
                    text.push('"');
                }
                text.push_str("\r\n");
                if let Some(content_type) = &self.content_type {
                    text.push_str("Content-Type: ");
                    text.push_str(content_type);
                    text.push_str("\r\n");
                }
            }
            Kind::Mixed | Kind::Related => {
                text.push_str("Content-Type: ");
                text.push_str(self.media_type());
                text.push_str("\r\n");
                if kind == Kind::Related {
                    text.push_str("Content-ID: <");
                    encode::percent(&self.name, text);
                    text.push_str(">\r\n");
                }
                // A name of its own, which is not only that of the field.
                if let Some(file_name) = self.file_name.as_ref().filter(|own| **own != self.name) {
                    text.push_str("Content-Disposition: attachment; filename=\"");
                    escape(file_name, text);
                    text.push_str("\"\r\n");
                }
            }
        }
        for (name, value) in &self.headers {
            text.push_str(name.as_str());
            text.push_str(": ");
            text.push_str(&String::from_utf8_lossy(value.as_bytes()));
            text.push_str("\r\n");
        }
    }
}

fn escape(name: &str, out: &mut String) {
    for character in name.chars() {
        match character {
            '"' => out.push_str("%22"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            other => out.push(other),
        }
    }
}
