//! Which deliveries are taken, and why are the others not?

#![allow(clippy::unwrap_used)]

use std::time::{Duration, SystemTime};

use http::HeaderMap;

use super::{StandardWebhooks, VerifyWebhook as _, Webhook, WebhookError};

/// The example of the specification, whose signature another implementation of HMAC gives too.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const TIME: u64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn headers(id: &str, time: &str, signature: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)] {
        headers.insert(name, value.parse().unwrap());
    }
    headers
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn verify(headers: &HeaderMap, body: &[u8], now: u64) -> Result<(), WebhookError> {
    StandardWebhooks::new(SECRET).unwrap().verify_at(headers, body, at(now))
}

#[test]
fn the_published_example_fits() {
    let time = TIME.to_string();
    assert_eq!(verify(&headers(ID, &time, SIGNATURE), BODY, TIME), Ok(()));
    assert_eq!(StandardWebhooks::new(SECRET).unwrap().sign(ID, TIME, BODY), SIGNATURE);
    // Without the prefix, it is the same secret.
    let bare = StandardWebhooks::new(&SECRET[6..]).unwrap();
    assert_eq!(bare.verify_at(&headers(ID, &time, SIGNATURE), BODY, at(TIME)), Ok(()));
}

#[test]
fn one_signature_of_several_is_enough() {
    let time = TIME.to_string();
    let several = format!("v1a,bm90IG91cnM= v1,AAAA nonsense v1,!!! {SIGNATURE}");
    assert_eq!(verify(&headers(ID, &time, &several), BODY, TIME), Ok(()));
    let other = SIGNATURE.replace("v1,", "v2,");
    assert_eq!(verify(&headers(ID, &time, &other), BODY, TIME), Err(WebhookError::WrongSignature));
}

#[test]
fn one_secret_of_several_is_enough() {
    let ours = headers(ID, &TIME.to_string(), SIGNATURE);
    let newer = StandardWebhooks::new("whsec_bmV3ZXIgc2VjcmV0IG9mIG91cnM=").unwrap();
    assert_eq!(newer.verify_at(&ours, BODY, at(TIME)), Err(WebhookError::WrongSignature));
    assert_eq!(newer.and_secret(SECRET).unwrap().verify_at(&ours, BODY, at(TIME)), Ok(()));
}

#[test]
fn whatever_is_signed_cannot_be_changed() {
    let time = TIME.to_string();
    for (id, time, body) in [
        ("msg_other", time.as_str(), BODY),
        (ID, "1614265331", BODY),
        (ID, time.as_str(), br#"{"test": 2432232315}"#.as_slice()),
        (ID, time.as_str(), b"".as_slice()),
    ] {
        assert_eq!(verify(&headers(id, time, SIGNATURE), body, TIME), Err(WebhookError::WrongSignature));
    }
}

#[test]
fn times_far_from_now_are_refused_either_way() {
    let ours = headers(ID, &TIME.to_string(), SIGNATURE);
    let too_far = WebhookError::OutsideTolerance(Duration::from_secs(301));
    for (now, expected) in [
        (TIME + 300, Ok(())),
        (TIME + 301, Err(too_far.clone())),
        (TIME - 300, Ok(())),
        (TIME - 301, Err(too_far.clone())),
    ] {
        assert_eq!(verify(&ours, BODY, now), expected);
    }
    let wide = StandardWebhooks::new(SECRET).unwrap().tolerance(Duration::from_secs(1000));
    assert_eq!(wide.verify_at(&ours, BODY, at(TIME + 1000)), Ok(()));
    // Now is long after.
    let result = StandardWebhooks::new(SECRET).unwrap().verify(&ours, BODY);
    assert!(matches!(result, Err(WebhookError::OutsideTolerance(_))), "{result:?}");
}

#[test]
fn what_is_missing_or_malformed_is_named() {
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut ours = headers(ID, &TIME.to_string(), SIGNATURE);
        ours.remove(name);
        assert_eq!(verify(&ours, BODY, TIME), Err(WebhookError::MissingHeader(name)));
        let mut twice = headers(ID, &TIME.to_string(), SIGNATURE);
        twice.append(name, "again".parse().unwrap());
        assert_eq!(verify(&twice, BODY, TIME), Err(WebhookError::MalformedHeader(name)));
    }
    for time in ["", "+1614265330", "1614265330.0", "99999999999999999999", "18446744073709551615"] {
        let result = verify(&headers(ID, time, SIGNATURE), BODY, TIME);
        assert_eq!(result, Err(WebhookError::MalformedHeader("webhook-timestamp")), "{time}");
    }
    for secret in ["", "whsec_", "whsec_***"] {
        let error = StandardWebhooks::new(secret).unwrap_err();
        assert!(matches!(error, WebhookError::Secret(_)));
    }
}

#[test]
fn nothing_secret_is_shown() {
    let ours = StandardWebhooks::new(SECRET).unwrap();
    assert!(!format!("{ours:?}").contains("MfKQ"));
    let complaint =
        Webhook::<u8>::new("count", crate::json::text).read_unverified(b"\"canary\"").unwrap_err().to_string();
    assert!(!complaint.contains("canary"), "{complaint}");
}

#[test]
fn a_forged_delivery_is_not_even_read() {
    let hook = Webhook::<u8>::new("count", crate::json::text);
    let sender = StandardWebhooks::new(SECRET).unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let ours = headers("msg_1", &now.to_string(), &sender.sign("msg_1", now, b"7"));
    assert_eq!(hook.receive(&sender, &ours, b"7"), Ok(7));
    // No number, but that is not what is told.
    assert_eq!(hook.receive(&sender, &ours, b"{}"), Err(WebhookError::WrongSignature));
}
