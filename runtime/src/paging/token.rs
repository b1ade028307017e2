//! Where was a stream of pages, as a text that can be kept?

use std::fmt;
use std::str::FromStr;

/// Where a stream of pages, or of their items, is: to go on from there later, perhaps in another process.
///
/// It holds what the request for the page says in path and query, so it tells as much as such an address does; it never
/// holds a credential that a scheme of the document carries.
///
/// ```
/// # fn main() -> Result<(), sinew_runtime::InvalidPageToken> {
/// use sinew_runtime::PageToken;
/// let kept: PageToken = "3@/api/v1/projects?skip=20".parse()?;
/// assert_eq!(kept.to_string(), "3@/api/v1/projects?skip=20");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageToken {
    /// How many items of the page were seen.
    pub(crate) seen: usize,
    /// The address of the page, from the root of the origin.
    pub(crate) address: String,
}

impl fmt::Display for PageToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.seen, self.address)
    }
}

/// A text that is no [`PageToken`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPageToken;

impl fmt::Display for InvalidPageToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("this is no token of a page")
    }
}

impl std::error::Error for InvalidPageToken {}

impl FromStr for PageToken {
    type Err = InvalidPageToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (seen, address) = text.split_once('@').ok_or(InvalidPageToken)?;
        let seen = seen.parse().map_err(|_| InvalidPageToken)?;
        if !address.starts_with('/') {
            return Err(InvalidPageToken);
        }
        Ok(Self { seen, address: address.to_owned() })
    }
}
