//! How is an answer had as another media type than the usual one?

use std::fmt;
use std::marker::PhantomData;

use http::{HeaderValue, header};

use crate::call::{Call, Read};
use crate::encode;
use crate::error::Error;
use crate::reply::{Download, Reply, media_type};
use crate::request::Mode;

/// A media type that a call which gives a `T` can be asked for instead, and gives a `U` then: [`Call::accept`].
///
/// Generated crates hold a constant for each that the document describes.
pub struct Accept<T, U> {
    media_type: &'static str,
    mode: Mode,
    read: fn(Reply) -> Result<U, Error>,
    instead: PhantomData<fn() -> T>,
}

impl<T, U> Accept<T, U> {
    /// A media type whose body is read whole.
    pub const fn whole(media_type: &'static str, read: fn(Reply) -> Result<U, Error>) -> Self {
        Self { media_type, mode: Mode::Buffered, read, instead: PhantomData }
    }

    /// A media type whose body is handed on as it comes.
    pub const fn streaming(media_type: &'static str, read: fn(Reply) -> Result<U, Error>) -> Self {
        Self { media_type, mode: Mode::Streaming, read, instead: PhantomData }
    }

    /// The media type, as it is asked for.
    pub const fn media_type(&self) -> &'static str {
        self.media_type
    }
}

impl<T, U> Clone for Accept<T, U> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, U> Copy for Accept<T, U> {}

impl<T, U> fmt::Debug for Accept<T, U> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Accept").field(&self.media_type).finish()
    }
}

impl<'c, T, P> Call<'c, T, P> {
    /// Asks for another of the documented media types (RFC 9110, section 12.5.1), which gives another type.
    ///
    /// A service that does not care and answers JSON, XML or a page of HTML where something else was asked for makes an error of
    /// kind [`Decode`](crate::ErrorKind::Decode), with the body; a download is handed on, and tells its
    /// [`content_type`](Download::content_type).
    ///
    /// ```
    /// # use sinew_runtime::{Accept, Call, Error};
    /// # struct Report;
    /// # enum GetReportAs {}
    /// # impl GetReportAs { const CSV: Accept<Report, String> = Accept::whole("text/csv", sinew_runtime::Reply::text); }
    /// # async fn example(get_report: Call<'_, Report>) -> Result<(), Error> {
    /// let table: String = get_report.accept(GetReportAs::CSV).await?;
    /// # Ok(()) }
    /// ```
    pub fn accept<U: 'static>(self, other: Accept<T, U>) -> Call<'c, U> {
        let Accept { media_type: asked, mode, read, .. } = other;
        let checked = move |reply: Reply| {
            let got = media_type(&reply.headers);
            match got.filter(|got| mode == Mode::Buffered && is_something_else(got, asked)) {
                Some(got) => Err(reply.not_asked_for(&got, asked)),
                None => read(reply),
            }
        };
        self.asking(asked, mode, Read::knowing(checked))
    }

    /// Asks for a media type, documented or not, and gives the body as it comes, whatever it is:
    /// [`Download::content_type`] tells.
    ///
    /// ```
    /// # async fn example(get_user: sinew_runtime::Call<'_, u32>) -> Result<(), sinew_runtime::Error> {
    /// let yaml = get_user.download("application/yaml").await?.bytes().await?;
    /// # Ok(()) }
    /// ```
    pub fn download(self, media_type: &str) -> Call<'c, Download> {
        self.asking(media_type, Mode::Streaming, Read::By(Download::from_reply))
    }

    fn asking<U>(self, media_type: &str, mode: Mode, read: Read<U>) -> Call<'c, U> {
        let asked: Result<HeaderValue, String> = encode::header::value(media_type, false);
        self.reading(read, |plan| {
            plan.headers.insert(header::ACCEPT, asked?);
            plan.mode = mode;
            Ok(())
        })
    }
}

/// Whether a body is labelled as something that surely is not what was asked for. Other labels are often wrong: tables come as
/// `application/octet-stream`, texts as nothing at all.
fn is_something_else(got: &str, asked: &str) -> bool {
    let family = |media_type: &str| {
        let essence = media_type.split(';').next().unwrap_or(media_type).trim().to_ascii_lowercase();
        match essence.as_str() {
            "text/html" | "application/xhtml+xml" => Some("html"),
            "application/json" | "text/json" => Some("json"),
            "application/xml" | "text/xml" => Some("xml"),
            json if json.ends_with("+json") => Some("json"),
            xml if xml.ends_with("+xml") => Some("xml"),
            _ => None,
        }
    };
    family(got).is_some_and(|got| family(asked) != Some(got))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_counts_where_it_cannot_be_a_mistake() {
        for (got, asked, else_) in [
            ("application/json", "text/csv", true),
            ("text/html", "text/csv", true),
            ("text/html", "application/json", true),
            ("application/problem+json", "application/xml", true),
            ("application/hal+json", "application/vnd.star+json; v=3", false),
            ("text/xml", "application/atom+xml", false),
            ("application/octet-stream", "text/csv", false),
            ("text/plain", "application/json", false),
            ("text/html", "text/html", false),
        ] {
            assert_eq!(is_something_else(got, asked), else_, "{got} for {asked}");
        }
    }
}
