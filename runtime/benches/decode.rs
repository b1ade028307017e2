//! Is a list of 5 MB read as fast as serde reads it into structs written by hand?
//!
//! Both read the same text to the same values, in turns, so that a busy machine slows both; the middle of the ratios counts.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use sinew_runtime::generated::json;

macro_rules! item {
    ($name:ident $(, $derive:meta)*) => {
        #[allow(dead_code, reason = "a value is read, not looked at")]
        $(#[$derive])*
        struct $name {
            id: i64,
            name: String,
            description: Option<String>,
            url: String,
            score: f64,
            active: bool,
            tags: Vec<String>,
            owner: Option<Box<$name>>,
        }
    };
}

mod ours {
    use super::json;
    item!(Item);
    json::record!(Item {
        id "id", name "name", description "description", url "url", score "score", active "active", tags "tags", owner "owner",
    });
    pub(super) fn read(text: &[u8]) -> usize {
        sinew_runtime::generated::private::read::<Vec<Item>>(text).map_or(0, |items| items.len())
    }
}

mod theirs {
    item!(Item, derive(serde::Deserialize));
    pub(super) fn read(text: &[u8]) -> usize {
        serde_json::from_slice::<Vec<Item>>(text).map_or(0, |items| items.len())
    }
}

fn main() {
    let mut text = String::from("[");
    for id in 0.. {
        if text.len() > 5_000_000 {
            break;
        }
        let comma = if id == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{comma}{{"id":{id},"name":"item number {id}","description":"A text of some length, with \"quotes\" and an umlaut: ä.","url":"https://api.example.org/items/{id}","score":{}.25,"active":{},"tags":["a","list","of","words"],"unknown":{{"x":[1,2,3]}},"owner":{{"id":{id},"name":"owner","description":null,"url":"https://api.example.org/users/{id}","score":1e3,"active":true,"tags":[]}}}}"#,
            id % 97,
            id % 2 == 0,
        );
    }
    text.push(']');
    let text = text.as_bytes();
    assert_eq!(ours::read(text), theirs::read(text), "both read every item");
    assert!(ours::read(text) > 1000);
    let timed = |read: fn(&[u8]) -> usize| {
        let begun = Instant::now();
        black_box(read(black_box(text)));
        begun.elapsed().as_secs_f64()
    };
    let mut rounds: Vec<(f64, f64)> = (0..41).map(|_| (timed(ours::read), timed(theirs::read))).collect();
    rounds.sort_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0)));
    let (ours, theirs) = rounds[rounds.len() / 2];
    #[allow(clippy::cast_precision_loss)]
    let megabytes = text.len() as f64 / 1e6;
    println!(
        "reading {megabytes:.1} MB: ours {:.0} MB/s, serde_json on structs written by hand {:.0} MB/s: {:.2} times as fast",
        megabytes / ours,
        megabytes / theirs,
        theirs / ours
    );
}
