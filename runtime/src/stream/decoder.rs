//! Which events is a stream of bytes? The event stream format of the HTML standard, section 9.2.

use std::collections::VecDeque;
use std::time::Duration;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// An event as it was dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dispatched {
    /// Its type; empty if the stream said none.
    pub(crate) kind: String,
    pub(crate) data: String,
    /// The last identifier said so far; empty if there was none.
    pub(crate) id: String,
}

/// A line, or the data of an event, grew beyond the limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Reads an event stream, however its bytes are cut into chunks. An event without the empty line at its end is never
/// dispatched.
#[derive(Debug)]
pub(crate) struct Decoder {
    line: Vec<u8>,
    first_line: bool,
    after_cr: bool,
    kind: String,
    data: String,
    /// Said, and not valid before the block that says it is at its end.
    id: String,
    /// The last identifier that is valid; empty if there is none.
    pub(crate) last_id: String,
    /// How long to wait before connecting again, if the stream said it.
    pub(crate) retry: Option<Duration>,
    limit: usize,
}

impl Decoder {
    /// A decoder that goes on after an identifier.
    pub(crate) fn new(limit: usize, last_id: String) -> Self {
        Self {
            line: Vec::new(),
            first_line: true,
            after_cr: false,
            kind: String::new(),
            data: String::new(),
            id: last_id.clone(),
            last_id,
            retry: None,
            limit,
        }
    }

    /// Begins anew with another connection, behind the last identifier.
    pub(crate) fn restart(&mut self) {
        *self = Self { retry: self.retry, ..Self::new(self.limit, std::mem::take(&mut self.last_id)) };
    }

    /// Takes the next bytes, and adds what they complete.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], out: &mut VecDeque<Dispatched>) -> Result<(), TooLong> {
        while !bytes.is_empty() {
            // The second half of a line end whose first half came before.
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let (part, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            if self.line.len() + part.len() > self.limit {
                return Err(TooLong);
            }
            self.line.extend_from_slice(part);
            let Some((mark, rest)) = rest.split_first() else { break };
            self.after_cr = *mark == b'\r';
            bytes = rest;
            let mut line = std::mem::take(&mut self.line);
            if std::mem::take(&mut self.first_line) && line.starts_with(BYTE_ORDER_MARK) {
                line.drain(..BYTE_ORDER_MARK.len());
            }
            self.end_of_line(&line, out)?;
            line.clear();
            self.line = line;
        }
        Ok(())
    }

    fn end_of_line(&mut self, line: &[u8], out: &mut VecDeque<Dispatched>) -> Result<(), TooLong> {
        if line.is_empty() {
            self.dispatch(out);
            return Ok(());
        }
        let text = String::from_utf8_lossy(line);
        let (field, value) = text.split_once(':').unwrap_or((&text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.kind),
            "data" => {
                if self.data.len() + value.len() > self.limit {
                    return Err(TooLong);
                }
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = value.parse().ok().map(Duration::from_millis);
            }
            // Comments, whose field is empty, and what is not known.
            _ => {}
        }
        Ok(())
    }

    fn dispatch(&mut self, out: &mut VecDeque<Dispatched>) {
        let kind = std::mem::take(&mut self.kind);
        let mut data = std::mem::take(&mut self.data);
        // The identifier counts even where there is no event to be seen.
        self.id.clone_into(&mut self.last_id);
        if data.pop().is_some() {
            out.push_back(Dispatched { kind, data, id: self.id.clone() });
        }
    }
}
