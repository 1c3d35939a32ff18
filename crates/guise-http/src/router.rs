//! Every path that Guise answers.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn, from_fn_with_state, map_request, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use guise_domain::limits::PATH_BYTES_MAX;
use http::Uri;
use http::uri::PathAndQuery;

use crate::error::{Refusal, with_slug};
use crate::record::{note_route, record};
use crate::state::Guise;
use crate::{
    account, blocks, face, health, identity, log, media, messages, pictures, profiles, settings,
    users,
};

/// The whole application.
pub fn router(guise: Guise) -> Router {
    let api = Router::new()
        .route("/account/verify_credentials", get(account::verify_credentials))
        .route("/application/rate_limit_status", get(account::rate_limit_status))
        .route("/custom_profiles/new", post(profiles::create))
        .route("/custom_profiles/show", get(profiles::show))
        .route("/custom_profiles/list", get(profiles::list))
        .route("/custom_profiles/destroy", delete(profiles::destroy).post(profiles::destroy))
        .route("/custom_profiles/{id}", get(profiles::show))
        .route("/media/upload", get(media::status).post(media::upload))
        .route("/media/metadata/create", post(media::describe))
        .route("/users/show", get(users::show))
        .route("/users/lookup", get(users::lookup).post(users::lookup))
        .route("/account/settings", get(settings::show).post(settings::update))
        .route("/blocks/create", post(blocks::create))
        .route("/blocks/destroy", post(blocks::destroy))
        .route("/blocks/ids", get(blocks::ids))
        .route("/direct_messages/events/new", post(messages::create))
        .route("/direct_messages/events/show", get(messages::show))
        .route("/direct_messages/events/list", get(messages::list))
        .route("/direct_messages/events/destroy", delete(messages::destroy))
        .route("/direct_messages/mark_read", post(messages::mark_read))
        .route("/direct_messages/indicate_typing", post(messages::indicate_typing))
        .route("/ton/data/dm/{message}/{media}/{file}", get(messages::show_picture));
    let beside = Router::new()
        .route("/direct_messages/stream", get(messages::stream))
        .route("/audit", get(log::read))
        .route("/profiles", get(identity::find).post(identity::create))
        .route("/profiles/{id}", get(identity::show).patch(identity::edit))
        .route("/profiles/{id}/revisions", get(identity::revisions))
        .route("/profiles/by-external-id/{key}", put(identity::put))
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .layer(map_response(with_slug));
    let routes = Router::new()
        .nest("/1.1", api)
        .nest("/guise/v1", beside)
        .route("/2/users/{id}", get(users::show_v2))
        .route("/media/{file}", get(pictures::show))
        .route("/faces/{file}", get(face::show))
        .route("/images/{file}", get(pictures::default))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route_layer(from_fn(note_route))
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .with_state(guise.clone());
    // The rewriting has to happen before the router above looks at the path, hence the router around it.
    Router::new()
        .fallback_service(
            tower::ServiceBuilder::new().layer(map_request(without_suffix)).service(routes),
        )
        .layer(from_fn_with_state(guise, record))
}

async fn nothing() -> Response {
    Refusal::NotFound.into_response()
}

/// Takes `.json` off the API's paths: it is optional on each of them.
async fn without_suffix(mut request: Request) -> Result<Request, Refusal> {
    let uri = request.uri();
    if uri.path().len() > PATH_BYTES_MAX {
        return Err(Refusal::NotFound);
    }
    let path = uri.path().strip_suffix(".json").filter(|path| path.starts_with("/1.1/"));
    if let Some(path) = path {
        let rewritten = match uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query =
            Some(PathAndQuery::try_from(rewritten).map_err(|_| Refusal::NotFound)?);
        *request.uri_mut() = Uri::from_parts(parts).map_err(|_| Refusal::NotFound)?;
    }
    Ok(request)
}
