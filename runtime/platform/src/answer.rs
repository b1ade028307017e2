//! How do the services answer, and how do they refuse?

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::shape::Mistake;

/// What a handler says: an answer, or one that it gives up with.
pub(crate) type Handled = Result<Answer, Answer>;

/// An answer of a service.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    /// Sent in pieces of 8 KiB, as the design service sends files.
    pub(crate) in_pieces: bool,
}

impl Answer {
    fn new(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body: body.into(), in_pieces: false }
    }

    /// 200 with JSON.
    pub(crate) fn ok(value: &Value) -> Self {
        Self::json(StatusCode::OK, value)
    }

    /// 201 with JSON.
    pub(crate) fn created(value: &Value) -> Self {
        Self::json(StatusCode::CREATED, value)
    }

    /// Any status with JSON.
    pub(crate) fn json(status: StatusCode, value: &Value) -> Self {
        Self::new(status, "application/json", value.to_string())
    }

    /// 204 as the framework sends it: without a body, and with a content type all the same.
    pub(crate) fn gone() -> Self {
        Self::new(StatusCode::NO_CONTENT, "application/json", "")
    }

    /// A file.
    pub(crate) fn file(content_type: &str, name: &str, bytes: Bytes) -> Self {
        let answer = Self::new(StatusCode::OK, content_type, bytes);
        Self { in_pieces: true, ..answer }.header("content-disposition", format!("attachment; filename=\"{name}\""))
    }

    /// A plain text, as knowledge says that it has failed.
    pub(crate) fn text(status: StatusCode, text: &'static str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text)
    }

    /// E1: one sentence in `detail`.
    pub(crate) fn detail(status: StatusCode, detail: &str) -> Self {
        Self::json(status, &json!({"detail": detail}))
    }

    /// 404, E1.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::detail(StatusCode::NOT_FOUND, &format!("{what} not found"))
    }

    /// 307 to the path with, or without, its slash: empty, without a content type.
    pub(crate) fn moved(location: String) -> Self {
        Self {
            status: StatusCode::TEMPORARY_REDIRECT,
            headers: vec![("location", location)],
            body: Bytes::new(),
            in_pieces: false,
        }
    }

    /// The content type, empty if there is none.
    pub(crate) fn content_type(&self) -> &str {
        self.headers.iter().find(|(name, _)| *name == "content-type").map_or("", |(_, value)| value)
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// How a service tells of a request that is not of the documented shape, and of its own failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    /// E3: message and code, the framework's mistakes in `details.errors`.
    User,
    /// E2: the framework's mistakes in `detail`.
    Framework,
    /// E2, but a handler of this service checks bodies itself and says one sentence.
    Knowledge,
    /// E4: message, code and request id, mistakes with dotted fields.
    Design,
}

impl Manners {
    /// 422.
    pub(crate) fn refuse(self, mistakes: &[Mistake], in_body: bool, request_id: &str) -> Answer {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        match self {
            Self::User => Answer::json(
                status,
                &json!({"message": "Request validation failed", "error_code": "VALIDATION_ERROR", "details": {"errors": framework(mistakes)}}),
            ),
            Self::Knowledge if in_body => {
                Answer::detail(status, &mistakes.first().map(|mistake| mistake.message.clone()).unwrap_or_default())
            }
            Self::Framework | Self::Knowledge => Answer::json(status, &json!({"detail": framework(mistakes)})),
            Self::Design => {
                let errors: Vec<Value> = mistakes
                    .iter()
                    .map(|mistake| {
                        let field: Vec<String> = mistake
                            .loc
                            .iter()
                            .map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned))
                            .collect();
                        json!({"field": field.join("."), "message": mistake.message, "type": mistake.kind})
                    })
                    .collect();
                Answer::json(
                    status,
                    &json!({"message": "Request validation failed", "error_code": "VALIDATION_ERROR", "details": {"errors": errors}, "request_id": request_id}),
                )
            }
        }
    }

    /// 500.
    pub(crate) fn fail(self, request_id: &str) -> Answer {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        match self {
            Self::User => Answer::json(
                status,
                &json!({"message": "An unexpected error occurred", "error_code": "INTERNAL_SERVER_ERROR"}),
            ),
            Self::Framework => Answer::detail(status, "An internal error occurred"),
            Self::Knowledge => Answer::text(status, "Internal Server Error"),
            Self::Design => Answer::json(
                status,
                &json!({"message": "An unexpected error occurred", "error_code": "INTERNAL_SERVER_ERROR", "details": null, "request_id": request_id}),
            ),
        }
    }
}

/// E2's items.
fn framework(mistakes: &[Mistake]) -> Vec<Value> {
    mistakes
        .iter()
        .map(|mistake| {
            json!({
                "type": mistake.kind,
                "loc": mistake.loc,
                "msg": mistake.message,
                "input": mistake.input,
                "ctx": {"kind": mistake.kind},
                "url": format!("https://errors.example.org/{}", mistake.kind),
            })
        })
        .collect()
}
