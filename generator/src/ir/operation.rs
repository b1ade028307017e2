//! What can be asked of an API, and what does it answer?

use super::{Docs, Use};

/// Something that can be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// The name the document gives it.
    pub id: Option<String>,
    /// Its method.
    pub method: Method,
    /// Its path template, `{…}` where a parameter stands.
    pub path: String,
    /// The group it belongs to.
    pub group: Option<String>,
    /// A short description.
    pub summary: Option<String>,
    /// What is said about it.
    pub docs: Docs,
    /// Its parameters: those of the path in the path's order, then the others in the document's.
    pub parameters: Vec<Parameter>,
    /// What it sends.
    pub body: Option<Body>,
    /// What it answers, every documented status.
    pub answers: Vec<Answer>,
    /// What a success can also be had as, where the caller asks for it: by media type.
    pub alternatives: Vec<Alternative>,
    /// What it answers as a stream of items.
    pub streamed: Option<Streamed>,
    /// The headers that come with a success.
    pub headers: Vec<Header>,
    /// Whether a success has the header `Link`.
    pub link_header: bool,
    /// What can be asked next, with what a success says.
    pub links: Vec<Link>,
    /// The media types to ask for, best first; a fixed text where the document fixes it.
    pub accept: Option<String>,
    /// Which credentials it takes: any of these sets, each whole. An empty set means that none is needed.
    pub security: Vec<Vec<String>>,
    /// Where it is served if not with the others.
    pub server: Option<ServerOverride>,
    /// Whether repeating it does no harm, where the document says more than the method.
    pub idempotent: Option<bool>,
    /// The header that carries an idempotency key.
    pub idempotency_header: Option<String>,
    /// Its place in the document.
    pub pointer: String,
}

impl Operation {
    /// How the document would call it: by method and path.
    pub fn route(&self) -> String {
        format!("{} {}", self.method.name(), self.path)
    }

    /// The answers that mean success. Where a document states only `default`, that is the success.
    pub fn successes(&self) -> Vec<&Answer> {
        let successes: Vec<&Answer> = self.answers.iter().filter(|answer| answer.status.is_success()).collect();
        match self.answers.as_slice() {
            [only] if only.status == Status::Default => vec![only],
            _ => successes,
        }
    }

    /// The answers that mean failure.
    pub fn failures(&self) -> Vec<&Answer> {
        match self.answers.as_slice() {
            [only] if only.status == Status::Default => Vec::new(),
            answers => answers.iter().filter(|answer| !answer.status.is_success()).collect(),
        }
    }

    /// Every type that the operation mentions.
    pub fn mentions(&self) -> Vec<Use> {
        self.sent().into_iter().chain(self.answered()).collect()
    }

    /// Every content that it answers with.
    pub fn contents(&self) -> impl Iterator<Item = Content> + '_ {
        let alternatives = self.alternatives.iter().map(|alternative| alternative.content);
        self.answers.iter().map(|answer| answer.content).chain(alternatives)
    }

    /// The types that come from the service.
    pub fn answered(&self) -> impl Iterator<Item = Use> + '_ {
        let contents = self.contents().filter_map(|content| match content {
            Content::Json(used) | Content::Xml(used) => Some(used),
            Content::Empty | Content::Text | Content::Bytes => None,
        });
        let streamed = self.streamed.as_ref().and_then(|streamed| streamed.item);
        contents.chain(streamed).chain(self.headers.iter().map(|header| header.used))
    }

    /// The types that the operation sends.
    pub fn sent(&self) -> Vec<Use> {
        let body = self.body.iter().flat_map(Body::ways).flat_map(|(_, payload)| payload.mentions());
        self.parameters.iter().map(|parameter| parameter.used).chain(body).collect()
    }

    /// The mentions of what the operation sends, to be changed.
    pub fn sent_mut(&mut self) -> impl Iterator<Item = &mut Use> {
        let body = self.body.iter_mut().flat_map(Body::payloads_mut).flat_map(Payload::mentions_mut);
        self.parameters.iter_mut().map(|parameter| &mut parameter.used).chain(body)
    }

    /// Every mention of a type, to be changed.
    pub fn mentions_mut(&mut self) -> impl Iterator<Item = &mut Use> {
        let body = self.body.iter_mut().flat_map(Body::payloads_mut).flat_map(Payload::mentions_mut);
        let answers = self.answers.iter_mut().map(|answer| &mut answer.content);
        let alternatives = self.alternatives.iter_mut().map(|alternative| &mut alternative.content);
        let contents = answers.chain(alternatives).filter_map(|content| match content {
            Content::Json(used) | Content::Xml(used) => Some(used),
            Content::Empty | Content::Text | Content::Bytes => None,
        });
        let streamed = self.streamed.iter_mut().filter_map(|streamed| streamed.item.as_mut());
        let headers = self.headers.iter_mut().map(|header| &mut header.used);
        let parameters = self.parameters.iter_mut().map(|parameter| &mut parameter.used);
        parameters.chain(body).chain(contents).chain(streamed).chain(headers)
    }

    /// The types whose values are written as parameters are: the parameters themselves, and the text parts of a form.
    pub fn written_as_parameters(&self) -> Vec<Use> {
        let form = self.body.as_ref().and_then(Body::form);
        let parts = form.into_iter().flat_map(|form| &form.fields).filter_map(|field| match field.part {
            FormPart::Text(used) => Some(used),
            FormPart::File | FormPart::Files | FormPart::Json(_) => None,
        });
        self.parameters.iter().map(|parameter| parameter.used).chain(parts).collect()
    }
}

/// A method of HTTP.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Put,
    Post,
    Delete,
    Options,
    Head,
    Patch,
    Trace,
    Query,
    /// Any other, as HTTP writes it.
    Other(String),
}

impl Method {
    /// The method as HTTP writes it.
    pub fn name(&self) -> &str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Head => "HEAD",
            Self::Patch => "PATCH",
            Self::Trace => "TRACE",
            Self::Query => "QUERY",
            Self::Other(name) => name,
        }
    }
}

/// A parameter outside the body.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name on the wire.
    pub name: String,
    /// Where it stands.
    pub location: ParameterLocation,
    /// How lists and objects are written.
    pub style: ParameterStyle,
    /// Whether characters that divide a URL are sent as they are, in a query.
    pub reserved: bool,
    /// Whether it must be given.
    pub required: bool,
    /// Its type.
    pub used: Use,
    /// The only value it can have; such a parameter is sent without being asked for.
    pub fixed: Option<String>,
    /// What is said about it.
    pub docs: Docs,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum ParameterLocation {
    Path,
    Query,
    Header,
    Cookie,
}

/// How lists and objects are written in a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterStyle {
    /// The location's own default: `form` with `explode` in a query, `simple` in paths and headers.
    Default,
    /// `a,b,c` in a query.
    Comma,
    /// `a b c` in a query.
    Space,
    /// `a|b|c` in a query.
    Pipe,
    /// `filter[key]=value` in a query.
    Deep,
    /// `key=value,key=value` in a path or a header, where the default is `key,value,key,value`.
    Exploded,
    /// `.a,b` in a path.
    Label,
    /// `.a.b`, `.key=value` in a path.
    LabelExploded,
    /// `;name=a,b` in a path.
    Matrix,
    /// `;name=a;name=b`, `;key=value` in a path.
    MatrixExploded,
    /// As JSON.
    Json,
}

/// What an operation sends.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// Whether it must be given.
    pub required: bool,
    /// The media type as written.
    pub media_type: String,
    /// Its content.
    pub payload: Payload,
    /// The other ways to send it, in the order in which they are preferred.
    pub others: Vec<Sending>,
    /// What is said about it.
    pub description: Option<String>,
}

/// Another way to send a body.
#[derive(Debug, Clone, PartialEq)]
pub struct Sending {
    /// The media type as written.
    pub media_type: String,
    /// The content.
    pub payload: Payload,
}

impl Body {
    /// Every way to send it, the preferred one first: media type and content.
    pub fn ways(&self) -> impl Iterator<Item = (&str, &Payload)> {
        let others = self.others.iter().map(|other| (other.media_type.as_str(), &other.payload));
        std::iter::once((self.media_type.as_str(), &self.payload)).chain(others)
    }

    /// The contents of every way, to be changed.
    pub fn payloads_mut(&mut self) -> impl Iterator<Item = &mut Payload> {
        std::iter::once(&mut self.payload).chain(self.others.iter_mut().map(|other| &mut other.payload))
    }

    /// The form that it can be sent as; there is no more than one.
    pub fn form(&self) -> Option<&Form> {
        self.ways().find_map(|(_, payload)| match payload {
            Payload::Multipart(form) => Some(form),
            _ => None,
        })
    }
}

/// The content of a body.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// JSON, under any media type that says so.
    Json(Use),
    /// XML, under any media type that says so.
    Xml(Use),
    /// Name-value pairs as of an HTML form.
    UrlEncoded(Use),
    /// Parts, some of which may be files.
    Multipart(Form),
    /// Bytes.
    Bytes,
    /// Text.
    Text,
}

impl Payload {
    /// Every type that it mentions.
    pub fn mentions(&self) -> Vec<Use> {
        match self {
            Self::Json(used) | Self::Xml(used) | Self::UrlEncoded(used) => vec![*used],
            Self::Multipart(form) => form.fields.iter().filter_map(FormField::used).collect(),
            Self::Bytes | Self::Text => Vec::new(),
        }
    }

    fn mentions_mut(&mut self) -> Vec<&mut Use> {
        match self {
            Self::Json(used) | Self::Xml(used) | Self::UrlEncoded(used) => vec![used],
            Self::Multipart(form) => form
                .fields
                .iter_mut()
                .filter_map(|field| match &mut field.part {
                    FormPart::File | FormPart::Files => None,
                    FormPart::Text(used) | FormPart::Json(used) => Some(used),
                })
                .collect(),
            Self::Bytes | Self::Text => Vec::new(),
        }
    }
}

/// The parts of a multipart body.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// The document's name for it, if it has one.
    pub component: Option<String>,
    /// Its place in the document.
    pub pointer: String,
    /// What is said about it.
    pub docs: Docs,
    /// The parts, ordered as the fields of a record.
    pub fields: Vec<FormField>,
}

/// A part of a multipart body.
#[derive(Debug, Clone, PartialEq)]
pub struct FormField {
    /// Its name on the wire; that of a header is told behind its part's and a point.
    pub name: String,
    /// Whether it is always there.
    pub required: bool,
    /// What it holds.
    pub part: FormPart,
    /// Its media type, where the document says one.
    pub media_type: Option<String>,
    /// The header of the part behind it that this is; else it is a part.
    pub header: Option<String>,
    /// Headers that always have the same value.
    pub fixed_headers: Vec<(String, String)>,
    /// Headers that each of several files may have with a value of its own.
    pub each_has: Vec<String>,
    /// What is said about it.
    pub docs: Docs,
}

impl FormField {
    fn used(&self) -> Option<Use> {
        match self.part {
            FormPart::File | FormPart::Files => None,
            FormPart::Text(used) | FormPart::Json(used) => Some(used),
        }
    }
}

/// What a part of a multipart body holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FormPart {
    /// A file.
    File,
    /// Any number of files under one name.
    Files,
    /// A value written as a parameter is.
    Text(Use),
    /// A value written as JSON.
    Json(Use),
}

/// What an operation answers with a status.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: Status,
    /// The body.
    pub content: Content,
    /// What is said about it.
    pub description: String,
}

/// A status, a class of them, or every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// One status.
    Code(u16),
    /// A class by its first digit: `4` for 400 to 499.
    Class(u16),
    /// Whatever is not listed.
    Default,
}

impl Status {
    /// Whether the status is of class 2.
    pub fn is_success(self) -> bool {
        match self {
            Self::Code(code) => (200..300).contains(&code),
            Self::Class(class) => class == 2,
            Self::Default => false,
        }
    }
}

/// The body of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Content {
    /// None.
    Empty,
    /// JSON, under any media type that says so.
    Json(Use),
    /// XML, under any media type that says so.
    Xml(Use),
    /// Text.
    Text,
    /// Bytes, to be read as they come.
    Bytes,
}

/// A success under another media type than the one that is asked for unless the caller says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// The media type, as it is asked for.
    pub media_type: String,
    /// The body.
    pub content: Content,
}

/// A header of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Its name on the wire.
    pub name: String,
    /// Its type.
    pub used: Use,
    /// What is said about it.
    pub docs: Docs,
}

/// Another operation that can be asked with what an answer says.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The document's name for it.
    pub name: String,
    /// The other operation, by position.
    pub target: usize,
    /// What is said about it.
    pub description: Option<String>,
    /// The parameters that it gives, by name.
    pub values: Vec<LinkValue>,
    /// Whether it gives the body.
    pub body: bool,
    /// Its place in the document.
    pub pointer: String,
}

/// A parameter that a link gives.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkValue {
    /// The parameter as the link names it.
    pub name: String,
    /// The parameter of the other operation, by position; `None` where it has none of that name.
    pub parameter: Option<usize>,
    /// Where the value comes from.
    pub source: LinkSource,
}

/// Where a value of a link comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkSource {
    /// The field of the answer at the end of these steps.
    Field(Vec<String>),
    /// Something else of the exchange, as the document spells it.
    Exchange(String),
    /// Nowhere: it is always the same.
    Constant(serde_json::Value),
}

/// A success that is a stream of items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Streamed {
    /// The media type, as it is asked for.
    pub media_type: String,
    /// How the items are told apart.
    pub framing: Framing,
    /// What each item is; `None` for a text.
    pub item: Option<Use>,
    /// Whether nothing else can be had from the operation.
    pub alone: bool,
}

/// How the items of a stream are told apart, and what is described of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events: what their data is.
    EventData,
    /// Server-sent events: what they are as objects.
    EventObjects,
    /// JSON on each line.
    Lines,
    /// JSON between record separators.
    Sequence,
}

/// Where an operation is served if not with the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerOverride {
    /// At the same origin under another path.
    BasePath(String),
    /// Somewhere else.
    Url(String),
}

/// What a media type is called in a word or a few: its subtype, without what says who made it up.
pub fn media_word(media_type: &str) -> String {
    let lower = media_type.trim().to_ascii_lowercase();
    let subtype = lower.split_once('/').map_or(lower.as_str(), |(_, subtype)| subtype);
    let essence = subtype.split(';').next().unwrap_or(subtype).trim();
    match essence {
        "plain" => subtype.replacen("plain", "text", 1),
        "octet-stream" => subtype.replacen("octet-stream", "bytes", 1),
        _ => ["vnd.", "x-", "prs."].iter().find_map(|tree| subtype.strip_prefix(tree)).unwrap_or(subtype).to_owned(),
    }
}
