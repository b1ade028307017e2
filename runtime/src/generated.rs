//! What may generated code name? This, the root of the crate, and nothing else.

pub use crate::adapt::{Adapted, base64, base64url, present};
#[cfg(feature = "decimal")]
pub use crate::adapt::{decimal_number, decimal_text};
#[cfg(feature = "jiff")]
pub use crate::adapt::{naive_utc, timestamp};
pub use crate::client::Client;
pub use crate::documented::{DocumentedHeaders, HeaderReader};
pub use crate::encode::parameter::{JsonText, Parameter, ParameterValue, Serialized};
pub use crate::encode::query::Style;
pub use crate::error::Failure;
pub use crate::macros::{closed_enum, json_parameter, string_enum};
pub use crate::multipart::FormData;
pub use crate::operation::{Method, Operation, Scheme, Service};
pub use crate::paging::{PageRule, PageSize, Paged};
pub use crate::reply::{FailedReply, Reply};
pub use crate::request::Request;
pub use crate::scalars::{closed_integer_enum, closed_value_enum, integer_enum, value_enum};
pub use crate::stream::{EventText, Events, Framing, Items, ServerEvent};
pub use crate::union::{JsonTypes, Union, UnionArm};
#[cfg(feature = "validate")]
pub use crate::validate::{Found, Limit, Rule, nothing_to_check};
#[cfg(feature = "webhook")]
pub use crate::webhook::Webhook;
#[cfg(feature = "xml")]
pub use crate::xml::{Xml, XmlField, XmlRoot};
pub use crate::{
    Body, Call, ClientBuilder, Download, Error, Health, Nullable, Part, Response, Secret, ServiceRegistry,
};

/// How generated types are read and written.
pub mod json {
    pub use crate::json::{
        Blank, BySerde, Decode, Encode, Fault, Kept, Others, Present, Reader, Rest, Slot, Through, Writer, blank,
        by_serde, kept, record, serde, serde_text, text,
    };
}

/// What the macros of this module expand to. Not for anyone else.
#[doc(hidden)]
pub mod private {
    pub use crate::json::bridge::{deserialize, serialize};
    pub use crate::json::read;
    pub use crate::macros::Words;
    pub use serde;
    pub use serde_json;
}
