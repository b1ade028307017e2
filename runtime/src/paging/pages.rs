//! How do pages follow each other, each when it is wanted?

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::vec;

use futures_core::Stream;

use super::{PageToken, Paged, turn};
use crate::again::Again;
use crate::call::{Call, Read};
use crate::error::Error;
use crate::reply::Reply;
use crate::transport::BoxFuture;

/// All pages of a call: [`Call::pages`]. After an error it has ended.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<T, I> {
    again: Option<Again>,
    problem: Option<Error>,
    read: Read<T>,
    paged: Paged<T, I>,
    reply: Option<BoxFuture<'static, Result<Reply, Error>>>,
    /// What was asked for last.
    address: String,
    turned: bool,
}

impl<T, I> Pages<T, I> {
    pub(super) fn new(call: Call<'_, T, Paged<T, I>>, from: Option<&PageToken>) -> Self {
        let (again, read, paged) = call.repeated();
        let (mut again, mut problem) = match again {
            Ok(again) => (Some(again), None),
            Err(error) => (None, Some(error)),
        };
        if let (Some(request), Some(token)) = (&mut again, from) {
            if let Err(reason) = request.set_address(&token.address, "the next page") {
                problem = Some(request.tell(Error::build(format!("the token of the page: {reason}"))));
                again = None;
            }
        }
        let address = again.as_ref().map(Again::address).unwrap_or_default();
        Self { again, problem, read, paged, reply: None, address, turned: false }
    }

    /// Where the stream is: the page that comes next. `None` at its end.
    pub fn token(&self) -> Option<PageToken> {
        Some(PageToken { seen: 0, address: self.again.as_ref()?.address() })
    }

    /// The next page; `None` at the end. The same as the [`Stream`], for those who have no trait for it in scope.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// What comes after this page is asked for next, or nothing is.
    fn page(&mut self, again: &mut Again, reply: Reply) -> Result<(T, bool), Error> {
        let (headers, about) = (reply.headers.clone(), reply.about.clone());
        let mut page = self.read.read(reply)?;
        let count = (self.paged.items)(&mut page).map_or(0, |items| items.len());
        self.address = again.address();
        let turned = turn(self.paged.rule, again, count, (self.paged.next)(&page), &headers);
        match turned {
            Ok(further) => Ok((page, further)),
            // This page is whole; only what should follow it is not.
            Err(reason) => {
                self.problem = Some(about.tell(Error::decode(reason)));
                Ok((page, false))
            }
        }
    }
}

impl<T, I> Stream for Pages<T, I> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let Some(again) = this.again.as_ref() else { return Poll::Ready(this.problem.take().map(Err)) };
        let reply = this.reply.get_or_insert_with(|| again.call(Duration::ZERO));
        let reply = ready!(reply.as_mut().poll(context));
        this.reply = None;
        this.turned = true;
        let Some(mut again) = this.again.take() else { return Poll::Ready(None) };
        Poll::Ready(Some(reply.and_then(|reply| this.page(&mut again, reply)).map(|(page, further)| {
            this.again = further.then_some(again);
            page
        })))
    }
}

impl<T, I> fmt::Debug for Pages<T, I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pages").field("again", &self.again).finish_non_exhaustive()
    }
}

/// The items of all pages of a call: [`Call::items`]. After an error it has ended.
#[must_use = "a stream does nothing until it is polled"]
pub struct PageItems<T, I> {
    pages: Pages<T, I>,
    here: vec::IntoIter<I>,
    /// How many of this page were given out.
    seen: usize,
    /// How many of the first page were given out before.
    pass_over: usize,
}

impl<T, I> PageItems<T, I> {
    pub(super) fn new(call: Call<'_, T, Paged<T, I>>, from: Option<&PageToken>) -> Self {
        let pass_over = from.map_or(0, |token| token.seen);
        Self { pages: Pages::new(call, from), here: Vec::new().into_iter(), seen: pass_over, pass_over }
    }

    /// Where the stream is: behind the last item that it gave. `None` at its end.
    pub fn token(&self) -> Option<PageToken> {
        if self.here.len() == 0 && self.pages.turned {
            return self.pages.token();
        }
        Some(PageToken { seen: self.seen, address: self.pages.address.clone() })
    }

    /// The next item; `None` at the end. The same as the [`Stream`], for those who have no trait for it in scope.
    pub async fn next(&mut self) -> Option<Result<I, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

// Nothing in it is pinned in place.
impl<T, I> Unpin for Pages<T, I> {}
impl<T, I> Unpin for PageItems<T, I> {}

impl<T, I> Stream for PageItems<T, I> {
    type Item = Result<I, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.here.next() {
                this.seen += 1;
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut this.pages).poll_next(context)) {
                Some(Ok(mut page)) => {
                    let items = (this.pages.paged.items)(&mut page).map(std::mem::take).unwrap_or_default();
                    let pass_over = std::mem::take(&mut this.pass_over).min(items.len());
                    this.seen = pass_over;
                    this.here = items.into_iter();
                    if let Some(last) = pass_over.checked_sub(1) {
                        let _ = this.here.nth(last);
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T, I> fmt::Debug for PageItems<T, I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PageItems")
            .field("pages", &self.pages)
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}
