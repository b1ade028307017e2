//! What would the marketplace service do with vendors and products? (It is inferred; orders are in `marketplace_orders`.)

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::analytics::ready;
use super::design::alive;
use super::marketplace_orders;
use super::tokens::by_token;
use crate::answer::{Answer, Handled, Manners};
use crate::route::{Ask, Definition, Route};
use crate::store::{Store, page};

pub(crate) static SERVICE: Definition = Definition {
    name: "marketplace-service",
    manners: Manners::Framework,
    routes: &[ROUTES, marketplace_orders::ROUTES],
    seed,
    caller: by_token,
};

const ROUTES: &[Route] = &[
    Route::get("list_vendors", "/api/v1/vendors/", list_vendors)
        .query("q?: text, category?: text, verified?: bool, skip?: int(0..), limit?: int(1..1000)"),
    Route::post("create_vendor", "/api/v1/vendors/", create_vendor)
        .caller()
        .json("name: text(1..255), contact_email: email, description?: text|null, categories?: text(1..100)[]"),
    Route::get("get_vendor", "/api/v1/vendors/{vendor_id}", get_vendor),
    Route::put("update_vendor", "/api/v1/vendors/{vendor_id}", update_vendor)
        .caller()
        .json("name?: text(1..255), contact_email?: email, description?: text|null, categories?: text(1..100)[]"),
    Route::delete("delete_vendor", "/api/v1/vendors/{vendor_id}", delete_vendor).caller(),
    Route::get("list_products", "/api/v1/products/", list_products).query(
        "q?: text, category?: text, vendor_id?: int, min_price?: num(0..), max_price?: num(0..), in_stock?: bool, \
         project_id?: int, skip?: int(0..), limit?: int(1..1000)",
    ),
    Route::post("create_product", "/api/v1/products/", create_product).caller().json(
        "vendor_id: int, name: text(1..255), description?: text|null, category: text(1..100), price: num(0..), currency: text(3..3), \
         image_url?: text|null, in_stock?: bool, project_id?: int|null",
    ),
    Route::get("get_product", "/api/v1/products/{product_id}", get_product),
    Route::put("update_product", "/api/v1/products/{product_id}", update_product).caller().json(
        "name?: text(1..255), description?: text|null, category?: text(1..100), price?: num(0..), currency?: text(3..3), \
         image_url?: text|null, in_stock?: bool, project_id?: int|null",
    ),
    Route::delete("delete_product", "/api/v1/products/{product_id}", delete_product).caller(),
    Route::get("liveness", "/health", liveness),
    Route::get("readiness", "/ready", readiness),
];

/// User 9 may buy, but not sell.
const BUYER: i64 = 9;

/// A vendor with a product that is to be had, and one that is not.
fn seed(store: &mut Store) {
    let now = store.micros();
    store.add(
        "vendors",
        json!({
            "name": "North Quay Timber", "description": null, "contact_email": "sales@northquay.example.org", "categories": ["timber"],
            "rating": null, "verified": true, "created_at": now,
        }),
    );
    for (name, price, stock) in [("Glulam beam 200 x 600", "184.90", true), ("Larch cladding", "0.10", false)] {
        let price: Value = serde_json::from_str(price).unwrap_or_default();
        store.add(
            "products",
            json!({
                "vendor_id": 1, "name": name, "description": null, "category": "timber", "price": price, "currency": "EUR",
                "image_url": null, "in_stock": stock, "project_id": null, "created_at": now, "updated_at": now,
            }),
        );
    }
}

/// 403 for those who may only buy.
fn may_sell(ask: &Ask) -> Result<(), Answer> {
    if ask.caller_id() == BUYER { Err(forbidden()) } else { Ok(()) }
}

pub(crate) fn forbidden() -> Answer {
    Answer::detail(StatusCode::FORBIDDEN, "You may not do this")
}

pub(crate) fn conflict(detail: &str) -> Answer {
    Answer::detail(StatusCode::CONFLICT, detail)
}

/// Keeps the rows whose field is what the query says, for all fields that it names.
pub(crate) fn filter(rows: &mut Vec<Value>, ask: &Ask, fields: &[&str]) {
    for field in fields {
        if let Some(wanted) = ask.query.get(*field) {
            rows.retain(|row| row[*field] == *wanted);
        }
    }
}

fn search(rows: &mut Vec<Value>, ask: &Ask) {
    if let Some(words) = ask.query.get("q").and_then(Value::as_str) {
        rows.retain(|row| {
            format!("{} {}", row["name"], row["description"]).to_lowercase().contains(&words.to_lowercase())
        });
    }
}

pub(crate) fn part(rows: Vec<Value>, ask: &Ask) -> Handled {
    Ok(Answer::ok(&Value::Array(page(rows, ask.number("skip", 0), ask.number("limit", 100)))))
}

fn list_vendors(store: &mut Store, ask: &Ask) -> Handled {
    let mut rows = store.rows("vendors");
    rows.sort_by_key(|row| row["name"].to_string());
    search(&mut rows, ask);
    filter(&mut rows, ask, &["verified"]);
    if let Some(category) = ask.query.get("category") {
        rows.retain(|row| row["categories"].as_array().is_some_and(|all| all.contains(category)));
    }
    part(rows, ask)
}

fn create_vendor(store: &mut Store, ask: &Ask) -> Handled {
    may_sell(ask)?;
    let now = store.micros();
    let categories = ask.field("categories");
    let row = json!({
        "name": ask.field("name"), "description": ask.field("description"), "contact_email": ask.field("contact_email"),
        "categories": if categories.is_null() { json!([]) } else { categories }, "rating": null, "verified": false, "created_at": now,
    });
    Ok(Answer::created(&store.add("vendors", row)))
}

fn get_vendor(store: &mut Store, ask: &Ask) -> Handled {
    store.find("vendors", ask.id("vendor_id"), "Vendor").map(|vendor| Answer::ok(&vendor))
}

fn update_vendor(store: &mut Store, ask: &Ask) -> Handled {
    may_sell(ask)?;
    store.find("vendors", ask.id("vendor_id"), "Vendor")?;
    Ok(Answer::ok(&store.change("vendors", ask.id("vendor_id"), &ask.body)))
}

fn delete_vendor(store: &mut Store, ask: &Ask) -> Handled {
    may_sell(ask)?;
    let id = ask.id("vendor_id");
    store.find("vendors", id, "Vendor")?;
    if !store.rows_where("products", "vendor_id", &json!(id)).is_empty() {
        return Err(conflict("The vendor still sells something"));
    }
    store.remove("vendors", id);
    Ok(Answer::gone())
}

fn list_products(store: &mut Store, ask: &Ask) -> Handled {
    let mut rows = store.rows("products");
    search(&mut rows, ask);
    filter(&mut rows, ask, &["category", "vendor_id", "in_stock", "project_id"]);
    let bound = |name: &str, default: f64| ask.query.get(name).and_then(Value::as_f64).unwrap_or(default);
    let (least, most) = (bound("min_price", 0.0), bound("max_price", f64::INFINITY));
    rows.retain(|row| row["price"].as_f64().is_some_and(|price| price >= least && price <= most));
    part(rows, ask)
}

fn create_product(store: &mut Store, ask: &Ask) -> Handled {
    may_sell(ask)?;
    store.find("vendors", ask.field("vendor_id").as_i64().unwrap_or_default(), "Vendor")?;
    let now = store.micros();
    let mut row = Value::Object(ask.body.clone());
    for name in ["description", "image_url", "project_id"] {
        row[name] = ask.field(name);
    }
    row["in_stock"] = json!(ask.field("in_stock") != json!(false));
    row["created_at"] = json!(now);
    row["updated_at"] = json!(now);
    Ok(Answer::created(&store.add("products", row)))
}

fn get_product(store: &mut Store, ask: &Ask) -> Handled {
    store.find("products", ask.id("product_id"), "Product").map(|product| Answer::ok(&product))
}

fn update_product(store: &mut Store, ask: &Ask) -> Handled {
    may_sell(ask)?;
    store.find("products", ask.id("product_id"), "Product")?;
    let mut fields: Map<String, Value> = ask.body.clone();
    fields.insert("updated_at".to_owned(), json!(store.micros()));
    Ok(Answer::ok(&store.change("products", ask.id("product_id"), &fields)))
}

fn delete_product(store: &mut Store, ask: &Ask) -> Handled {
    may_sell(ask)?;
    if store.remove("products", ask.id("product_id")) { Ok(Answer::gone()) } else { Err(Answer::not_found("Product")) }
}

fn liveness(store: &mut Store, _: &Ask) -> Handled {
    Ok(Answer::ok(&alive(store, "marketplace-service")))
}

fn readiness(store: &mut Store, _: &Ask) -> Handled {
    Ok(Answer::ok(&ready(store, "marketplace-service")))
}
