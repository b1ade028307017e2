//! Where are the services?

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use url::Url;

use crate::encode::base::{BaseUrl, Bases, TWICE};
use crate::error::Error;
use crate::operation::Service;

/// The services of the platform, known to every registry.
const KNOWN: [(&str, &str); 6] = [
    ("user-service", "http://localhost:8001/api/v1"),
    ("knowledge-service", "http://localhost:8002/api/v1"),
    ("project-service", "http://localhost:8003/api/v1"),
    ("design-service", "http://localhost:8000/api/v1"),
    ("analytics-service", "http://localhost:8004/api/v1"),
    ("marketplace-service", "http://localhost:8005/api/v1"),
];

/// Where variables are read from: the process, or a test's own map.
pub trait Env: Send + Sync {
    /// The value of a variable, if it is set.
    fn var(&self, name: &str) -> Option<String>;
}

/// The environment of the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnv;

impl Env for ProcessEnv {
    fn var(&self, name: &str) -> Option<String> {
        // A value that is no Unicode is no address either; as a text it fails under its own name.
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }
}

impl Env for BTreeMap<String, String> {
    fn var(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }
}

impl<const N: usize> Env for [(&str, &str); N] {
    fn var(&self, name: &str) -> Option<String> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }
}

/// One service and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAddress {
    name: String,
    /// One at least.
    bases: Bases,
    health: String,
    ready: String,
}

impl ServiceAddress {
    fn new(name: &str, bases: Bases) -> Self {
        Self { name: name.to_owned(), bases, health: "/health".to_owned(), ready: "/ready".to_owned() }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address with its base path: `http://localhost:8001/api/v1`. Of several endpoints, that of the first.
    pub fn base_url(&self) -> String {
        self.bases.first.text()
    }

    /// The addresses of all its endpoints.
    pub fn base_urls(&self) -> Vec<String> {
        self.bases.all().map(BaseUrl::text).collect()
    }

    /// The health check of the first endpoint, outside the base path: `http://localhost:8001/health`.
    pub fn health_url(&self) -> String {
        format!("{}{}", self.bases.first.origin, self.health)
    }

    /// The readiness check of the first endpoint, outside the base path: `http://localhost:8001/ready`.
    pub fn ready_url(&self) -> String {
        format!("{}{}", self.bases.first.origin, self.ready)
    }
}

/// The addresses of services: the six of the platform and whatever is registered.
///
/// Each service's address may be changed by variables. For `user-service`, in this order:
///
/// | variable | meaning |
/// |---|---|
/// | `USER_SERVICE_BASE_URL` | the whole address, or those of several endpoints with commas between; nothing else is then read |
/// | `USER_SERVICE_HOST` | the host (an IPv6 address with or without brackets), or those of several endpoints with commas between |
/// | `USER_SERVICE_PORT` | the port; or `tcp://10.0.0.1:8080`, which Kubernetes sets for a Service called `user-service`: its port, and its host if no other is set |
/// | `USER_SERVICE_PROTOCOL` | `http` or `https` |
/// | `USER_SERVICE_SERVICE_HOST`, `USER_SERVICE_SERVICE_PORT` | what Kubernetes sets besides, asked where the ones above are not set |
///
/// An empty variable counts as unset. What is not set comes from the default address. The name of a service that does not
/// end in `-service` is completed: `billing` has `BILLING_SERVICE_HOST`. The six are read when the registry is made, a
/// client's own service when the client is. A wrong variable is told when its own service is asked for, and spoils no other.
///
/// ```
/// use sinew_runtime::ServiceRegistry;
/// let registry = ServiceRegistry::with_env([("USER_SERVICE_HOST", "users.internal"), ("USER_SERVICE_PORT", "80")]);
/// assert_eq!(registry.base_url("user-service")?, "http://users.internal/api/v1");
/// assert_eq!(registry.health_url("design-service")?, "http://localhost:8000/health");
/// # Ok::<_, sinew_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct ServiceRegistry {
    env: Arc<dyn Env>,
    services: BTreeMap<String, Entry>,
}

impl ServiceRegistry {
    /// A registry that reads the environment of the process.
    pub fn from_env() -> Self {
        Self::with_env(ProcessEnv)
    }

    /// A registry that reads no environment: the six services at their defaults.
    pub fn without_env() -> Self {
        Self::with_env([])
    }

    /// A registry that reads another environment.
    pub fn with_env(env: impl Env + 'static) -> Self {
        let services = KNOWN
            .iter()
            .map(|(name, default)| {
                let address = read(&env, name, default).map(|bases| ServiceAddress::new(name, bases));
                ((*name).to_owned(), Entry::Known(address))
            })
            .collect();
        Self { env: Arc::new(env), services }
    }

    /// A service.
    ///
    /// # Errors
    /// If it is not registered, or a variable of it is wrong; the error names the variable.
    pub fn get(&self, name: &str) -> Result<&ServiceAddress, Error> {
        match self.services.get(name) {
            Some(Entry::Known(Ok(address)) | Entry::Registered(address)) => Ok(address),
            Some(Entry::Known(Err(reason))) => Err(Error::config(reason.clone())),
            None => {
                let known: Vec<_> = self.services.keys().map(String::as_str).collect();
                Err(Error::config(format!(
                    "no service `{}` is registered; registered: {}",
                    name.escape_debug(),
                    known.join(", ")
                )))
            }
        }
    }

    /// The address of a service with its base path.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn base_url(&self, name: &str) -> Result<String, Error> {
        self.get(name).map(ServiceAddress::base_url)
    }

    /// The health check of a service.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn health_url(&self, name: &str) -> Result<String, Error> {
        self.get(name).map(ServiceAddress::health_url)
    }

    /// The readiness check of a service.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn ready_url(&self, name: &str) -> Result<String, Error> {
        self.get(name).map(ServiceAddress::ready_url)
    }

    /// Registers a service at an address, in place of what was registered under its name. Variables do not change it:
    /// who says an address means it.
    ///
    /// # Errors
    /// If the address is not one.
    pub fn register(&mut self, name: &str, base_url: &str) -> Result<(), Error> {
        self.register_endpoints(name, [base_url])
    }

    /// Registers a service at several endpoints, as [`register`](Self::register) does at one.
    ///
    /// # Errors
    /// If there is none, one is no address, two have the same origin, or not all are `http` or all `https`.
    pub fn register_endpoints<'a>(
        &mut self,
        name: &str,
        base_urls: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), Error> {
        let bases = Bases::parse(base_urls)
            .map_err(|reason| Error::config(format!("the address of {}: {reason}", name.escape_debug())))?;
        self.services.insert(name.to_owned(), Entry::Registered(ServiceAddress::new(name, bases)));
        Ok(())
    }

    /// All services whose address is known, by name.
    pub fn list(&self) -> Vec<&ServiceAddress> {
        self.services
            .values()
            .filter_map(|entry| match entry {
                Entry::Known(Ok(address)) | Entry::Registered(address) => Some(address),
                Entry::Known(Err(_)) => None,
            })
            .collect()
    }

    pub(crate) fn env(&self) -> &dyn Env {
        &*self.env
    }

    /// Where a generated client's service is: as registered by hand, else by its variables over its document's own
    /// address, else over the address that is known here.
    pub(crate) fn resolve(&self, service: &Service) -> Result<Bases, Error> {
        if let Some(Entry::Registered(address)) = self.services.get(service.name) {
            return Ok(address.bases.clone());
        }
        let known = KNOWN.iter().find(|(name, _)| *name == service.name).map_or("", |(_, default)| default);
        let default = if service.default_url.is_empty() { known } else { service.default_url };
        read(&*self.env, service.name, default).map_err(Error::config)
    }
}

/// How a registry came to know a service.
#[derive(Clone)]
enum Entry {
    /// One of the six, by its variables; or which variable is wrong.
    Known(Result<ServiceAddress, String>),
    /// Said by somebody.
    Registered(ServiceAddress),
}

impl Default for ServiceRegistry {
    fn default() -> Self {
        Self::from_env()
    }
}

impl fmt::Debug for ServiceRegistry {
    // Only names and addresses, which hold no secret: the rest of the environment is nobody's business.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_map()
            .entries(self.list().into_iter().map(|address| (&address.name, address.base_urls().join(", "))))
            .finish()
    }
}

/// `user-service` and `user_service` are `USER_SERVICE`; `billing` is `BILLING_SERVICE`.
pub(crate) fn prefix(name: &str) -> String {
    let upper: String = name
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' })
        .collect();
    if upper.ends_with("_SERVICE") { upper } else { format!("{upper}_SERVICE") }
}

/// The address of a service by its variables, over its default. Errors name the variable, and never say its value: a
/// variable that was set by mistake may hold anything.
fn read(env: &(impl Env + ?Sized), name: &str, default: &str) -> Result<Bases, String> {
    let prefix = prefix(name);
    let var = |suffix: &str| {
        let variable = format!("{prefix}_{suffix}");
        let value = env.var(&variable)?.trim().to_owned();
        (!value.is_empty()).then_some((variable, value))
    };
    if let Some((variable, value)) = var("BASE_URL") {
        return Bases::parse(value.split(',').map(str::trim)).map_err(|reason| format!("{variable}: {reason}"));
    }
    let wrong_port = |variable: &str| {
        format!("{variable}: a port is a number from 1 to 65535, or tcp://host:port as Kubernetes sets it")
    };
    let mut host = var("HOST");
    let mut port = None;
    if let Some((variable, value)) = var("PORT") {
        if let Some(address) = value.strip_prefix("tcp://") {
            let (link_host, link_port) = address.rsplit_once(':').ok_or_else(|| wrong_port(&variable))?;
            port = Some(parse_port(link_port).ok_or_else(|| wrong_port(&variable))?);
            host = host.or_else(|| var("SERVICE_HOST")).or_else(|| Some((variable, link_host.to_owned())));
        } else {
            port = Some(parse_port(&value).ok_or_else(|| wrong_port(&variable))?);
        }
    }
    let host = host.or_else(|| var("SERVICE_HOST"));
    if port.is_none() {
        if let Some((variable, value)) = var("SERVICE_PORT") {
            port = Some(parse_port(&value).ok_or_else(|| wrong_port(&variable))?);
        }
    }
    let protocol = var("PROTOCOL");
    let origin_given = host.is_some() || port.is_some() || protocol.is_some();
    let base = if default.is_empty() {
        None
    } else {
        Some(BaseUrl::parse(default).map_err(|reason| format!("the default address of {name}: {reason}"))?)
    };
    if !origin_given {
        return base
            .map(Bases::from)
            .ok_or_else(|| format!("{name} has no default address: set {prefix}_HOST or {prefix}_BASE_URL"));
    }
    let default_url = base.as_ref().and_then(|base| Url::parse(&base.origin).ok());
    let scheme = match &protocol {
        Some((variable, value)) => match value.to_ascii_lowercase().as_str() {
            "http" => "http",
            "https" => "https",
            _ => return Err(format!("{variable}: the protocol must be `http` or `https`")),
        },
        None if default_url.as_ref().is_some_and(|url| url.scheme() == "https") => "https",
        None => "http",
    };
    let (blamed, host) = match host {
        Some((variable, host)) => (variable, host),
        None => match default_url.as_ref().and_then(Url::host_str) {
            Some(host) => (format!("{prefix}_HOST"), host.to_owned()),
            None => return Err(format!("{name} has no default address: set {prefix}_HOST")),
        },
    };
    let wrong_host = || format!("{blamed}: a host is a name or an address, without protocol, port or path");
    // The default's port is kept as it is; where only the protocol changed, its explicit port is still what was meant.
    let port = port.or_else(|| default_url.as_ref().and_then(Url::port));
    let path = base.as_ref().map_or("", |base| &*base.path);
    let texts = host.split(',').map(|host| {
        let host = bracketed(host.trim()).ok_or_else(wrong_host)?;
        Ok(match port {
            Some(port) => format!("{scheme}://{host}:{port}{path}"),
            None => format!("{scheme}://{host}{path}"),
        })
    });
    let texts = texts.collect::<Result<Vec<_>, String>>()?;
    match Bases::parse(texts.iter().map(String::as_str)) {
        Err(TWICE) => Err(format!("{blamed}: {TWICE}")),
        bases => bases.map_err(|_| wrong_host()),
    }
}

fn parse_port(text: &str) -> Option<u16> {
    // `parse` alone would take a plus sign.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten().filter(|port| *port != 0)
}

/// A host as it stands in a URL: IPv6 addresses in brackets, names and IPv4 addresses as they are.
fn bracketed(host: &str) -> Option<String> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if bare.parse::<std::net::Ipv6Addr>().is_ok() {
        return Some(format!("[{bare}]"));
    }
    let plain =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    plain.then(|| host.to_owned())
}
