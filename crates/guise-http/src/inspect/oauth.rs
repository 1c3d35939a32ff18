//! A request's protocol parameters, from what came to what is shown.

use std::borrow::Cow;

use guise_domain::limits::CREDENTIAL_BYTES_MAX;
use guise_oauth1::{Request, protocol_parameters};

use super::entry::{Oauth, Pairs};
use super::hide;

/// Longer headers are taken apart at once.
const HEADER_BYTES_MAX: usize = 1024;

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
            _ => Self::Parts {
                shown: hide::oauth(protocol_parameters(request)),
                names: names(request),
            },
        }
    }

    /// The parameters without secrets.
    pub(super) fn shown(&self) -> Cow<'_, Pairs> {
        match self {
            Self::Header(header) => Cow::Owned(hide::oauth(protocol_parameters(&with(header)))),
            Self::Parts { shown, .. } => Cow::Borrowed(shown),
        }
    }

    /// Consumer key and token, each empty when there is none.
    pub(super) fn names(&self) -> (String, String) {
        match self {
            Self::Header(header) => names(&with(header)),
            Self::Parts { names, .. } => names.clone(),
        }
    }
}

fn with(header: &str) -> Request<'_> {
    Request { method: "", query: "", form: None, authorization: Some(header) }
}

fn names(request: &Request<'_>) -> (String, String) {
    // What is longer was not issued by us.
    let issued = |name: Option<String>| {
        name.filter(|name| name.len() <= CREDENTIAL_BYTES_MAX).unwrap_or_default()
    };
    let (consumer_key, token) = guise_oauth1::names(request);
    (issued(consumer_key), issued(token))
}
