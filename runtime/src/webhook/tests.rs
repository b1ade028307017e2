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

/// A key of this test, and what OpenSSL signs the example of the specification with under it.
const PUBLIC: &str = "whpk_PLMYFsikSOkLtvWaOhpvC+vqoPojD20bVj0HEg5Dm0s=";
const KEY_INFO: &str = "whpk_MCowBQYDK2VwAyEAPLMYFsikSOkLtvWaOhpvC+vqoPojD20bVj0HEg5Dm0s=";
const SIGNED: &str = "v1a,rSDus9XR8UFIV4MnGE1BjdWlctbq19OawuYqe9HIpxX6BJ8L/Ch6iFgkwVwMj9Dann+8D2x3St4+VevBtxYdDA==";

#[test]
fn a_signature_under_a_public_key_fits_it_and_nothing_else() {
    let time = TIME.to_string();
    let verify = |key: &str, id: &str, time: &str, signature: &str, body: &[u8]| {
        StandardWebhooks::new(key).unwrap().verify_at(&headers(id, time, signature), body, at(TIME))
    };
    for key in [PUBLIC, KEY_INFO] {
        assert_eq!(verify(key, ID, &time, SIGNED, BODY), Ok(()));
        let wrong = Err(WebhookError::WrongSignature);
        assert_eq!(verify(key, "msg_other", &time, SIGNED, BODY), wrong);
        assert_eq!(verify(key, ID, "1614265331", SIGNED, BODY), wrong);
        assert_eq!(verify(key, ID, &time, SIGNED, b"{}"), wrong);
        assert_eq!(verify(key, ID, &time, &SIGNED.replace("v1a,r", "v1a,s"), BODY), wrong);
        // Each kind of key is for its own kind of signature.
        assert_eq!(verify(key, ID, &time, &SIGNED.replace("v1a,", "v1,"), BODY), wrong);
        assert_eq!(verify(key, ID, &time, SIGNATURE, BODY), wrong);
        assert_eq!(verify(key, ID, &time, "v1a,AAAA v1a, v1a", BODY), wrong);
        assert_eq!(verify(key, ID, &time, &format!("{SIGNATURE} v1a,AAAA {SIGNED}"), BODY), Ok(()));
    }
    assert_eq!(verify(SECRET, ID, &time, SIGNED, BODY), Err(WebhookError::WrongSignature));
    let other = "whpk_AbCYFsikSOkLtvWaOhpvC+vqoPojD20bVj0HEg5Dm0s=";
    assert_eq!(verify(other, ID, &time, SIGNED, BODY), Err(WebhookError::WrongSignature));
}

#[test]
fn what_a_key_of_this_run_signs_fits_beside_secrets() {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let pair = Ed25519KeyPair::generate().unwrap();
    let key = format!("whpk_{}", STANDARD.encode(pair.public_key()));
    let sender = StandardWebhooks::new(SECRET).unwrap().and_secret(key).unwrap();
    for body in [b"".as_slice(), BODY, &vec![0xff; 100_000]] {
        let signed = [format!("{ID}.{TIME}.").as_bytes(), body].concat();
        let signature = format!("v1a,{}", STANDARD.encode(pair.sign(&signed)));
        let ours = headers(ID, &TIME.to_string(), &signature);
        assert_eq!(sender.verify_at(&ours, body, at(TIME)), Ok(()));
        assert_eq!(sender.verify_at(&ours, b"other", at(TIME)), Err(WebhookError::WrongSignature));
        let ours = headers(ID, &TIME.to_string(), &sender.sign(ID, TIME, body));
        assert_eq!(sender.verify_at(&ours, body, at(TIME)), Ok(()), "the secret counts beside the key");
    }
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
    for secret in ["", "whsec_", "whsec_***", "whpk_", "whpk_***", "whpk_AAAA", &format!("{PUBLIC}AAAA")] {
        let error = StandardWebhooks::new(secret).unwrap_err();
        assert!(matches!(error, WebhookError::Secret(_)));
    }
}

#[test]
fn nothing_secret_is_shown() {
    let ours = StandardWebhooks::new(SECRET).unwrap();
    assert!(!format!("{ours:?}").contains("MfKQ"));
    let unable = StandardWebhooks::new(PUBLIC).unwrap();
    assert_eq!(unable.sign(ID, TIME, BODY), "v1,");
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
