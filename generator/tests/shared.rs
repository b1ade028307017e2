//! Are types that the document writes out in several places one type, and only those that say the same under the same name?
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use golden_shared::types::{
    AddCustomerRequest, AddOrderRequest, AddOrderRequestBilling, AddOrderRequestShipTo, AddOrderRequestTax, Address,
    AddressKind, Created, EmptyString, ListCustomersResponse, ListObject, ListOrdersResponse, Metadata, Plan,
};
use golden_shared::{ListCustomers, ListOrders, SharedClient};
use serde_json::json;

#[test]
fn what_one_operation_takes_another_takes_too() {
    let address = Address { city: Some("Ulm".to_owned()), kind: Some(AddressKind::Home) };
    let plan = Plan { interval: Some("month".into()) };
    let metadata = Some(Metadata::from(EmptyString::Empty));
    let customer = AddCustomerRequest {
        address: Some(address.clone()),
        plan: Some(plan.clone()),
        metadata: metadata.clone(),
        ..Default::default()
    };
    let ship_to = Some(AddOrderRequestShipTo { address: Some(address) });
    let order = AddOrderRequest { ship_to, plan: Some(plan), metadata, ..Default::default() };
    let customer = serde_json::to_value(&customer).unwrap();
    let order = serde_json::to_value(&order).unwrap();
    assert_eq!(customer["address"], order["ship_to"]["address"]);
    assert_eq!(customer["address"], json!({"city": "Ulm", "kind": "home"}));
    assert_eq!((&customer["metadata"], &customer["plan"]), (&order["metadata"], &order["plan"]));
    let created = Created { after: Some(1), before: None };
    let _ = (ListOrders { created: Some(created.clone()) }, ListCustomers { created: Some(created) });
    let _: fn(&ListCustomersResponse, &ListOrdersResponse) -> [ListObject; 2] = |a, b| [a.object, b.object];
}

#[test]
fn what_is_equal_by_chance_stays_apart() {
    let request = AddOrderRequest {
        billing: Some(AddOrderRequestBilling { enabled: Some(true) }),
        tax: Some(AddOrderRequestTax { enabled: Some(false) }),
        ..Default::default()
    };
    assert_eq!(
        serde_json::to_value(&request).unwrap(),
        json!({"billing": {"enabled": true}, "tax": {"enabled": false}})
    );
}

#[test]
fn a_form_that_can_say_nothing_is_not_asked_for() {
    let client = SharedClient::new("http://localhost:1").unwrap();
    drop(client.list_orders(&ListOrders::default()));
}
