//! Pages for people: rendered here, changed by the store steps that the API uses, and usable without script.
//!
//! A page is a template in `templates/` that extends `layout.html`, a handler that takes [`SignedIn`] (or [`Posted`]
//! for a form) and answers with [`page`], and a line in the table below. Whatever a handler refuses becomes a page too.

mod apps;
mod asked;
mod assets;
mod authorize;
mod callbacks;
mod conversation;
mod conversations;
mod cookie;
mod docs;
mod form;
mod frame;
mod inspector;
mod limits;
mod link;
mod live;
mod log;
mod message;
mod password;
mod passwords;
mod picture;
mod profiles;
mod refused;
mod settings;
mod sign_in;
mod signed_in;
mod start;
mod tokens;
mod when;
mod writing;

use askama::Template;
use axum::Router;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode};

use crate::answer::NOSNIFF;
use crate::error::Refusal;
use crate::state::Guise;

pub(crate) use asked::Asked;
pub(crate) use form::{Posted, PostedFile};
pub(crate) use frame::{Frame, Section};
pub(crate) use passwords::Passwords;
pub(crate) use refused::nothing;
pub(crate) use signed_in::SignedIn;
pub(crate) use when::When;

routes! { PAGES pages
    "/" get start::show;
    "/apps" get apps::list, post apps::create;
    "/apps/{id}" get apps::show;
    "/apps/{id}/callbacks" post callbacks::add;
    "/apps/{id}/callbacks/remove" post callbacks::remove;
    "/apps/{id}/revoke" get apps::ask_revoke, post apps::revoke;
    "/apps/{id}/tokens" post tokens::create;
    "/docs" get docs::show;
    "/inspector" get inspector::list;
    "/inspector/stream" get inspector::stream;
    "/inspector/{id}" get inspector::show;
    "/limits" get limits::show;
    "/log" get log::show;
    "/oauth/authorize" get authorize::ask, post authorize::decide;
    "/oauth/authenticate" get authorize::ask_once;
    "/conversations" get conversations::list;
    "/conversations/{name}" get conversation::show, post conversation::write;
    "/conversations/{name}/stream" get live::stream;
    "/messages/{message}/{media}/{file}" get message::picture;
    "/profiles" get profiles::find;
    "/profiles/new" get profiles::start, post profiles::create;
    "/profiles/{id}" get profiles::show, post profiles::edit;
    "/profiles/{id}/destroy" post profiles::destroy;
    "/profiles/{id}/erase" post profiles::erase;
    "/settings" get settings::show, post settings::update;
    "/settings/password" post password::change;
    "/sign-in" get sign_in::show, post sign_in::enter;
    "/sign-in/link/{ticket}" get link::show, post link::enter;
    "/sign-out" post sign_in::leave;
    "/sign-out-everywhere" post sign_in::leave_everywhere;
    "/tokens/{token}" get tokens::show, post tokens::change;
    "/tokens/{token}/revoke" get tokens::ask_revoke, post tokens::revoke;
}

/// Nothing but our own files: no inline script or style, no frames, no other origin.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data: blob:; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Every page, and the files they are made of.
pub(crate) fn routes() -> Router<Guise> {
    pages().layer(map_response(dress)).route("/assets/{file}", axum::routing::get(assets::show))
}

/// A page.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, [(CONTENT_TYPE, HTML)], html).into_response(),
        Err(error) => Refusal::Internal(error.to_string()).into_response(),
    }
}

/// Sends the browser to `path` of ours, to be got.
pub(crate) fn see(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(path) => (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response(),
        Err(error) => Refusal::Internal(error.to_string()).into_response(),
    }
}

/// Makes a page of a refusal, and gives every page the headers that keep others out of it.
async fn dress(response: Response) -> Response {
    let mut response = refused::with_page(response);
    let headers = response.headers_mut();
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(POLICY);
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::PAGES;

    #[test]
    fn pages_keep_off_the_paths_that_the_documents_of_the_api_describe() {
        for (path, _) in PAGES {
            for api in ["/1.1", "/2", "/guise"] {
                assert!(!path.starts_with(api), "{path} belongs into the API's tables");
            }
        }
    }
}
