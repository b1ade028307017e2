//! Does the client of the marketplace service do all that the document says?

// A panic is a test's verdict, in its helpers too.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::document::Failures;
use common::{all_called, failed, fails, quick, same};
use marketplace_service::{types, *};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use sinew_platform::{FakeService, Fault, token};
use sinew_runtime::{Nullable, Policy};

fn client_of(fake: &FakeService, user: i64) -> MarketplaceServiceClient {
    let builder = MarketplaceServiceClient::builder().base_url(fake.base_url()).policy(quick());
    builder.bearer(token(user)).build().expect("a client")
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn last_body(fake: &FakeService) -> Value {
    serde_json::from_slice(&fake.received().pop().expect("a request").body).expect("JSON")
}

#[tokio::test]
async fn every_operation() {
    let fake = FakeService::marketplace().await.expect("a fake");
    vendors(&fake).await;
    products(&fake).await;
    orders(&fake).await;
    let client = client_of(&fake, 2);
    assert_eq!(client.liveness().await.expect("alive").service, "marketplace-service");
    assert!(client.readiness().await.expect("ready").checks["database"].healthy);
    assert!(client.health().await.expect("an answer").ok && client.ready().await.expect("an answer").ok);
    all_called(&fake);
    // Everybody may look; all else needs a token.
    for received in fake.received() {
        let open = received.method == "GET" && !received.path.contains("/orders/");
        assert_eq!(received.header("authorization").is_none(), open, "{} {}", received.method, received.path);
    }
}

async fn vendors(fake: &FakeService) {
    let (seller, buyer) = (client_of(fake, 2), client_of(fake, 9));
    let create = types::VendorCreate {
        categories: Some(vec!["glass".to_owned(), "steel & co".to_owned()]),
        description: "Panes".to_owned().into(),
        ..types::VendorCreate::new("Clear Bay Glass", "hello@clearbay.example.org")
    };
    let vendor = seller.create_vendor(&create).await.expect("a vendor");
    same(&vendor, &fake.held("vendors", vendor.id), &[]);
    assert_eq!((vendor.verified, vendor.rating.is_null()), (false, true));
    assert!(matches!(failed(buyer.create_vendor(&create).await, 403), CreateVendorFailure::Forbidden(_)));
    let wrong = seller.create_vendor(&types::VendorCreate::new("x", "no address")).await;
    assert!(matches!(failed(wrong, 422), CreateVendorFailure::UnprocessableEntity(_)));

    let options = ListVendors {
        q: Some("panes".to_owned()),
        category: Some("steel & co".to_owned()),
        verified: Some(false),
        skip: Some(0),
        limit: Some(5),
    };
    assert_eq!(buyer.list_vendors(&options).await.expect("vendors"), std::slice::from_ref(&vendor));
    let all = buyer.list_vendors(&ListVendors::default()).await.expect("vendors");
    assert_eq!(all.iter().map(|vendor| vendor.id).collect::<Vec<_>>(), [2, 1], "by name");
    let none = buyer.list_vendors(&ListVendors { limit: Some(1001), ..Default::default() }).await;
    assert!(matches!(failed(none, 422), ListVendorsFailure::UnprocessableEntity(_)));

    assert_eq!(buyer.get_vendor(vendor.id).await.expect("a vendor"), vendor);
    assert!(matches!(failed(buyer.get_vendor(99).await, 404), GetVendorFailure::NotFound(_)));

    let update =
        types::VendorUpdate { description: Nullable::Null, categories: Some(Vec::new()), ..Default::default() };
    let changed = seller.update_vendor(vendor.id, &update).await.expect("a vendor");
    assert_eq!(last_body(fake), json!({"description": null, "categories": []}));
    same(&changed, &fake.held("vendors", vendor.id), &[]);
    assert!(matches!(failed(seller.update_vendor(99, &update).await, 404), UpdateVendorFailure::NotFound(_)));

    assert!(matches!(failed(seller.delete_vendor(1).await, 409), DeleteVendorFailure::Conflict(_)));
    assert_eq!(seller.delete_vendor(vendor.id).response().await.expect("gone").status.as_u16(), 204);
    assert!(matches!(failed(seller.delete_vendor(vendor.id).await, 404), DeleteVendorFailure::NotFound(_)));
}

async fn products(fake: &FakeService) {
    let (seller, buyer) = (client_of(fake, 2), client_of(fake, 9));
    let create = types::ProductCreate {
        image_url: "https://pictures.example.org/a b?c=d".to_owned().into(),
        in_stock: Some(true),
        project_id: Nullable::Null,
        ..types::ProductCreate::new(1, "Oak sill", "timber", decimal("12345.67"), "EUR")
    };
    let product = seller.create_product(&create).await.expect("a product");
    assert_eq!(last_body(fake)["price"], json!(12345.67), "a number, not a text");
    same(&product, &fake.held("products", product.id), &[]);
    assert_eq!(product.price, decimal("12345.67"));
    let orphan = types::ProductCreate::new(99, "x", "y", Decimal::ONE, "EUR");
    assert!(matches!(failed(seller.create_product(&orphan).await, 404), CreateProductFailure::NotFound(_)));
    let wrong = types::ProductCreate::new(1, "x", "y", Decimal::NEGATIVE_ONE, "EURO");
    let CreateProductFailure::UnprocessableEntity(problem) = failed(seller.create_product(&wrong).await, 422) else {
        panic!("422")
    };
    assert_eq!(problem.detail.len(), 2);

    let options = ListProducts {
        q: Some("beam".to_owned()),
        category: Some("timber".to_owned()),
        vendor_id: Some(1),
        min_price: Some(decimal("0.10")),
        max_price: Some(decimal("184.90")),
        in_stock: Some(true),
        project_id: None,
        skip: Some(0),
        limit: Some(10),
    };
    let found = buyer.list_products(&options).await.expect("products");
    assert_eq!((found.len(), found[0].price), (1, decimal("184.9")));
    assert!(fake.received().pop().expect("a request").query.contains("min_price=0.10"), "as it was given");
    let options = ListProducts { max_price: Some(decimal("0.1")), ..Default::default() };
    assert_eq!(buyer.list_products(&options).await.expect("products")[0].price, decimal("0.10"));
    let none = buyer.list_products(&ListProducts { min_price: Some(decimal("-1")), ..Default::default() }).await;
    assert!(matches!(failed(none, 422), ListProductsFailure::UnprocessableEntity(_)));

    assert_eq!(buyer.get_product(product.id).await.expect("a product"), product);
    assert!(matches!(failed(buyer.get_product(99).await, 404), GetProductFailure::NotFound(_)));

    let update = types::ProductUpdate { price: Some(decimal("9.50")), image_url: Nullable::Null, ..Default::default() };
    let changed = seller.update_product(product.id, &update).await.expect("a product");
    same(&changed, &fake.held("products", product.id), &[]);
    assert_eq!((changed.price, changed.image_url.is_null(), changed.name.as_str()), (decimal("9.5"), true, "Oak sill"));
    assert!(matches!(failed(buyer.update_product(1, &update).await, 403), UpdateProductFailure::Forbidden(_)));

    assert_eq!(seller.delete_product(product.id).response().await.expect("gone").status.as_u16(), 204);
    assert!(matches!(failed(seller.delete_product(product.id).await, 404), DeleteProductFailure::NotFound(_)));
}

async fn orders(fake: &FakeService) {
    let (ada, other) = (client_of(fake, 2), client_of(fake, 5));
    let create = types::OrderCreate::new(4, vec![types::OrderItemCreate::new(1, 6)]);
    let order = ada.create_order(&create).await.expect("an order");
    same(&order, &fake.held("orders", order.id), &["buyer"]);
    assert_eq!((order.total, order.status.clone()), (decimal("1109.40"), types::OrderStatus::Pending));
    let gone = types::OrderCreate::new(4, vec![types::OrderItemCreate::new(2, 1)]);
    assert!(matches!(failed(ada.create_order(&gone).await, 409), CreateOrderFailure::Conflict(_)));
    let none = types::OrderCreate::new(4, vec![types::OrderItemCreate::new(1, 0)]);
    let CreateOrderFailure::UnprocessableEntity(problem) = failed(ada.create_order(&none).await, 422) else {
        panic!("422")
    };
    assert_eq!(serde_json::to_value(&problem.detail[0].loc).expect("JSON"), json!(["body", "items", 0, "quantity"]));

    let second = ada.create_order(&create).await.expect("an order");
    assert_ne!(second.id, order.id, "each call has a key of its own");
    let options =
        ListOrders { project_id: Some(4), status: Some(types::OrderStatus::Pending), skip: None, limit: Some(10) };
    let listed = ada.list_orders(&options).await.expect("orders");
    assert_eq!(listed, [second.clone(), order.clone()], "the newest first");
    assert_eq!(other.list_orders(&ListOrders::default()).await.expect("orders"), []);
    let wrong = ada.list_orders(&ListOrders { status: Some("lost".into()), ..Default::default() }).await;
    assert!(matches!(failed(wrong, 422), ListOrdersFailure::UnprocessableEntity(_)));

    assert_eq!(ada.get_order(order.id).await.expect("an order"), order);
    assert!(matches!(failed(other.get_order(order.id).await, 403), GetOrderFailure::Forbidden(_)));
    assert!(matches!(failed(ada.get_order(99).await, 404), GetOrderFailure::NotFound(_)));

    assert!(matches!(failed(ada.cancel_order(order.id).await, 409), CancelOrderFailure::Conflict(_)));
    assert_eq!(ada.cancel_order(second.id).await.expect("cancelled").status, types::OrderStatus::Cancelled);
    assert_eq!(ada.cancel_order(second.id).await.expect("as before").status, types::OrderStatus::Cancelled);
    assert!(matches!(failed(ada.cancel_order(99).await, 404), CancelOrderFailure::NotFound(_)));
}

#[tokio::test]
async fn every_documented_failure() {
    let fake = FakeService::marketplace().await.expect("a fake");
    let mut documented = Failures::of("marketplace-service");
    let client = client_of(&fake, 2);
    fails!(documented, fake, "list_vendors", ListVendorsFailure, client.list_vendors(&ListVendors::default()));
    let vendor = types::VendorCreate::new("v", "v@example.org");
    fails!(documented, fake, "create_vendor", CreateVendorFailure, client.create_vendor(&vendor));
    fails!(documented, fake, "get_vendor", GetVendorFailure, client.get_vendor(1));
    let update = types::VendorUpdate::default();
    fails!(documented, fake, "update_vendor", UpdateVendorFailure, client.update_vendor(1, &update));
    fails!(documented, fake, "delete_vendor", DeleteVendorFailure, client.delete_vendor(1));
    fails!(documented, fake, "list_products", ListProductsFailure, client.list_products(&ListProducts::default()));
    let product = types::ProductCreate::new(1, "p", "c", Decimal::ONE, "EUR");
    fails!(documented, fake, "create_product", CreateProductFailure, client.create_product(&product));
    fails!(documented, fake, "get_product", GetProductFailure, client.get_product(1));
    let update = types::ProductUpdate::default();
    fails!(documented, fake, "update_product", UpdateProductFailure, client.update_product(1, &update));
    fails!(documented, fake, "delete_product", DeleteProductFailure, client.delete_product(1));
    fails!(documented, fake, "list_orders", ListOrdersFailure, client.list_orders(&ListOrders::default()));
    let order = types::OrderCreate::new(1, vec![types::OrderItemCreate::new(1, 1)]);
    fails!(documented, fake, "create_order", CreateOrderFailure, client.create_order(&order));
    fails!(documented, fake, "get_order", GetOrderFailure, client.get_order(1));
    fails!(documented, fake, "cancel_order", CancelOrderFailure, client.cancel_order(1));
    fails!(documented, fake, "readiness", ReadinessFailure, client.readiness());
    documented.all_taken();
}

/// An order whose answer was lost is sent again under the same key, and made once.
#[tokio::test]
async fn an_order_is_made_once() {
    let fake = FakeService::marketplace().await.expect("a fake");
    let client = client_of(&fake, 2);
    let create = types::OrderCreate::new(4, vec![types::OrderItemCreate::new(1, 1)]);
    fake.next([Fault::LoseAnswer, Fault::LoseAnswer]);
    let order = client.create_order(&create).await.expect("the third attempt");
    assert_eq!((order.id, fake.count("create_order")), (1, 3));
    assert!(fake.held("orders", 2).is_null(), "one order");
    let same_again = client.create_order(&create).idempotency_key("k").await.expect("an order");
    assert_eq!(client.create_order(&create).idempotency_key("k").await.expect("the same"), same_again);
    // A vendor has no key: a lost answer is told, and nothing sent again.
    fake.next([Fault::LoseAnswer]);
    let vendor = types::VendorCreate::new("v", "v@example.org");
    let error = client.create_vendor(&vendor).policy(Policy::default()).await.expect_err("the answer is lost");
    assert_eq!((error.attempts(), fake.count("create_vendor")), (1, 1), "{error}");
    assert!(!fake.held("vendors", 2).is_null(), "although it was made");
}
