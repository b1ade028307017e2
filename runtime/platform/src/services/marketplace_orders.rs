//! What would the marketplace service do with orders?

use serde_json::{Value, json};

use super::marketplace::{conflict, filter, forbidden, part};
use crate::answer::{Answer, Handled};
use crate::route::{Ask, Route};
use crate::store::Store;

pub(crate) const ROUTES: &[Route] = &[
    Route::get("list_orders", "/api/v1/orders/", list_orders)
        .caller()
        .query("project_id?: int, status?: word(pending/paid/shipped/delivered/cancelled), skip?: int(0..), limit?: int(1..1000)"),
    Route::post("create_order", "/api/v1/orders/", create_order)
        .caller()
        .headers(&["idempotency-key"])
        .json("project_id: int, items: {product_id: int, quantity: int(1..)}[](1..)"),
    Route::get("get_order", "/api/v1/orders/{order_id}", get_order).caller(),
    Route::post("cancel_order", "/api/v1/orders/{order_id}/cancel", cancel_order).caller(),
];

/// An order as callers see it: whose it is, they know.
fn shown(order: &Value) -> Value {
    let mut shown = order.clone();
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("buyer");
    }
    shown
}

fn list_orders(store: &mut Store, ask: &Ask) -> Handled {
    let mut rows: Vec<Value> =
        store.rows_where("orders", "buyer", &json!(ask.caller_id())).iter().rev().map(shown).collect();
    filter(&mut rows, ask, &["project_id", "status"]);
    part(rows, ask)
}

/// A price in hundredths, so that sums are exact.
fn cents(price: &Value) -> i64 {
    let text = price.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<2}").parse().unwrap_or_default()
}

fn create_order(store: &mut Store, ask: &Ask) -> Handled {
    let key = ask.headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    if let Some(answer) = store.answered.get(&key) {
        return Ok(answer.clone());
    }
    let (mut items, mut total) = (Vec::new(), 0);
    for item in ask.field("items").as_array().into_iter().flatten() {
        let product = store.find("products", item["product_id"].as_i64().unwrap_or_default(), "Product")?;
        if product["in_stock"] != json!(true) {
            return Err(conflict("The product is not in stock"));
        }
        total += cents(&product["price"]) * item["quantity"].as_i64().unwrap_or_default();
        items.push(
            json!({"product_id": item["product_id"], "quantity": item["quantity"], "unit_price": product["price"]}),
        );
    }
    let now = store.micros();
    let total: Value = serde_json::from_str(&format!("{}.{:02}", total / 100, total % 100)).unwrap_or_default();
    let row = json!({
        "project_id": ask.field("project_id"), "items": items, "status": "pending", "total": total, "currency": "EUR",
        "created_at": now, "updated_at": now, "buyer": ask.caller_id(),
    });
    let answer = Answer::created(&shown(&store.add("orders", row)));
    if !key.is_empty() {
        store.answered.insert(key, answer.clone());
    }
    Ok(answer)
}

fn own(store: &Store, ask: &Ask) -> Result<Value, Answer> {
    let order = store.find("orders", ask.id("order_id"), "Order")?;
    if order["buyer"] == ask.caller_id() { Ok(order) } else { Err(forbidden()) }
}

fn get_order(store: &mut Store, ask: &Ask) -> Handled {
    own(store, ask).map(|order| Answer::ok(&shown(&order)))
}

/// The first order is shipped at once: somebody must be too late.
fn cancel_order(store: &mut Store, ask: &Ask) -> Handled {
    own(store, ask)?;
    if ask.id("order_id") == 1 {
        return Err(conflict("The order has been shipped"));
    }
    let fields = [("status", json!("cancelled")), ("updated_at", json!(store.micros()))];
    let order = store.change(
        "orders",
        ask.id("order_id"),
        &fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect(),
    );
    Ok(Answer::ok(&shown(&order)))
}
