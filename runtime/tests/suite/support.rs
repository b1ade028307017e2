//! What do the tests share: a service, its operations, and a client over a script.

use std::time::Duration;

use sinew_runtime::generated::{Client, Method, Operation, Reply, Scheme, Service};
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{Call, ClientBuilder, Policy};

pub(crate) static SERVICE: Service = Service::new("user-service", "http://localhost:8001/api/v1").schemes(&[
    Scheme::bearer("bearer"),
    Scheme::basic("basic"),
    Scheme::token("own", "SharedAccessKey"),
    Scheme::api_key_header("header-key", "X-API-Key"),
    Scheme::api_key_query("query-key", "api_key"),
    Scheme::api_key_cookie("cookie-key", "sid"),
]);
pub(crate) static GET: Operation = Operation::new("get_user", Method::Get, "/users/{user_id}");
pub(crate) static LIST: Operation = Operation::new("list_users", Method::Get, "/users/");
pub(crate) static CREATE: Operation = Operation::new("create_user", Method::Post, "/users/");
pub(crate) static CREATE_KEYED: Operation =
    Operation::new("create_user_keyed", Method::Post, "/users/").idempotency_header("X-Idempotency-Key");
pub(crate) static DELETE: Operation = Operation::new("delete_user", Method::Delete, "/users/{user_id}");

pub(crate) fn builder(script: &Scripted) -> ClientBuilder<Client> {
    ClientBuilder::new(&SERVICE).base_url("http://users.test/api/v1").transport(script.clone())
}

pub(crate) fn client(script: &Scripted) -> Client {
    builder(script).build().expect("a client")
}

/// A builder for a client over one of the built-in transports.
pub(crate) fn over(lean: bool, url: &str) -> ClientBuilder<Client> {
    let builder = ClientBuilder::new(&SERVICE).base_url(url);
    if lean { builder.hyper_transport() } else { builder }
}

/// A client that opens its circuit after so many failures.
pub(crate) fn fragile(script: &Scripted, failures: u32) -> Client {
    let policy = Policy::default().with_breaker(failures, Duration::from_secs(60));
    builder(script).policy(policy).build().expect("a client")
}

pub(crate) fn get(client: &Client) -> Call<'_, serde_json::Value> {
    client.request(&GET).path("user_id", &7).answering(Reply::json)
}

pub(crate) fn create(client: &Client) -> Call<'_, serde_json::Value> {
    client.request(&CREATE).json(&serde_json::json!({"name": "Ada"})).answering(Reply::json)
}

pub(crate) fn delete(client: &Client) -> Call<'_, ()> {
    client.request(&DELETE).path("user_id", &7).answering(Reply::empty)
}

pub(crate) fn ok() -> Step {
    Step::json(200, r#"{"id": 7}"#)
}

/// The waits between the requests, as the clock saw them: made by counting in tenths of the jitter's span.
pub(crate) fn near(waited: Duration, seconds: u64) -> bool {
    waited >= Duration::from_secs(seconds)
        && waited <= Duration::from_secs(seconds) + Duration::from_millis(seconds * 100 + 10)
}
