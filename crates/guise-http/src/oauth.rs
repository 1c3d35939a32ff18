//! How apps come by their tokens (contract §4): the first and the third of the three legs, giving a token up, and bearer
//! tokens. The leg between, an account's decision, is a page.

use axum::extract::State;
use axum::response::Response;
use guise_domain::limits::REQUEST_TOKEN_SECONDS;
use guise_domain::rate::Endpoint;
use guise_domain::{
    Access, AccountId, Callback, NewRequestToken, NewToken, RequestState, Sealed, VerifierHash,
    secrets,
};
use http::StatusCode;
use serde_json::json;

use crate::answer;
use crate::auth::{AppCaller, bearer_app, bearer_name};
use crate::error::Refusal;
use crate::extract::{Input, Received, Signed, SignedByApp, Unreadable, WithSecret};
use crate::state::Guise;
use crate::wire::Pairs;

/// `POST /oauth/request_token`, or `GET`
pub(crate) async fn request_token(
    State(guise): State<Guise>,
    SignedByApp { caller, pairs }: SignedByApp,
) -> Result<Response, Refusal> {
    const ENDPOINT: Endpoint = Endpoint::OauthRequestToken;
    let (callback, access) = match asked_for(&caller, &pairs) {
        Ok(asked) => asked,
        Err(refusal) => return Err(caller.refuse(&guise, ENDPOINT, refusal).await),
    };
    let token = secrets::request_token(&*guise.randomness());
    let secret = secrets::request_token(&*guise.randomness());
    let sealed = seal(&guise, &secret, &token)?;
    let until = caller.now.plus_seconds(REQUEST_TOKEN_SECONDS);
    let new = NewRequestToken { token: token.clone(), secret: sealed, callback, access, until };
    let admission = caller.admission(&guise, ENDPOINT);
    caller.admitted(guise.store().create_request_token(&admission, new).await?)??;
    Ok(answer::form(&[
        ("oauth_token", &token),
        ("oauth_token_secret", &secret),
        ("oauth_callback_confirmed", "true"),
    ]))
}

fn asked_for(caller: &AppCaller, pairs: &Pairs) -> Result<(Callback, Access), Refusal> {
    let callback = caller.callback.as_deref().unwrap_or_default().parse::<Callback>();
    let callback =
        callback.map_err(|rule| Refusal::Invalid(format!("oauth_callback: {rule}; or oob")))?;
    let access = match pairs.get("x_auth_access_type") {
        None | Some("") => Access::DirectMessages,
        Some("read") => Access::Read,
        Some("write") => Access::Write,
        Some(_) => {
            return Err(Refusal::Invalid("x_auth_access_type: must be read or write".into()));
        }
    };
    Ok((callback, access))
}

/// `POST /oauth/access_token`, or `GET`
pub(crate) async fn access_token(
    State(guise): State<Guise>,
    signed: Result<SignedByApp, Refusal>,
) -> Result<Response, Refusal> {
    const ENDPOINT: Endpoint = Endpoint::OauthAccessToken;
    // One client begins with a PIN only where it is told 401 for a request without a token.
    let caller = match signed {
        Err(Refusal::BadAuthentication) => return Err(Refusal::NotAuthenticated),
        signed => signed?.caller,
    };
    let Some(request) = &caller.request else { return Err(Refusal::NotAuthenticated) };
    let Some(verifier) = caller.verifier.as_deref().filter(|verifier| !verifier.is_empty()) else {
        let refusal = Refusal::Invalid("oauth_verifier: is required".into());
        return Err(caller.refuse(&guise, ENDPOINT, refusal).await);
    };
    let RequestState::Allowed(account) = request.state else {
        return Err(caller.refuse(&guise, ENDPOINT, Refusal::BadToken).await);
    };
    let hash = VerifierHash::of(&request.token, verifier.trim());
    let new = fresh_token(&guise, &caller, account, request.access)?;
    let admission = caller.admission(&guise, ENDPOINT);
    let exchanged = guise.store().exchange(&admission, &request.token, hash, new).await?;
    let (token, account) = caller.admitted(exchanged)?.map_err(|_| Refusal::BadToken)?;
    guise.credentials().recheck();
    let secret = guise.credentials().open(&token.secret, &token.token)?;
    Ok(answer::form(&[
        ("oauth_token", &token.token),
        ("oauth_token_secret", &secret),
        ("user_id", &account.id.to_string()),
        ("screen_name", account.name.as_str()),
    ]))
}

/// The token that an account gives an app which has none of it yet.
fn fresh_token(
    guise: &Guise,
    caller: &AppCaller,
    account: AccountId,
    access: Access,
) -> Result<NewToken, Refusal> {
    let token = secrets::token(account, &*guise.randomness());
    let secret = secrets::token_secret(&*guise.randomness());
    let secret = seal(guise, &secret, &token)?;
    let (app, operator, created_at) = (caller.id(), None, caller.now);
    Ok(NewToken { token, app, secret, access, operator, created_at })
}

fn seal(guise: &Guise, secret: &str, name: &str) -> Result<Sealed, Refusal> {
    let sealed = guise.seal(secret.as_bytes(), name);
    sealed.map_err(|error| Refusal::Internal(error.to_string()))
}

/// `POST /1.1/oauth/invalidate_token.json`
pub(crate) async fn invalidate_token(
    State(guise): State<Guise>,
    Signed { caller, .. }: Signed<GivenUp>,
) -> Result<Response, Refusal> {
    let admission = caller.admission(&guise, GivenUp::ENDPOINT);
    caller.admitted(guise.store().give_up_token(&admission, caller.token()).await?)?;
    guise.credentials().recheck();
    Ok(answer::json(StatusCode::OK, &json!({"access_token": &**caller.token()})))
}

/// The token to be given up, which is the one that signs. The original had it named as well, and its secret.
#[derive(Debug)]
pub(crate) struct GivenUp;

impl Input for GivenUp {
    const ENDPOINT: Endpoint = Endpoint::OauthInvalidateToken;

    fn parse(_: &Received) -> Result<Self, Unreadable> {
        Ok(Self)
    }
}

/// `POST /oauth2/token`
pub(crate) async fn bearer_token(
    State(guise): State<Guise>,
    WithSecret { caller, pairs }: WithSecret,
) -> Result<Response, Refusal> {
    const ENDPOINT: Endpoint = Endpoint::Oauth2Token;
    if pairs.get("grant_type") != Some("client_credentials") {
        let refusal = Refusal::Invalid("grant_type: must be client_credentials".into());
        return Err(caller.refuse(&guise, ENDPOINT, refusal).await);
    }
    let (id, name) = (caller.id(), bearer_name(caller.id()));
    let secret = secrets::bearer(&*guise.randomness());
    let sealed = seal(&guise, &secret, &name)?;
    let admission = caller.admission(&guise, ENDPOINT);
    let kept = caller.admitted(guise.store().keep_bearer(&admission, sealed).await?)?;
    let secret = guise.credentials().open(&kept, &name)?;
    let bearer = json!({"token_type": "bearer", "access_token": format!("{id}-{secret}")});
    Ok(answer::json(StatusCode::OK, &bearer))
}

/// `POST /oauth2/invalidate_token`
pub(crate) async fn invalidate_bearer(
    State(guise): State<Guise>,
    WithSecret { caller, pairs }: WithSecret,
) -> Result<Response, Refusal> {
    const ENDPOINT: Endpoint = Endpoint::Oauth2InvalidateToken;
    let bearer = pairs.get("access_token").unwrap_or_default();
    let found = bearer_app(&guise, bearer).await?.filter(|(app, _)| app.id == caller.id());
    let Some((_, sealed)) = found else {
        return Err(caller.refuse(&guise, ENDPOINT, Refusal::NotYourToken).await);
    };
    let admission = caller.admission(&guise, ENDPOINT);
    let revoked = caller.admitted(guise.store().revoke_bearer(&admission, &sealed).await?)?;
    if !revoked {
        return Err(Refusal::NotYourToken);
    }
    Ok(answer::json(StatusCode::OK, &json!({"access_token": bearer})))
}
