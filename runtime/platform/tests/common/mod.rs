//! What do the tests of all services share?
#![allow(dead_code, unused_macros, unused_imports)]

pub(crate) mod document;

use std::fmt::Debug;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use sinew_platform::{FakeService, Fault};
use sinew_runtime::{Backoff, Error, Failure, Jitter, Policy};

/// A policy for tests: waits too short to notice, and a circuit that never opens.
pub(crate) fn quick() -> Policy {
    Policy::default()
        .with_backoff(Backoff::exponential(Duration::from_millis(1), Duration::from_millis(4), Jitter::None))
        .with_breaker(255, Duration::from_secs(60))
}

/// The documented failure behind an error with this status.
#[track_caller]
pub(crate) fn failed<T: Debug, F: Failure>(result: Result<T, Error>, status: u16) -> F {
    let error = result.expect_err("the service refuses this");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(status), "{error}");
    error.failure().unwrap_or_else(|| panic!("not a documented failure: {error}, {:?}", error.body()))
}

/// Compares what a client was told with what the service holds: the same fields with the same values, but for those that
/// are kept or made otherwise. Times are the same if they mean the same.
#[track_caller]
pub(crate) fn same(told: &impl Serialize, held: &Value, hidden: &[&str]) {
    let told = serde_json::to_value(told).expect("types serialise");
    assert!(!held.is_null(), "nothing is held where {told} was told");
    equal("", &told, held, hidden);
}

#[track_caller]
fn equal(way: &str, told: &Value, held: &Value, hidden: &[&str]) {
    match (told, held) {
        (Value::Object(told), Value::Object(held)) => {
            for (name, value) in told.iter().filter(|(name, _)| !hidden.contains(&name.as_str())) {
                let held = held.get(name).unwrap_or_else(|| panic!("{way}.{name} is told and not held: {value}"));
                equal(&format!("{way}.{name}"), value, held, hidden);
            }
            for name in held.keys() {
                assert!(
                    told.contains_key(name) || hidden.contains(&name.as_str()),
                    "{way}.{name} is held and not told"
                );
            }
        }
        (Value::Array(told), Value::Array(held)) => {
            assert_eq!(told.len(), held.len(), "{way}");
            for (index, (told, held)) in told.iter().zip(held).enumerate() {
                equal(&format!("{way}.{index}"), told, held, hidden);
            }
        }
        (Value::String(told), Value::String(held)) if told != held => {
            let time = |text: &str| text.parse::<jiff::Timestamp>().or_else(|_| format!("{text}Z").parse()).ok();
            assert!(time(told).is_some() && time(told) == time(held), "{way}: {told} is told, {held} is held");
        }
        (Value::Number(told), Value::Number(held)) => assert_eq!(told.as_f64(), held.as_f64(), "{way}"),
        _ => assert_eq!(told, held, "{way}"),
    }
}

/// Every operation of the generated crate was received by the fake, and the fake serves nothing besides.
#[track_caller]
pub(crate) fn all_called(fake: &FakeService) {
    let generated = document::generated_operations(fake.name());
    let missed: Vec<_> = generated.iter().filter(|name| fake.count(name) == 0).collect();
    assert!(missed.is_empty(), "operations that nobody called: {missed:?}");
    let documented = document::Failures::of(fake.name());
    assert_eq!(generated, documented.operations(), "the crate has the operations of the document");
    let mut served: Vec<String> = fake.operations().into_iter().map(str::to_owned).collect();
    served.sort();
    assert_eq!(generated, served, "the fake serves the operations of the crate");
}

/// Lets an operation fail in each way that its document names, and sees to it that each is told in its type.
macro_rules! fails {
    ($documented:expr, $fake:expr, $operation:literal, $failure:ty, $call:expr) => {{
        for (status, bodies) in $documented.take($operation) {
            for fault in bodies {
                $fake.next([fault]);
                let error = $call.await.expect_err($operation);
                assert_eq!(error.status().map(|status| status.as_u16()), Some(status), "{}: {error}", $operation);
                let failure: Option<$failure> = error.failure();
                let failure = failure.unwrap_or_else(|| {
                    panic!("{}: {status} is documented, and not decoded: {:?}", $operation, error.body())
                });
                let shown = format!("{failure:?}");
                assert!(
                    shown.contains($crate::common::document::SENTENCE),
                    "{}: {status} lost its words: {shown}",
                    $operation
                );
                assert!(!shown.contains("Unknown("), "{}: {status} fits no variant: {shown}", $operation);
            }
        }
        // A status that nobody documents stays an error without a type.
        $fake.next([sinew_platform::Fault::json(418, "{\"detail\": \"short and stout\"}")]);
        let error = $call.await.expect_err($operation);
        assert!(error.failure::<$failure>().is_none(), "{}: 418 is not documented", $operation);
        // Nor does a body of another shape become one.
        assert_eq!($fake.received().last().and_then(|received| received.operation), Some($operation));
    }};
}
pub(crate) use fails;
