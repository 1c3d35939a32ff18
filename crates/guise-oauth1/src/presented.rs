//! What a request presents, and whether its signature holds.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use crate::base_string::{self, Parameter, Source};
use crate::encode::{self, Plus};
use crate::header;
use crate::key::{self, SigningKey};

/// More parameters than this are not sorted.
const PARAMETERS_MAX: usize = 1000;

/// The parts of a request that a signature covers.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method; compared in upper case.
    pub method: &'a str,
    /// The query as it came, without the question mark.
    pub query: &'a str,
    /// The body, if its type is `application/x-www-form-urlencoded`.
    pub form: Option<&'a [u8]>,
    /// The `Authorization` header, if there is one.
    pub authorization: Option<&'a str>,
}

/// Why a request presents no credentials that can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// No `oauth_*` parameter anywhere.
    #[error("no OAuth credentials")]
    Missing,
    /// A parameter that every signature needs is not there.
    #[error("{0} is missing")]
    MissingParameter(&'static str),
    /// A protocol parameter comes twice, with different values.
    #[error("{0} comes twice")]
    Repeated(&'static str),
    /// The header or a parameter cannot be read.
    #[error("{0}")]
    Garbled(&'static str),
    /// Another signature method than HMAC-SHA1.
    #[error("only HMAC-SHA1 signatures are known")]
    UnsupportedMethod,
    /// Another version than 1.0 or 1.0A.
    #[error("only OAuth 1.0 is known")]
    UnsupportedVersion,
}

/// A request's OAuth parameters, found in the header, the query or the form.
#[derive(Clone, Debug)]
pub struct Presented<'a> {
    method: &'a str,
    parameters: Vec<Parameter<'a>>,
    signature: Option<[u8; 20]>,
    timestamp: u64,
    consumer_key: String,
    token: Option<String>,
    nonce: String,
}

impl<'a> Presented<'a> {
    /// Reads what `request` presents. The signature is not checked yet.
    ///
    /// # Errors
    /// When there are no credentials, or they cannot be read.
    pub fn parse(request: &Request<'a>) -> Result<Self, ParseError> {
        let mut parameters = from_header(request.authorization)?;
        parameters.extend(base_string::split(request.query.as_bytes(), Source::Query));
        let form = request.form.unwrap_or_default();
        parameters.extend(base_string::split(form, Source::Form).take(PARAMETERS_MAX + 1));
        if parameters.len() > PARAMETERS_MAX {
            return Err(ParseError::Garbled("too many parameters"));
        }
        if !parameters.iter().any(|parameter| parameter.name.starts_with("oauth_")) {
            return Err(ParseError::Missing);
        }
        let required = |name| find(&parameters, name)?.ok_or(ParseError::MissingParameter(name));
        if required("oauth_signature_method")? != "HMAC-SHA1" {
            return Err(ParseError::UnsupportedMethod);
        }
        if !matches!(find(&parameters, "oauth_version")?.as_deref(), None | Some("1.0" | "1.0A")) {
            return Err(ParseError::UnsupportedVersion);
        }
        let timestamp = required("oauth_timestamp")?;
        let signature = STANDARD.decode(required("oauth_signature")?.trim_ascii()).ok();
        let presented = Self {
            method: request.method,
            signature: signature.and_then(|signature| signature.try_into().ok()),
            timestamp: timestamp
                .parse()
                .map_err(|_| ParseError::Garbled("oauth_timestamp is no number of seconds"))?,
            consumer_key: required("oauth_consumer_key")?.into_owned(),
            token: find(&parameters, "oauth_token")?
                .filter(|token| !token.is_empty())
                .map(Cow::into_owned),
            nonce: required("oauth_nonce")?.into_owned(),
            parameters: Vec::new(),
        };
        parameters.retain(|parameter| parameter.name != "oauth_signature");
        base_string::sort(&mut parameters);
        Ok(Self { parameters, ..presented })
    }

    /// `oauth_consumer_key`: which app calls.
    #[must_use]
    pub fn consumer_key(&self) -> &str {
        &self.consumer_key
    }

    /// `oauth_token`: for whom it calls. An empty one counts as none.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// `oauth_timestamp`, in seconds since the epoch.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        self.timestamp
    }

    /// `oauth_nonce`.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Any other protocol parameter, such as `oauth_callback` or `oauth_verifier`. Nothing is copied when it is absent.
    ///
    /// # Errors
    /// When it comes twice, with different values.
    pub fn parameter(&self, name: &'static str) -> Result<Option<Cow<'_, str>>, ParseError> {
        find(&self.parameters, name)
    }

    /// Whether the signature holds for a request to `base_url`: `scheme://host[:port]/path`, as the client wrote it,
    /// without query. Compared in constant time.
    ///
    /// Beside the RFC's base string these are tried, since unmodified clients send them: an `oauth_token` that is both
    /// in the header and the form, signed once; and a DELETE whose form was left unsigned, protocol parameters apart:
    /// what [`Self::parameter`] tells is always signed.
    #[must_use]
    pub fn verify(&self, key: &SigningKey, base_url: &str) -> bool {
        let all = |_: &Parameter<'_>| true;
        let token_once = |parameter: &Parameter<'_>| {
            parameter.source == Source::Header || parameter.name != "oauth_token"
        };
        let no_form = |parameter: &Parameter<'_>| {
            parameter.source != Source::Form
                || (parameter.name.starts_with("oauth_") && parameter.name != "oauth_token")
        };
        let has_form = self.parameters.iter().any(|parameter| parameter.source == Source::Form);
        let tokens =
            self.parameters.iter().filter(|parameter| parameter.name == "oauth_token").count();
        self.holds(key, base_url, all)
            || (tokens > 1 && self.holds(key, base_url, token_once))
            || (has_form
                && self.method.eq_ignore_ascii_case("DELETE")
                && self.holds(key, base_url, no_form))
    }

    fn holds(
        &self,
        key: &SigningKey,
        base_url: &str,
        signed: impl Fn(&Parameter<'_>) -> bool,
    ) -> bool {
        let mut mac = key.begin();
        base_string::write(
            &mut |piece| hmac::Mac::update(&mut mac, piece),
            self.method,
            base_url,
            self.parameters.iter().filter(|parameter| signed(parameter)),
        );
        let expected = key::finish(mac);
        self.signature.is_some_and(|signature| signature.ct_eq(&expected).into())
    }

    /// Whether `oauth_body_hash`, if sent, is the base64 of the body's SHA-1.
    #[must_use]
    pub fn body_hash_matches(&self, body: &[u8]) -> bool {
        match self.parameter("oauth_body_hash") {
            Ok(sent) => sent.is_none_or(|sent| body_hash_matches(&sent, body)),
            Err(_) => false,
        }
    }
}

/// Whether `sent`, an `oauth_body_hash`, is the base64 of the body's SHA-1: for a body that is read only after the
/// signature was verified.
#[must_use]
pub fn body_hash_matches(sent: &str, body: &[u8]) -> bool {
    let hash: [u8; 20] = Sha1::digest(body).into();
    STANDARD.decode(sent.as_bytes()).is_ok_and(|sent| sent.ct_eq(&hash).into())
}

/// The consumer key and the token that a request names, whatever else is wrong with it.
#[must_use]
pub fn names(request: &Request<'_>) -> (Option<String>, Option<String>) {
    let all = protocol_parameters(request);
    let named = |name| {
        let (_, value) = all.iter().find(|(other, _)| other == name)?;
        Some(value.clone().into_owned()).filter(|text| !text.is_empty())
    };
    (named("oauth_consumer_key"), named("oauth_token"))
}

/// The signature as it was presented.
pub(crate) fn signature(request: &Request<'_>) -> Option<String> {
    of_request(request, "oauth_signature")
}

/// Every protocol parameter as it came, decoded, wherever it stands.
#[must_use]
pub fn protocol_parameters<'a>(request: &Request<'a>) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    let decode = |text: Cow<'a, str>| match text {
        Cow::Borrowed(text) => encode::decode(text),
        Cow::Owned(text) => Cow::Owned(encode::decode(&text).into_owned()),
    };
    let own = everything(request).filter(|parameter| parameter.name.starts_with("oauth_"));
    own.map(|parameter| (decode(parameter.name), decode(parameter.value))).collect()
}

/// The first value of a protocol parameter.
fn of_request(request: &Request<'_>, name: &str) -> Option<String> {
    let found = everything(request).find(|parameter| parameter.name == name)?;
    Some(encode::decode(&found.value).into_owned())
}

/// The parameters of header, query and form, in the order in which they came.
pub(crate) fn everything<'a>(request: &Request<'a>) -> impl Iterator<Item = Parameter<'a>> {
    let header = from_header(request.authorization).unwrap_or_default();
    let query = base_string::split(request.query.as_bytes(), Source::Query);
    let form = base_string::split(request.form.unwrap_or_default(), Source::Form);
    header.into_iter().chain(query).chain(form.take(PARAMETERS_MAX))
}

/// The header's own parameters. The realm, and whatever is not OAuth's, is not signed.
fn from_header(authorization: Option<&str>) -> Result<Vec<Parameter<'_>>, ParseError> {
    let parsed = header::parse(authorization.unwrap_or_default()).map_err(ParseError::Garbled)?;
    let parameters = parsed.unwrap_or_default().into_iter().map(|(name, value)| Parameter {
        name: encode::normalize(name.as_bytes(), Plus::Literal),
        value: encode::normalize(value.as_bytes(), Plus::Literal),
        source: Source::Header,
    });
    Ok(parameters.filter(|parameter| parameter.name.starts_with("oauth_")).collect())
}

/// The decoded value of a protocol parameter. It may come from two places only if both say the same.
fn find<'p>(
    parameters: &'p [Parameter<'_>],
    name: &'static str,
) -> Result<Option<Cow<'p, str>>, ParseError> {
    let mut found = parameters.iter().filter(|parameter| parameter.name == name);
    let Some(first) = found.next() else {
        return Ok(None);
    };
    if found.any(|other| other.value != first.value || other.source == first.source) {
        return Err(ParseError::Repeated(name));
    }
    Ok(Some(encode::decode(&first.value)))
}
