//! Does what a schema says under a condition come through, and does `validate()` hold what hangs together?
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use golden_conditions::types::{Payment, PaymentMethod, Receipt};
use serde_json::{Value, json};
use sinew_runtime::Validate;

#[test]
fn what_a_condition_adds_is_a_field_of_any_value() {
    for value in [
        json!({"method": "card", "number": "4111", "expires": "2027-01-01"}),
        json!({"method": "transfer", "iban": "DE00", "number": 7}),
        json!({"method": "later", "number": null}),
    ] {
        let payment: Payment = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(payment).unwrap(), value);
    }
    let payment = Payment { number: Some("4111".into()), ..Payment::new(PaymentMethod::Card) };
    assert_eq!(serde_json::to_value(payment).unwrap(), json!({"method": "card", "number": "4111"}));
}

#[test]
fn conditions_of_parts_come_through_too() {
    let value = json!({"id": "r", "address": {"country": "NL", "postcode": "1011 AB"}});
    let receipt: Receipt = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(receipt.address.as_ref().and_then(|address| address.postcode.as_ref()), Some(&Value::from("1011 AB")));
    assert_eq!(serde_json::to_value(receipt).unwrap(), value);
}

#[test]
fn what_one_field_needs_is_checked_on_request_alone() {
    let read = |value: Value| serde_json::from_value::<Receipt>(value).expect("never a failed decode");
    assert!(read(json!({"refund": 5, "reason": "broken"})).validate().is_ok());
    assert!(read(json!({})).validate().is_ok());
    let violations = read(json!({"refund": 5})).validate().unwrap_err();
    assert_eq!(violations.iter().count(), 1);
    assert!(violations.iter().any(|violation| violation.to_string().contains("reason")), "{violations:?}");
}
