//! Are services found where their variables say?

use sinew_runtime::generated::{Client, Service};
use sinew_runtime::testing::Scripted;
use sinew_runtime::{ClientBuilder, ServiceRegistry};

fn user(env: &[(&str, &str)]) -> Result<String, String> {
    let env: std::collections::BTreeMap<_, _> =
        env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    ServiceRegistry::with_env(env).base_url("user-service").map_err(|error| error.to_string())
}

#[test]
fn variables_change_addresses() {
    let link = ("USER_SERVICE_PORT", "tcp://10.0.0.1:8080");
    for (env, url) in [
        (&[][..], "http://localhost:8001/api/v1"),
        (&[("USER_SERVICE_HOST", ""), ("USER_SERVICE_PORT", " ")], "http://localhost:8001/api/v1"),
        (&[("USER_SERVICE_HOST", "users.internal")], "http://users.internal:8001/api/v1"),
        (&[("USER_SERVICE_PORT", "9000")], "http://localhost:9000/api/v1"),
        (
            &[("USER_SERVICE_PROTOCOL", "HTTPS"), ("USER_SERVICE_HOST", "u"), ("USER_SERVICE_PORT", "443")],
            "https://u/api/v1",
        ),
        (&[("USER_SERVICE_HOST", "::1")], "http://[::1]:8001/api/v1"),
        (&[("USER_SERVICE_HOST", "[fe80::1]"), ("USER_SERVICE_PORT", "1")], "http://[fe80::1]:1/api/v1"),
        (
            &[("USER_SERVICE_BASE_URL", "https://gw.test/users/v2/"), ("USER_SERVICE_PORT", "x")],
            "https://gw.test/users/v2",
        ),
        (&[link], "http://10.0.0.1:8080/api/v1"),
        (&[link, ("USER_SERVICE_HOST", "u")], "http://u:8080/api/v1"),
        (
            &[link, ("USER_SERVICE_SERVICE_HOST", "10.0.0.2"), ("USER_SERVICE_SERVICE_PORT", "81")],
            "http://10.0.0.2:8080/api/v1",
        ),
        (
            &[("USER_SERVICE_SERVICE_HOST", "10.0.0.2"), ("USER_SERVICE_SERVICE_PORT", "81")],
            "http://10.0.0.2:81/api/v1",
        ),
        (&[("USER_SERVICE_PORT", "tcp://[fd00::1]:8080")], "http://[fd00::1]:8080/api/v1"),
    ] {
        assert_eq!(user(env).as_deref(), Ok(url), "{env:?}");
    }
}

#[test]
fn variables_list_endpoints() {
    let urls = |env: &[(&str, &str)]| {
        let env: std::collections::BTreeMap<_, _> =
            env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let registry = ServiceRegistry::with_env(env);
        registry.get("user-service").map(sinew_runtime::ServiceAddress::base_urls).map_err(|error| error.to_string())
    };
    assert_eq!(
        urls(&[("USER_SERVICE_BASE_URL", "http://a.test/v1, http://b.test:81/v1")]).expect("two"),
        ["http://a.test/v1", "http://b.test:81/v1"]
    );
    assert_eq!(
        urls(&[("USER_SERVICE_HOST", "10.0.0.1,::1, c"), ("USER_SERVICE_PORT", "90")]).expect("three"),
        ["http://10.0.0.1:90/api/v1", "http://[::1]:90/api/v1", "http://c:90/api/v1"]
    );
    for (name, value) in [
        ("USER_SERVICE_BASE_URL", "http://a.test,canary"),
        ("USER_SERVICE_BASE_URL", "http://a.test,"),
        ("USER_SERVICE_HOST", "a,,b"),
        ("USER_SERVICE_HOST", "a,canary/x"),
        ("USER_SERVICE_HOST", "a,a"),
    ] {
        let error = urls(&[(name, value)]).expect_err(value);
        assert!(error.contains(name) && !error.contains("canary"), "{error}");
    }
    let registry = ServiceRegistry::with_env([("USER_SERVICE_HOST", "a,b")]);
    static SERVICE: Service = Service::new("user-service", "http://localhost:8001/api/v1");
    let client = Client::from_registry(&SERVICE, &registry).expect("a client");
    assert_eq!(client.endpoints()[1].base_url, "http://b:8001/api/v1");
    let mut registry = ServiceRegistry::without_env();
    registry.register_endpoints("billing", ["http://a.test", "http://b.test"]).expect("two");
    assert_eq!(registry.get("billing").expect("known").base_urls().len(), 2);
}

#[test]
fn errors_name_the_variable_and_no_value() {
    for (name, value) in [
        ("USER_SERVICE_PORT", "canary"),
        ("USER_SERVICE_PORT", "0"),
        ("USER_SERVICE_PORT", "65536"),
        ("USER_SERVICE_PORT", "+80"),
        ("USER_SERVICE_PORT", "tcp://canary"),
        ("USER_SERVICE_PORT", "tcp://h:canary"),
        ("USER_SERVICE_PORT", "udp://10.0.0.1:53"),
        ("USER_SERVICE_SERVICE_PORT", "canary"),
        ("USER_SERVICE_PROTOCOL", "canary"),
        ("USER_SERVICE_HOST", "http://canary"),
        ("USER_SERVICE_HOST", "canary:80"),
        ("USER_SERVICE_HOST", "user@canary"),
        ("USER_SERVICE_HOST", "canary/path"),
        ("USER_SERVICE_BASE_URL", "canary"),
        ("USER_SERVICE_BASE_URL", "http://u:canary@h"),
    ] {
        let error = user(&[(name, value), ("PASSWORD", "canary")]).expect_err(value);
        assert!(error.starts_with(&format!("configuration: {name}: ")) && !error.contains("canary"), "{error}");
    }
}

#[test]
fn a_wrong_variable_spoils_its_own_service_only() {
    let registry = ServiceRegistry::with_env([("USER_SERVICE_PORT", "x")]);
    assert!(registry.get("user-service").is_err());
    assert_eq!(registry.base_url("project-service").as_deref().ok(), Some("http://localhost:8003/api/v1"));
    assert_eq!(registry.list().len(), 5);
}

#[test]
fn the_six_are_known_and_others_are_registered() {
    let mut registry = ServiceRegistry::without_env();
    let all: Vec<_> = registry.list().iter().map(|service| (service.name().to_owned(), service.base_url())).collect();
    let known = [
        ("analytics", 8004),
        ("design", 8000),
        ("knowledge", 8002),
        ("marketplace", 8005),
        ("project", 8003),
        ("user", 8001),
    ];
    assert_eq!(all, known.map(|(name, port)| (format!("{name}-service"), format!("http://localhost:{port}/api/v1"))));
    assert_eq!(registry.health_url("user-service").as_deref().ok(), Some("http://localhost:8001/health"));
    assert_eq!(registry.ready_url("user-service").as_deref().ok(), Some("http://localhost:8001/ready"));
    let error = registry.get("billing").expect_err("unknown").to_string();
    assert!(
        error.starts_with("configuration: no service `billing` is registered; registered: analytics-service, "),
        "{error}"
    );
    registry.register("billing", "https://billing.test/v1").expect("an address");
    registry.register("user-service", "http://users.test").expect("an address");
    assert!(registry.register("x", "nowhere").is_err());
    assert_eq!(registry.base_url("billing").as_deref().ok(), Some("https://billing.test/v1"));
    assert_eq!(registry.clone().base_url("user-service").as_deref().ok(), Some("http://users.test"));
    assert_eq!(registry.list().len(), 7);
}

#[test]
fn clients_of_other_services_follow_the_same_rule() {
    static BILLING: Service = Service::new("billing", "https://billing.test/v1");
    static NOWHERE: Service = Service::new("nowhere-service", "");
    static USERS: Service = Service::new("user-service", "http://localhost:8001/api/v2");
    let url = |service, registry: &ServiceRegistry| {
        let client: Result<Client, _> =
            ClientBuilder::new(service).registry(registry).transport(Scripted::default()).build();
        client.map(|client| client.base_url()).map_err(|error| error.to_string())
    };
    let mut registry = ServiceRegistry::with_env([("BILLING_SERVICE_HOST", "b"), ("USER_SERVICE_PORT", "1")]);
    assert_eq!(url(&BILLING, &registry).as_deref(), Ok("https://b/v1"));
    assert_eq!(url(&USERS, &registry).as_deref(), Ok("http://localhost:1/api/v2"), "the document's own base path");
    let error = url(&NOWHERE, &registry).expect_err("no address at all");
    assert_eq!(
        error,
        "configuration: nowhere-service has no default address: set NOWHERE_SERVICE_HOST or NOWHERE_SERVICE_BASE_URL"
    );
    registry.register("user-service", "http://users.test").expect("an address");
    assert_eq!(url(&USERS, &registry).as_deref(), Ok("http://users.test"));
    let registry = ServiceRegistry::with_env([("NOWHERE_SERVICE_HOST", "n"), ("NOWHERE_SERVICE_PORT", "5")]);
    assert_eq!(url(&NOWHERE, &registry).as_deref(), Ok("http://n:5"));
}
