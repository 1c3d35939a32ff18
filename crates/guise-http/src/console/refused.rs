//! What a page's refusal looks like.

use askama::Template;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};

use super::{Frame, dress, page};
use crate::error::{Problem, Refusal};

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage<'a> {
    frame: Frame,
    title: &'a str,
    message: &'a str,
}

/// Makes a page of a refusal; whatever else leaves it as it is.
pub(super) fn with_page(mut response: Response) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let (mut parts, _) = response.into_parts();
    let (title, message) = (title(parts.status), words(&problem));
    let written = page(parts.status, &RefusedPage { frame: Frame::nobody(), title, message });
    let (head, body) = written.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    if let Some(html) = head.headers.get(CONTENT_TYPE) {
        parts.headers.insert(CONTENT_TYPE, html.clone());
    }
    Response::from_parts(parts, body)
}

/// What is said to people where the original's words are for programs.
fn words(problem: &Problem) -> &str {
    match problem.slug {
        "not-permitted" => {
            "This account may not use custom profiles. Whoever runs this server can allow it: guise account allow."
        }
        "over-capacity" => {
            "The server is busy, or cannot keep anything now. Go back, and try again in a while."
        }
        _ => &problem.message,
    }
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "There is no such page",
        StatusCode::GONE => "This is over",
        StatusCode::TOO_MANY_REQUESTS => "Too much at once",
        status if status.is_server_error() => "This did not work",
        _ => "This was not done",
    }
}

/// What is answered where there is nothing: a page to a browser, JSON to a program.
pub(crate) async fn nothing(request: Request) -> Response {
    let path = request.uri().path();
    let api = ["/1.1", "/2/", "/guise/"].iter().any(|api| path.starts_with(api));
    let accepted = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    let response = Refusal::NotFound.into_response();
    if api || !accepted.is_some_and(|accepted| accepted.contains("text/html")) {
        return response;
    }
    dress(response).await
}
