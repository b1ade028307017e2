//! Is a stream of bytes read as the HTML standard says (section 9.2.6), however it is cut?

#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::time::Duration;

use super::decoder::{Decoder, Dispatched, TooLong};

fn event(kind: &str, data: &str, id: &str) -> Dispatched {
    Dispatched { kind: kind.to_owned(), data: data.to_owned(), id: id.to_owned() }
}

/// What a stream dispatches, the same for every way to cut it in two, and byte by byte.
fn dispatched(stream: &[u8]) -> (Vec<Dispatched>, Decoder) {
    let read = |chunks: &[&[u8]]| {
        let mut decoder = Decoder::new(1024, String::new());
        let mut out = VecDeque::new();
        for chunk in chunks {
            decoder.feed(chunk, &mut out).unwrap();
        }
        (Vec::from(out), decoder)
    };
    let whole = read(&[stream]);
    for at in 0..=stream.len() {
        let (first, second) = stream.split_at(at);
        assert_eq!(read(&[first, second]).0, whole.0, "cut at {at}");
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(read(&bytes).0, whole.0, "byte by byte");
    whole
}

#[track_caller]
fn check(stream: &str, expected: &[Dispatched]) {
    assert_eq!(dispatched(stream.as_bytes()).0, expected, "{stream:?}");
}

#[test]
fn the_examples_of_the_standard() {
    check("data: YHOO\ndata: +2\ndata: 10\n\n", &[event("", "YHOO\n+2\n10", "")]);
    // A comment, an event with an identifier, one that resets it, and one whose data begins with a blank.
    check(
        ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
        &[event("", "first event", "1"), event("", "second event", "")],
    );
    // Two events, and a third that is never ended.
    check("data\n\ndata\ndata\n\ndata:", &[event("", "", ""), event("", "\n", "")]);
    // One blank after the colon is no part of the value.
    check("data:test\n\ndata: test\n\n", &[event("", "test", ""), event("", "test", "")]);
    check(
        "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n",
        &[event("add", "73857293", ""), event("remove", "2153", "")],
    );
}

#[test]
fn lines_end_in_three_ways() {
    let expected = [event("a", "1\n2", "7")];
    for end in ["\n", "\r", "\r\n"] {
        check(&["event: a", "data: 1", "data: 2", "id: 7", "", ""].join(end), &expected);
    }
    check("event: a\rdata: 1\r\ndata: 2\nid: 7\r\n\r", &expected);
    // The line feed that follows is the same end, not an empty line.
    check("data: 1\r\ndata: 2\r\n\r\n", &[event("", "1\n2", "")]);
    check("data: 1\n\rdata: 2\n\n", &[event("", "1", ""), event("", "2", "")]);
}

#[test]
fn one_byte_order_mark_is_passed_over() {
    check("\u{feff}data: 1\n\n", &[event("", "1", "")]);
    // A second one is part of a field's name, which is then not known.
    check("\u{feff}\u{feff}data: 1\n\ndata: 2\n\n", &[event("", "2", "")]);
    check("data: 1\n\n\u{feff}data: 2\n\n", &[event("", "1", "")]);
    check("\u{feff}\n\ndata: 3\n\n", &[event("", "3", "")]);
}

#[test]
fn identifiers_hold_until_another_is_said() {
    check(
        "id: 1\ndata: a\n\ndata: b\n\nid: x\0y\ndata: c\n\nid:\ndata: d\n\n",
        &[event("", "a", "1"), event("", "b", "1"), event("", "c", "1"), event("", "d", "")],
    );
    // One without data counts; one whose block has no end does not.
    let (events, decoder) = dispatched(b"id: 5\n\ndata: a\nid: 6\n");
    assert!(events.is_empty());
    assert_eq!(decoder.last_id, "5");
}

#[test]
fn the_time_to_wait_is_made_of_digits() {
    for (said, expected) in [
        ("retry: 2500\n", Some(2500)),
        ("retry:0\n", Some(0)),
        ("retry: 1\nretry: x\n", Some(1)),
        ("retry: -1\n", None),
        ("retry: 1.5\n", None),
        ("retry\n", None),
        ("retry: 2500", None),
    ] {
        assert_eq!(dispatched(said.as_bytes()).1.retry, expected.map(Duration::from_millis), "{said:?}");
    }
}

#[test]
fn what_is_not_known_is_passed_over() {
    check(": comment\n:\nData: 1\n data: 2\ndata : 3\nother: 4\nother\n\n", &[]);
    // An event without data is none, and its type does not go over to the next.
    check("event: a\n\ndata: 1\n\n", &[event("", "1", "")]);
    check("event: a\nevent: b\ndata: 1\n\n", &[event("b", "1", "")]);
    check("data: a: b\n\n", &[event("", "a: b", "")]);
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    assert_eq!(dispatched(b"data: a\xFFb\n\n").0, [event("", "a\u{fffd}b", "")]);
    check("data: \u{1f980} crab\n\n", &[event("", "\u{1f980} crab", "")]);
}

#[test]
fn a_line_and_an_event_have_a_limit() {
    let mut out = VecDeque::new();
    let mut decoder = Decoder::new(10, String::new());
    assert_eq!(decoder.feed(b"data: 1234", &mut out), Ok(()));
    assert_eq!(decoder.feed(b"5", &mut out), Err(TooLong));
    let mut decoder = Decoder::new(10, String::new());
    assert_eq!(decoder.feed(b"data: 123\ndata: 456\n", &mut out), Ok(()));
    assert_eq!(decoder.feed(b"data: 789\n", &mut out), Err(TooLong));
    // The limit is one event's, not the stream's.
    let mut decoder = Decoder::new(10, String::new());
    for _ in 0..100 {
        assert_eq!(decoder.feed(b"data: 123\n\n", &mut out), Ok(()));
    }
    assert_eq!(out.len(), 100);
}
