//! Every path that Guise answers.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn, from_fn_with_state, map_request, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use guise_domain::limits::PATH_BYTES_MAX;
use http::Uri;
use http::uri::PathAndQuery;
use percent_encoding::percent_decode_str;

use crate::error::{Refusal, with_slug};
use crate::record::{note_route, record};
use crate::state::Guise;
use crate::{
    account, blocks, console, face, health, identity, inspect, log, media, messages, oauth,
    openapi, pictures, profiles, settings, users,
};

routes! { #[cfg(test)] V1_1 v1_1
    "/1.1/account/settings" get settings::show, post settings::update;
    "/1.1/account/verify_credentials" get account::verify_credentials;
    "/1.1/application/rate_limit_status" get account::rate_limit_status;
    "/1.1/blocks/create" post blocks::create;
    "/1.1/blocks/destroy" post blocks::destroy;
    "/1.1/blocks/ids" get blocks::ids;
    "/1.1/custom_profiles/new" post profiles::create;
    "/1.1/custom_profiles/show" get profiles::show;
    "/1.1/custom_profiles/list" get profiles::list;
    "/1.1/custom_profiles/destroy" delete profiles::destroy, post profiles::destroy;
    "/1.1/custom_profiles/{id}" get profiles::show;
    "/1.1/direct_messages/events/new" post messages::create;
    "/1.1/direct_messages/events/show" get messages::show;
    "/1.1/direct_messages/events/list" get messages::list;
    "/1.1/direct_messages/events/destroy" delete messages::destroy;
    "/1.1/direct_messages/mark_read" post messages::mark_read;
    "/1.1/direct_messages/indicate_typing" post messages::indicate_typing;
    "/1.1/media/upload" get media::status, post media::upload;
    "/1.1/media/metadata/create" post media::describe;
    "/1.1/ton/data/dm/{message}/{media}/{file}" get messages::show_picture;
    "/1.1/oauth/invalidate_token" post oauth::invalidate_token;
    "/1.1/users/show" get users::show;
    "/1.1/users/lookup" get users::lookup, post users::lookup;
    "/2/users/{id}" get users::show_v2;
    "/oauth/request_token" get oauth::request_token, post oauth::request_token;
    "/oauth/access_token" get oauth::access_token, post oauth::access_token;
    "/oauth2/token" post oauth::bearer_token;
    "/oauth2/invalidate_token" post oauth::invalidate_bearer;
}

routes! { #[cfg(test)] GUISE_V1 guise_v1
    "/guise/v1/audit" get log::read;
    "/guise/v1/direct_messages" get messages::list_with_faces;
    "/guise/v1/direct_messages/stream" get messages::stream;
    "/guise/v1/profiles" get identity::find, post identity::create;
    "/guise/v1/profiles/check" post identity::check;
    "/guise/v1/profiles/{id}" get identity::show, patch identity::edit;
    "/guise/v1/profiles/{id}/erase" post identity::erase;
    "/guise/v1/profiles/{id}/revisions" get identity::revisions;
    "/guise/v1/profiles/by-external-id/{key}" put identity::put;
    "/guise/v1/requests" get inspect::list;
    "/guise/v1/requests/{id}" get inspect::show;
    "/guise/v1/requests/stream" get inspect::stream;
    "/guise/v1/openapi/v1.1.json" get openapi::show_v1_1;
    "/guise/v1/openapi/guise-v1.json" get openapi::show_guise_v1;
}

/// The whole application.
pub fn router(guise: Guise) -> Router {
    let routes = v1_1()
        .merge(guise_v1().layer(map_response(with_slug)))
        .merge(console::routes())
        .route("/media/{file}", get(pictures::show))
        .route("/faces/{file}", get(face::show))
        .route("/images/{file}", get(pictures::default))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route_layer(from_fn(note_route))
        .fallback(console::nothing)
        .method_not_allowed_fallback(console::nothing)
        .with_state(guise.clone());
    // The rewriting has to happen before the router above looks at the path, hence the router around it.
    Router::new()
        .fallback_service(
            tower::ServiceBuilder::new().layer(map_request(without_suffix)).service(routes),
        )
        .layer(from_fn_with_state(guise, record))
}

/// Takes `.json` off the API's paths: it is optional on each of them. A path that is no text leads nowhere.
async fn without_suffix(request: Request) -> Result<Request, Response> {
    let path = request.uri().path();
    if path.len() > PATH_BYTES_MAX || percent_decode_str(path).decode_utf8().is_err() {
        return Err(console::nothing(request).await);
    }
    rewritten(request).map_err(IntoResponse::into_response)
}

fn rewritten(mut request: Request) -> Result<Request, Refusal> {
    let uri = request.uri();
    let path = uri.path().strip_suffix(".json").filter(|path| path.starts_with("/1.1/"));
    if let Some(path) = path {
        let bare = match uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(bare).map_err(|_| Refusal::NotFound)?);
        *request.uri_mut() = Uri::from_parts(parts).map_err(|_| Refusal::NotFound)?;
    }
    Ok(request)
}
