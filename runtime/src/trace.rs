//! Which trace does a call belong to?
//!
//! `traceparent` of W3C Trace Context, version 00: `00-<trace>-<parent>-<flags>`, lower-case hexadecimal.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::random;

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The trace of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    id: u128,
    flags: u8,
}

impl Trace {
    /// The trace that the first headers with one name, else a new one, which nobody has decided to sample.
    pub(crate) fn of<'h>(headers: impl IntoIterator<Item = Option<&'h HeaderMap>>) -> Self {
        let header = headers.into_iter().flatten().find_map(|headers| headers.get(TRACEPARENT));
        let given = header.and_then(|value| value.to_str().ok()).and_then(Self::parse);
        given.unwrap_or_else(|| Self { id: random::trace_id(), flags: 0 })
    }

    /// Whoever is not sure of what it reads begins anew, as the standard demands (section 3.2.2.3 to 3.2.2.5).
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let hex = |text: &str, length| {
            text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let whole = version == "00" && parts.next().is_none() && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
        let id = whole.then(|| u128::from_str_radix(trace, 16).ok()).flatten().filter(|id| *id != 0)?;
        (u64::from_str_radix(parent, 16) != Ok(0)).then_some(())?;
        Some(Self { id, flags: u8::from_str_radix(flags, 16).ok()? })
    }

    /// The header of one attempt, with a parent id of its own.
    pub(crate) fn parent(self) -> HeaderValue {
        let text = format!("00-{:032x}-{:016x}-{:02x}", self.id, random::span_id(), self.flags);
        // Digits and dashes are always a header value.
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_traces_are_kept_and_wrong_ones_are_not() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let trace = Trace::parse(given).expect("the standard's example");
        let (one, other) = (trace.parent(), trace.parent());
        assert!(one != other && one != given);
        for parent in [one, other] {
            assert_eq!(Trace::parse(parent.to_str().expect("a text")), Some(trace));
        }
        for wrong in [
            "",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        ] {
            assert_eq!(Trace::parse(wrong), None, "{wrong}");
        }
    }
}
