//! The `OpenAPI` 3.1 documents: one of what the original had, one of what Guise adds.
//!
//! Limits, rates, statuses, codes and texts come from the same tables that the server obeys; a test compares the
//! paths with the router's. `tests/openapi` holds the server to the first document.

#![expect(clippy::needless_pass_by_value, reason = "parts of a document are made in place")]

mod accounts;
mod answers;
mod events;
mod identity;
mod media;
mod messages;
mod names;
mod oauth;
mod operation;
mod profiles;
mod requests;
mod schemas;
mod stream;

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::answer;
use answers::Form;
use operation::Operation;

/// `GET /guise/v1/openapi/v1.1.json`
pub(crate) async fn show_v1_1() -> Response {
    answer::json(StatusCode::OK, &v1_1())
}

/// `GET /guise/v1/openapi/guise-v1.json`
pub(crate) async fn show_guise_v1() -> Response {
    answer::json(StatusCode::OK, &guise_v1())
}

/// The document of the API that Guise took over.
#[must_use]
pub fn v1_1() -> Value {
    let families = [
        accounts::operations(),
        media::operations(),
        messages::operations(),
        oauth::operations(),
        profiles::operations(),
    ];
    let schemas = [
        schemas::ids(),
        answers::schemas(),
        accounts::schemas(),
        events::schemas(),
        media::schemas(),
        messages::schemas(),
        profiles::schemas(),
    ];
    let description = "Custom profiles, direct messages, and what clients call around them, as Twitter's API v1.1 had \
        them. `.json` is optional on every path. Ids in requests may be texts or numbers. JSON is read whatever its \
        label; what a form may say, the query may say too. Unknown members and parameters are ignored, and null is \
        the same as absent.";
    document("Guise: Twitter API v1.1", description, families.into_iter().flatten(), schemas)
}

/// The document of what Guise adds.
#[must_use]
pub fn guise_v1() -> Value {
    let families = [identity::operations(), stream::operations(), requests::operations()];
    let schemas = [schemas::ids(), identity::schemas(), names::schemas(), requests::schemas()];
    let description = "What the original never had. Times are RFC 3339, in UTC.";
    document("Guise", description, families.into_iter().flatten(), schemas)
}

fn document(
    title: &str,
    description: &str,
    operations: impl IntoIterator<Item = Operation>,
    schemas: impl IntoIterator<Item = Value>,
) -> Value {
    let mut paths = Map::new();
    let mut form = Form::Original;
    for operation in operations {
        let (path, verb) = (operation.path, operation.verb);
        form = Form::of(path);
        let verbs = paths.entry(path).or_insert_with(|| json!({}));
        if let Value::Object(verbs) = verbs {
            verbs.insert(verb.to_owned(), operation.write());
        }
    }
    let schemas: Map<String, Value> = schemas.into_iter().flat_map(members).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": env!("CARGO_PKG_VERSION"),
            "description": description,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"oauth1": []}],
        "paths": paths,
        "components": {
            "securitySchemes": security_schemes(form),
            "schemas": schemas,
            "headers": answers::headers(),
            "responses": answers::shared(form),
        },
    })
}

/// How callers prove who they are. For itself, an app reads only what the original had.
fn security_schemes(form: Form) -> Value {
    let signature = |description: &str| {
        let (kind, name) = ("apiKey", "Authorization");
        json!({"type": kind, "in": "header", "name": name, "description": description})
    };
    let http = |scheme: &str, description: &str| json!({"type": "http", "scheme": scheme, "description": description});
    let oauth1 = signature(
        "OAuth 1.0a (RFC 5849) with HMAC-SHA1 in user context: `OAuth oauth_consumer_key=…, \
            oauth_token=…, oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=…, oauth_nonce=…, \
            oauth_version=\"1.0\", oauth_signature=…`. Signed are the query and forms; JSON and multipart \
            bodies are not. The parameters may come in the query or a form instead. An app that is trusted to \
            may add `oauth_operator`: who is at work, for the log.",
    );
    if form == Form::WithSlug {
        return json!({"oauth1": oauth1});
    }
    json!({
        "oauth1": oauth1,
        "oauth1_app": signature("The same by an app, without a token or with a request token."),
        "basic": http("basic", "An app's consumer key and secret, each percent-encoded."),
        "bearer": http("bearer", "What an app fetched from `/oauth2/token`."),
    })
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::router::{GUISE_V1, V1_1};

    fn documented(document: &Value) -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::new();
        for (path, verbs) in document["paths"].as_object().unwrap() {
            let path =
                path.strip_suffix(".json").filter(|path| path.starts_with("/1.1/")).unwrap_or(path);
            for verb in verbs.as_object().unwrap().keys() {
                found.insert((path.to_owned(), verb.clone()));
            }
        }
        found
    }

    fn routed(table: &[(&str, &[&str])]) -> BTreeSet<(String, String)> {
        let verbs = |(path, verbs): &(&str, &[&str])| -> Vec<(String, String)> {
            verbs.iter().map(|verb| ((*path).to_owned(), (*verb).to_owned())).collect()
        };
        table.iter().flat_map(verbs).collect()
    }

    #[test]
    fn the_documents_and_the_router_know_the_same_paths_and_verbs() {
        assert_eq!(documented(&v1_1()), routed(V1_1));
        assert_eq!(documented(&guise_v1()), routed(GUISE_V1));
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
            match value {
                Value::Object(members) => {
                    found.extend(members.get("$ref").and_then(Value::as_str));
                    members.values().for_each(|member| references(member, found));
                }
                Value::Array(items) => items.iter().for_each(|item| references(item, found)),
                _ => {}
            }
        }
        for document in [v1_1(), guise_v1()] {
            let mut found = Vec::new();
            references(&document, &mut found);
            for reference in found {
                let place = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(place).is_some(), "{reference}");
            }
        }
    }
}
