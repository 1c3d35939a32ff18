//! How apps come by their tokens.

use guise_domain::CallbackError;
use guise_domain::rate::Endpoint;
use serde_json::{Value, json};

use super::operation::{FORM, Operation};
use super::profiles::invalid;
use super::schemas::{exactly, object, text};
use crate::error::Refusal;

pub(super) fn operations() -> Vec<Operation> {
    let mut operations = Vec::from(request_tokens());
    operations.extend(access_tokens());
    operations.extend(bearer_tokens());
    let path = "/1.1/oauth/invalidate_token.json";
    operations.push(
        Operation::post(
            path,
            Endpoint::OauthInvalidateToken,
            "Gives up the token it is signed with",
        )
        .answers(200, "The token, which opens nothing any more.", given_up()),
    );
    operations
}

fn request_tokens() -> [Operation; 2] {
    const PATH: &str = "/oauth/request_token";
    let endpoint = Endpoint::OauthRequestToken;
    let summary = "Asks for a request token, for an account to decide on";
    let says = "Signed by the app without a token. `oauth_callback` may come where the other `oauth_…` parameters do. The \
        account decides on the page `/oauth/authorize?oauth_token=…`, or `/oauth/authenticate` when it need not be asked \
        twice.";
    let refusals = || {
        let callback = Refusal::Invalid(format!("oauth_callback: {CallbackError}; or oob"));
        [callback, Refusal::CallbackNotApproved, Refusal::PinOnly]
    };
    let asked = |operation: Operation| {
        operation
            .says(says)
            .answers_as(
                200,
                "The request token and its secret.",
                written(&["oauth_token", "oauth_token_secret", "oauth_callback_confirmed"]),
            )
            .refuses(refusals())
    };
    let form = object(0, [("oauth_callback", callback()), ("x_auth_access_type", access())]);
    [
        asked(Operation::get(PATH, endpoint, summary))
            .takes("query", "oauth_callback", false, callback())
            .takes("query", "x_auth_access_type", false, access()),
        asked(Operation::post(PATH, endpoint, summary)).may_read(FORM, form),
    ]
}

fn access_tokens() -> [Operation; 2] {
    const PATH: &str = "/oauth/access_token";
    let endpoint = Endpoint::OauthAccessToken;
    let summary = "Exchanges a request token that was allowed for an access token, once";
    let says = "Signed by the app with the request token. `oauth_verifier`, or the PIN, may come where the other `oauth_…` \
        parameters do.";
    let exchanged = |operation: Operation| {
        operation
            .says(says)
            .answers_as(
                200,
                "The access token, its secret, and whom it acts for.",
                written(&["oauth_token", "oauth_token_secret", "user_id", "screen_name"]),
            )
            .refuses([invalid()])
    };
    [
        exchanged(Operation::get(PATH, endpoint, summary)).takes(
            "query",
            "oauth_verifier",
            false,
            text(),
        ),
        exchanged(Operation::post(PATH, endpoint, summary))
            .may_read(FORM, object(0, [("oauth_verifier", text())])),
    ]
}

fn bearer_tokens() -> [Operation; 2] {
    let bearer = json!({"type": "string", "format": "bearer", "pattern": "^[0-9]+-[0-9A-Za-z]+$"});
    let grant = object(1, [("grant_type", json!({"enum": ["client_credentials"]}))]);
    let given =
        exactly(2, [("token_type", json!({"const": "bearer"})), ("access_token", bearer.clone())]);
    [
        Operation::post("/oauth2/token", Endpoint::Oauth2Token, "Fetches the app's bearer token")
            .says("The same one until it is revoked.")
            .reads(FORM, grant)
            .answers(200, "The bearer token.", given)
            .refuses([invalid()]),
        Operation::post(
            "/oauth2/invalidate_token",
            Endpoint::Oauth2InvalidateToken,
            "Revokes the app's bearer token",
        )
        .reads(FORM, object(1, [("access_token", bearer)]))
        .answers(200, "The bearer token, which opens nothing any more.", given_up())
        .refuses([Refusal::NotYourToken]),
    ]
}

fn given_up() -> Value {
    exactly(1, [("access_token", text())])
}

fn callback() -> Value {
    json!({
        "type": "string",
        "format": "callback",
        "description": "`oob` for a PIN, or a URL that is one of the app's, with any query. `oob` when it is left out.",
    })
}

fn access() -> Value {
    json!({"enum": ["", "read", "write"], "description": "Asks for less than everything."})
}

/// Names and values, written as a form and called HTML.
fn written(names: &[&str]) -> Value {
    let pattern = names.iter().map(|name| format!("{name}=[^&]+")).collect::<Vec<_>>().join("&");
    json!({"text/html": {"schema": {"type": "string", "pattern": format!("^{pattern}$")}}})
}
