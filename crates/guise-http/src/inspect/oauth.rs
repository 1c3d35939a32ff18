//! A request's protocol parameters, from what came to what is shown.

use std::borrow::Cow;

use guise_domain::limits::CREDENTIAL_BYTES_MAX;
use guise_oauth1::{Request, protocol_parameters};

use super::entry::{Oauth, Pairs};
use super::hide;

/// Longer headers are taken apart at once.
const HEADER_BYTES_MAX: usize = 1024;

type Parameters<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

impl Oauth {
    /// What a request brings.
    pub(super) fn of(request: &Request<'_>) -> Self {
        let elsewhere = request.form.is_some() || request.query.contains("oauth_");
        match request.authorization {
            Some(header)
                if !elsewhere && header.len() <= HEADER_BYTES_MAX && header.contains("HMAC-") =>
            {
                Self::Header(header.to_owned())
            }
            _ => {
                let parameters = protocol_parameters(request);
                let names = names(&parameters);
                Self::Parts { names, shown: hide::oauth(parameters) }
            }
        }
    }

    /// The parameters without secrets.
    pub(super) fn shown(&self) -> Cow<'_, Pairs> {
        match self {
            Self::Header(header) => Cow::Owned(hide::oauth(taken_apart(header))),
            Self::Parts { shown, .. } => Cow::Borrowed(shown),
        }
    }

    /// Consumer key and token, each empty when there is none.
    pub(super) fn names(&self) -> (String, String) {
        match self {
            Self::Header(header) => names(&taken_apart(header)),
            Self::Parts { names, .. } => names.clone(),
        }
    }
}

fn taken_apart(header: &str) -> Parameters<'_> {
    let request = Request { method: "", query: "", form: None, authorization: Some(header) };
    protocol_parameters(&request)
}

fn names(parameters: &Parameters<'_>) -> (String, String) {
    let named = |name| {
        let found = parameters.iter().find(|(other, _)| other == name);
        // What is longer was not issued by us.
        let value = found.map(|(_, value)| value).filter(|it| it.len() <= CREDENTIAL_BYTES_MAX);
        value.map_or(String::new(), ToString::to_string)
    };
    (named("oauth_consumer_key"), named("oauth_token"))
}
