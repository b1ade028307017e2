//! Where is an API offered?

/// A place where the API is offered, of which there are several or which has variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its address, `{…}` where a variable stands.
    pub url: String,
    /// What is said about it.
    pub description: Option<String>,
    /// Its variables, as they stand in the address.
    pub variables: Vec<ServerVariable>,
}

/// A part of an address that is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerVariable {
    /// Its name.
    pub name: String,
    /// The values it can have; any where there are none.
    pub values: Vec<String>,
    /// Its value where nobody chooses.
    pub default: String,
    /// What is said about it.
    pub description: Option<String>,
}
