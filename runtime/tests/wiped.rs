//! Is nothing of a secret left in memory once everybody who held it is gone?
//!
//! Looked for in all of the process's own memory, as Linux shows it. In a program of its own, so that there is little of it.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, missing_docs)]

use std::fs::File;
use std::os::unix::fs::FileExt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sinew_runtime::generated::{Client, Method, Operation, Reply, Scheme, Service};
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{ClientBuilder, Secret, TokenSource};

static SERVICE: Service = Service::new("user-service", "http://users.test").schemes(&[
    Scheme::bearer("bearer"),
    Scheme::basic("basic"),
    Scheme::api_key_header("key", "X-API-Key"),
]);
static BEARER: Operation = Operation::new("bearer", Method::Get, "/x").auth(&[&["bearer"]]);
static BASIC: Operation = Operation::new("basic", Method::Get, "/x").auth(&[&["basic"]]);
static KEY: Operation = Operation::new("key", Method::Get, "/x").auth(&[&["key"]]);

/// A text that is nowhere in memory as it is: each byte is another one until it is wanted.
struct Hidden(Vec<u8>);

const MASK: u8 = 0x55;

/// One test at a time: what one reads of memory another would find there.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

impl Hidden {
    /// The letters of a sequence of numbers that begins with this one.
    fn new(seed: u32) -> Self {
        let mut state = seed;
        let letter = |state: &mut u32| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b'a' + u8::try_from((*state >> 16) % 26).expect("a letter")
        };
        Self((0..48).map(|_| letter(&mut state) ^ MASK).collect())
    }

    /// As somebody has it who is about to hand it over; in its room at once.
    fn shown(&self) -> String {
        let mut text = String::with_capacity(self.0.len());
        text.extend(self.0.iter().map(|byte| char::from(byte ^ MASK)));
        text
    }

    /// The Base64 of it, after something else.
    fn in_base64(&self, before: &str) -> Self {
        let pair = Secret::new([before, Secret::new(self.shown()).expose()].concat());
        let text = Secret::new(STANDARD.encode(pair.expose()));
        Self(text.expose().bytes().map(|byte| byte ^ MASK).collect())
    }

    /// Whether it is in the memory of this process.
    fn is_found(&self) -> bool {
        let memory = File::open("/proc/self/mem").expect("one's own memory");
        let maps = std::fs::read_to_string("/proc/self/maps").expect("its regions");
        let mut chunk = vec![0; 1 << 20];
        let mut found = false;
        for line in maps.lines().filter(|line| line.contains(" rw")) {
            let (from, to) = line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
            let number = |text| u64::from_str_radix(text, 16).expect("hexadecimal");
            let (mut at, to) = (number(from), number(to));
            let own = chunk.as_ptr().addr() as u64..chunk.as_ptr().addr() as u64 + chunk.len() as u64;
            while at < to {
                // What is read into is passed over: it holds what was read before.
                if own.contains(&at) {
                    at = own.end;
                    continue;
                }
                let end = if at < own.start { to.min(own.start) } else { to };
                let length = usize::try_from(end - at).expect("a length").min(chunk.len());
                // What cannot be read holds nothing of ours.
                if memory.read_exact_at(&mut chunk[..length], at).is_err() {
                    break;
                }
                found |= self.is_in(&chunk[..length]);
                // They overlap, or it could lie over an edge.
                at += if length == chunk.len() { length - self.0.len() } else { length } as u64;
            }
            chunk.fill(0);
        }
        found
    }

    /// By its end: where memory is given back, an allocator writes over the beginning.
    fn is_in(&self, memory: &[u8]) -> bool {
        let end = &self.0[24..];
        let first = end[0] ^ MASK;
        let mut starts = memory.windows(end.len()).filter(|window| window[0] == first);
        starts.any(|window| window.iter().zip(end).all(|(byte, hidden)| byte ^ MASK == *hidden))
    }
}

#[tokio::test]
async fn a_secret_is_wiped_when_it_is_dropped() {
    let _alone = ALONE.lock().await;
    let hidden = Hidden::new(1);
    assert!(!hidden.is_found());
    let secret = Secret::new(hidden.shown());
    let clone = secret.clone();
    drop(secret);
    assert!(hidden.is_found(), "where it is held");
    let exposed = clone.into_exposed();
    assert!(hidden.is_found(), "what is exposed is not ours any more");
    drop(Secret::new(exposed));
    assert!(!hidden.is_found());
    // Who does not use it leaves it behind, so this is no accident.
    drop(hidden.shown());
    assert!(hidden.is_found());
}

#[tokio::test]
async fn credentials_are_wiped_with_their_client() {
    let _alone = ALONE.lock().await;
    let (token, password, key, secret, given) =
        (Hidden::new(2), Hidden::new(3), Hidden::new(4), Hidden::new(5), Hidden::new(6));
    let encoded = password.in_base64("user:");
    let all = [&token, &password, &key, &secret, &given, &encoded];
    let found = || all.map(Hidden::is_found);
    assert_eq!(found(), [false; 6]);
    {
        let script = Scripted::always(Step::status(200));
        let builder = || ClientBuilder::<Client>::new(&SERVICE).transport(script.clone());
        let fixed = builder().bearer(token.shown()).basic("user", password.shown()).api_key(key.shown());
        let fixed = fixed.build().expect("a client");
        for operation in [&BEARER, &BASIC, &KEY] {
            fixed.request(operation).answering(Reply::empty).await.expect("an answer");
        }
        let answer = [r#"{"access_token": ""#, &given.shown(), r#""}"#].concat();
        script.push(Step::json(200, bytes::Bytes::from_owner(zeroize::Zeroizing::new(answer.into_bytes()))));
        let source = TokenSource::client_credentials("http://login.test/token", "id", secret.shown());
        let fetching = builder().bearer(source).build().expect("a client");
        fetching.request(&BEARER).answering(Reply::empty).await.expect("an answer");
        let seen = script.seen();
        assert!(seen.len() == 5 && seen[4].headers.contains_key("authorization"));
        assert_eq!(found(), [true; 6], "where they are used");
    }
    assert_eq!(found(), [false; 6], "token, password, key, client's secret, fetched token, password in Base64");
}
