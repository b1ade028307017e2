//! What does an operation answer?

use std::collections::HashSet;

use openapiv3::StatusCode;

use super::content::{self, Asking};
use super::header;
use super::link::{self, Stated};
use super::parameter::Parameters;
use super::schema::Lowering;
use super::stream;
use crate::diagnostics::{Diagnostic, Pointer, codes};
use crate::ir::{Alternative, Answer, Header, Parameter, ParameterLocation, Status, Streamed};
use crate::load::PathOperation;

/// The answers of an operation, and what to ask for.
pub(super) struct Documented {
    pub answers: Vec<Answer>,
    pub accept: Option<String>,
    pub alternatives: Vec<Alternative>,
    pub streamed: Option<Streamed>,
    pub headers: Vec<Header>,
    pub link_header: bool,
    pub links: Vec<Stated>,
}

/// Every documented answer of an operation, by status.
pub(super) fn of_operation(
    lowering: &mut Lowering<'_>,
    stated: &PathOperation,
    parameters: &Parameters,
    position: usize,
) -> Documented {
    let by_caller = |parameter: &Parameter| {
        parameter.location == ParameterLocation::Header && parameter.name.eq_ignore_ascii_case("accept")
    };
    let asking = match &parameters.accept {
        Some(fixed) => Asking::Fixed(fixed),
        None if parameters.sent.iter().any(by_caller) => Asking::Parameter,
        None => Asking::Choice,
    };
    let responses = &stated.operation.responses;
    let place = stated.pointer.join("responses");
    let mut stated_answers: Vec<(Status, Pointer, _)> = responses
        .responses
        .iter()
        .map(|(code, response)| {
            let status = match *code {
                StatusCode::Code(code) => Status::Code(code),
                StatusCode::Range(class) => Status::Class(class),
            };
            (status, place.join(&code.to_string()), response)
        })
        .collect();
    stated_answers
        .extend(responses.default.as_ref().map(|response| (Status::Default, place.join("default"), response)));
    stated_answers.sort_by_key(|&(status, ..)| status);

    let mut answers = Vec::with_capacity(stated_answers.len());
    let mut accept: Vec<String> = Vec::new();
    let mut asked = HashSet::new();
    let mut streamed: Option<Streamed> = None;
    let mut alternatives: Vec<Alternative> = Vec::new();
    let mut link_header = false;
    let mut links = Vec::new();
    let mut headers = Vec::new();
    let only = stated_answers.len() == 1;
    for (status, pointer, response) in stated_answers {
        let Some((pointer, response)) = lowering.document.follow(&pointer, response, lowering.diagnostics) else {
            continue;
        };
        let succeeds = status.is_success() || (only && status == Status::Default);
        if succeeds {
            header::of_answer(lowering, &pointer, &response, position, &mut headers);
            link_header |= response.headers.keys().any(|name| name.eq_ignore_ascii_case("link"));
            link::of_answer(lowering.document, &pointer, &response, &mut links);
            let mut streams: Vec<_> =
                response.content.iter().filter(|(written, _)| stream::framing(written).is_some()).collect();
            streams.sort_by_key(|(written, _)| (written.len(), *written));
            for (written, media) in streams {
                if streamed.is_none() {
                    let place = pointer.join("content").join(written);
                    streamed = stream::of_answer(lowering, written, &place, media, position);
                }
            }
        }
        let mut response = response;
        response.content.retain(|written, _| !succeeds || stream::framing(written).is_none());
        let read = content::of_answer(lowering, &pointer, &response, (status, position), asking);
        if succeeds {
            accept.extend(read.accept.into_iter().filter(|written| asked.insert(written.clone())));
            for other in read.others {
                match alternatives.iter().find(|known| known.media_type == other.media_type) {
                    None => alternatives.push(other),
                    Some(known) if known.content == other.content => {}
                    // It has one type, whichever status it comes with.
                    Some(known) => lowering.diagnostics.push(
                        Diagnostic::note(codes::UNUSED_RESPONSE, "two successes differ under one media type")
                            .at(&pointer.join("content").join(&known.media_type), "read as that of the other status"),
                    ),
                }
            }
        }
        let content = read.content;
        answers.push(Answer { status, content, description: response.description });
    }
    if let Some(streamed) = &mut streamed {
        streamed.alone = accept.is_empty();
        if streamed.alone {
            accept.push(streamed.media_type.clone());
        }
    }
    let accept = (!accept.is_empty()).then(|| accept.join(", "));
    Documented { answers, accept, alternatives, streamed, headers, link_header, links }
}
