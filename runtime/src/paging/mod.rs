//! Where is the next page, and is there one?

mod link;
mod pages;
mod token;

use http::HeaderMap;

use crate::again::Again;
use crate::call::Call;
use crate::encode::query;

pub use pages::{PageItems, Pages};
pub use token::{InvalidPageToken, PageToken};

/// How an operation is asked for its next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub enum PageRule {
    /// By how many items to pass over.
    Offset(&'static str, PageSize),
    /// By the number of the page, of which the first is this one.
    Number(&'static str, u64, PageSize),
    /// By what the page itself says, in this parameter.
    Cursor(&'static str),
    /// By an address that the page itself says.
    Address,
    /// By the address in the header `Link` (RFC 8288).
    Link,
}

/// What the document says about how many items a page has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[doc(hidden)]
pub struct PageSize {
    /// The parameter.
    pub parameter: &'static str,
    /// How many where the parameter is not sent.
    pub default: Option<u64>,
    /// How many at most.
    pub most: Option<u64>,
}

impl PageSize {
    /// What is known.
    pub const fn new(parameter: &'static str, default: Option<u64>, most: Option<u64>) -> Self {
        Self { parameter, default, most }
    }
}

/// What a call knows of its further pages: a [`Call`] with it has `pages` and `items`.
pub struct Paged<T, I> {
    pub(crate) rule: PageRule,
    pub(crate) items: fn(&mut T) -> Option<&mut Vec<I>>,
    pub(crate) next: fn(&T) -> Option<String>,
}

// Derived, they would ask for as much of `T` and `I`.
impl<T, I> Clone for Paged<T, I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, I> Copy for Paged<T, I> {}

impl<T, I> std::fmt::Debug for Paged<T, I> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Paged").field("rule", &self.rule).finish_non_exhaustive()
    }
}

impl<T, I> Call<'_, T, Paged<T, I>> {
    /// All pages from this one on, each asked for when it is wanted: a [`Stream`](futures_core::Stream).
    ///
    /// Each page is a call of its own, with its retries and its deadline. It ends where the service says so, or with an
    /// empty page, or with one that has fewer items than were asked for and the document lets one ask for so many.
    pub fn pages(self) -> Pages<T, I> {
        Pages::new(self, None)
    }

    /// All pages from where another stream was: [`Pages::token`]. Everything else of the call is to be the same.
    pub fn pages_from(self, token: &PageToken) -> Pages<T, I> {
        Pages::new(self, Some(token))
    }

    /// The items of all pages from this one on: a [`Stream`](futures_core::Stream). The next page is asked for when the
    /// items of this one are used up.
    ///
    /// ```
    /// # use sinew_runtime::{Call, Error, Paged};
    /// # async fn example(call: Call<'_, Vec<String>, Paged<Vec<String>, String>>) -> Result<(), Error> {
    /// let mut names = call.items();
    /// while let Some(name) = names.next().await {
    ///     println!("{}", name?);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn items(self) -> PageItems<T, I> {
        PageItems::new(self, None)
    }

    /// The items from where another stream was: [`PageItems::token`].
    pub fn items_from(self, token: &PageToken) -> PageItems<T, I> {
        PageItems::new(self, Some(token))
    }
}

/// Whether there is a page after one with so many items, and what to ask for it. The error says why it cannot be asked for.
pub(crate) fn turn(
    rule: PageRule,
    again: &mut Again,
    count: usize,
    said: Option<String>,
    headers: &HeaderMap,
) -> Result<bool, String> {
    let number =
        |name: &str, first| query::value(again.query(), name).and_then(|text| text.parse().ok()).unwrap_or(first);
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    match rule {
        PageRule::Offset(parameter, size) => {
            if is_last(again, size, count) {
                return Ok(false);
            }
            let next = number(parameter, 0_u64).saturating_add(count);
            again.set_query(query::with_value(again.query(), parameter, &next.to_string()));
        }
        PageRule::Number(parameter, first, size) => {
            if is_last(again, size, count) {
                return Ok(false);
            }
            let next = number(parameter, first).saturating_add(1);
            again.set_query(query::with_value(again.query(), parameter, &next.to_string()));
        }
        PageRule::Cursor(parameter) => {
            let Some(cursor) = said.filter(|cursor| !cursor.is_empty()) else { return Ok(false) };
            if query::value(again.query(), parameter).as_ref() == Some(&cursor) {
                return Err("the service says that this page follows itself".to_owned());
            }
            again.set_query(query::with_value(again.query(), parameter, &cursor));
        }
        PageRule::Address | PageRule::Link => {
            let said = if rule == PageRule::Link { link::next(headers) } else { said };
            let Some(address) = said.filter(|address| !address.is_empty()) else { return Ok(false) };
            let before = again.address();
            again.set_address(&address, "the next page")?;
            if again.address() == before {
                return Err("the service says that this page follows itself".to_owned());
            }
        }
    }
    Ok(true)
}

/// Whether a page by its items alone is the last: an empty one, or one with fewer than were asked for. A service that gives
/// fewer than were asked for because it never gives so many does not say so, unless the document knows how many it gives.
fn is_last(again: &Again, size: PageSize, count: u64) -> bool {
    let stated = query::value(again.query(), size.parameter).and_then(|text| text.parse::<u64>().ok());
    let wanted = match (stated, size.default, size.most) {
        (Some(stated), _, Some(most)) if stated <= most => Some(stated),
        (None, default, _) => default,
        _ => None,
    };
    count == 0 || wanted.is_some_and(|wanted| count < wanted)
}
