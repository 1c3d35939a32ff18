//! What clients do wrong, each with a sentence that says what to change.

use std::fmt;

use crate::ParseError;

/// A mistake that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// The credentials cannot be read, so there is nothing to check.
    Unreadable(ParseError),
    /// There is no `oauth_token`, and none but an account's requests are answered.
    TokenMissing,
    /// Another URL was signed.
    Url {
        /// The one that was.
        signed: String,
        /// The one that should have been.
        expected: String,
    },
    /// The query stands in the URL of the base string.
    QueryInUrl,
    /// Another method was signed, or in another case.
    Method {
        /// The one that was.
        signed: String,
        /// The one that should have been.
        expected: String,
    },
    /// The query was left out.
    QueryUnsigned,
    /// The form was left out.
    FormUnsigned,
    /// Query and form were both left out.
    OnlyProtocolSigned,
    /// A body that is no form was signed as one.
    BodySigned,
    /// A protocol parameter was left out.
    ParameterUnsigned(String),
    /// The parameters were not sorted.
    Unsorted,
    /// These parameters were encoded twice before the base string was made.
    EncodedTwice(Vec<String>),
    /// These parameters were not encoded before the base string was made.
    NotEncoded(Vec<String>),
    /// A space in these parameters was encoded as a plus sign.
    SpaceAsPlus(Vec<String>),
    /// Characters in these parameters were left as they are.
    LeftAlone {
        /// The characters that the client's encoder leaves alone and must not.
        characters: &'static str,
        /// Where they are.
        parameters: Vec<String>,
    },
    /// The tilde in these parameters was encoded.
    TildeEncoded(Vec<String>),
    /// Escapes are in lower case.
    LowerCaseEscapes,
    /// The URL and the parameters were put into the base string without being encoded once more.
    PartsNotEncoded,
    /// The key has no `&`.
    KeyWithoutAmpersand,
    /// The token secret comes first in the key.
    SecretsSwapped,
    /// The key lacks the token secret.
    TokenSecretMissing,
    /// The key lacks the consumer secret.
    ConsumerSecretMissing,
    /// The secrets in the key were not percent-encoded.
    SecretsNotEncoded,
    /// The secrets in the key were percent-encoded twice.
    SecretsEncodedTwice,
    /// A secret ends in a line break.
    SecretWithLineBreak,
    /// A public half stands in the key where a secret should.
    PublicHalfAsSecret,
    /// The signature is made with HMAC-SHA256.
    Sha256,
    /// The signature was percent-encoded twice.
    SignatureEncodedTwice,
    /// The signature was not percent-encoded, so that its plus signs arrived as spaces.
    SignatureNotEncoded,
    /// The signature is in hexadecimal digits.
    SignatureInHex,
    /// The signature is in another alphabet of base64, or without its padding.
    SignatureAlphabet,
    /// None of the above fits.
    NothingFits {
        /// There was a body that could not be tried.
        body_untried: bool,
    },
    /// `oauth_body_hash` is not the hash of this body.
    BodyHash,
    /// The very request was answered before.
    Repeated,
    /// The timestamp is too far from the clock.
    Clock {
        /// How far it is ahead; negative when it is behind.
        skew_seconds: i64,
    },
    /// The timestamp is in milliseconds.
    Milliseconds,
}

impl Mistake {
    /// A word for it that stays.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::TokenMissing => "token-missing",
            Self::Url { .. } => "url",
            Self::QueryInUrl => "query-in-url",
            Self::Method { .. } => "method",
            Self::QueryUnsigned => "query-unsigned",
            Self::FormUnsigned => "form-unsigned",
            Self::OnlyProtocolSigned => "only-protocol-signed",
            Self::BodySigned => "body-signed",
            Self::ParameterUnsigned(_) => "parameter-unsigned",
            Self::Unsorted => "unsorted",
            Self::EncodedTwice(_) => "encoded-twice",
            Self::NotEncoded(_) => "not-encoded",
            Self::SpaceAsPlus(_) => "space-as-plus",
            Self::LeftAlone { .. } => "left-alone",
            Self::TildeEncoded(_) => "tilde-encoded",
            Self::LowerCaseEscapes => "lower-case-escapes",
            Self::PartsNotEncoded => "parts-not-encoded",
            Self::KeyWithoutAmpersand => "key-without-ampersand",
            Self::SecretsSwapped => "secrets-swapped",
            Self::TokenSecretMissing => "token-secret-missing",
            Self::ConsumerSecretMissing => "consumer-secret-missing",
            Self::SecretsNotEncoded => "secrets-not-encoded",
            Self::SecretsEncodedTwice => "secrets-encoded-twice",
            Self::SecretWithLineBreak => "secret-with-line-break",
            Self::PublicHalfAsSecret => "public-half-as-secret",
            Self::Sha256 => "sha256",
            Self::SignatureEncodedTwice => "signature-encoded-twice",
            Self::SignatureNotEncoded => "signature-not-encoded",
            Self::SignatureInHex => "signature-in-hex",
            Self::SignatureAlphabet => "signature-alphabet",
            Self::NothingFits { .. } => "wrong-secret",
            Self::BodyHash => "body-hash",
            Self::Repeated => "repeated",
            Self::Clock { .. } => "clock",
            Self::Milliseconds => "milliseconds",
        }
    }
}

/// What to change, in a sentence or two.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "The credentials cannot be read: {error}."),
            Self::Url { signed, expected } => write!(
                f,
                "The signature is for {signed}, but the request came to {expected}. Sign the URL that is requested. If \
                 it is, a proxy in between changes it: set public_url or trusted_proxies on the server."
            ),
            Self::Method { signed, expected } => write!(
                f,
                "The base string begins with {signed}. It has to begin with {expected}, the method of the request in \
                 upper case."
            ),
            Self::ParameterUnsigned(name) => write!(
                f,
                "{name} is sent but was not signed. Sign every protocol parameter but oauth_signature."
            ),
            Self::EncodedTwice(parameters) => write!(
                f,
                "{} was signed percent-encoded twice. Sign the decoded value, which the signing encodes by itself.",
                list(parameters)
            ),
            Self::NotEncoded(parameters) => write!(
                f,
                "{} was signed without being percent-encoded. Percent-encode each name and value before they are \
                 joined.",
                list(parameters)
            ),
            Self::SpaceAsPlus(parameters) => write!(
                f,
                "A space in {} was signed as +. Signatures need %20, whatever is sent in the form or the query.",
                list(parameters)
            ),
            Self::LeftAlone { characters, parameters } => write!(
                f,
                "The encoder leaves characters of {characters} in {} alone. Signatures encode everything but letters, \
                 digits and -._~.",
                list(parameters)
            ),
            Self::TildeEncoded(parameters) => write!(
                f,
                "The tilde in {} was encoded as %7E. Signatures leave ~ as it is.",
                list(parameters)
            ),
            Self::NothingFits { body_untried } => {
                f.write_str(
                    "None of the usual mistakes fits, so most likely a secret is wrong: compare consumer secret and \
                     token secret with those that were issued, character by character. A host that nobody could \
                     guess looks the same.",
                )?;
                if *body_untried {
                    f.write_str(
                        " The body was not kept, so it could not be tried whether it was signed: only forms are.",
                    )?;
                }
                Ok(())
            }
            Self::Clock { skew_seconds } => write!(
                f,
                "The timestamp is {} s {} the server's clock. Set the client's clock, or use the server's Date.",
                skew_seconds.unsigned_abs(),
                if *skew_seconds < 0 { "behind" } else { "ahead of" }
            ),
            other => f.write_str(other.of_message().or(other.of_key()).unwrap_or_default()),
        }
    }
}

impl Mistake {
    /// The sentences in which nothing varies, about what is signed.
    fn of_message(&self) -> Option<&'static str> {
        Some(match self {
            Self::TokenMissing => {
                "oauth_token is missing. Every call is made for an account: send and sign its token."
            }
            Self::QueryInUrl => {
                "The base string's URL has the query in it. Cut the URL off before the question mark; the query's \
                 parameters stand with the others."
            }
            Self::QueryUnsigned => {
                "The query was not signed. Its parameters belong into the base string, decoded and sorted with the \
                 others."
            }
            Self::FormUnsigned => {
                "The form was not signed. The parameters of an application/x-www-form-urlencoded body belong into \
                 the base string."
            }
            Self::OnlyProtocolSigned => {
                "Neither the query nor the form was signed. Their parameters belong into the base string."
            }
            Self::BodySigned => {
                "The body was signed, and it is no form. Leave JSON and multipart bodies out of the base string."
            }
            Self::Unsorted => {
                "The parameters were not sorted. Sort them by encoded name, then by encoded value."
            }
            Self::LowerCaseEscapes => {
                "Escapes are in lower case, like %2f. Signatures need upper case, like %2F."
            }
            Self::PartsNotEncoded => {
                "URL and parameters stand in the base string as they are. Percent-encode each of the two once more \
                 before joining them with &."
            }
            Self::BodyHash => {
                "oauth_body_hash is not the SHA-1 of the body that arrived. Hash the bytes that are sent, or leave it \
                 out."
            }
            Self::Repeated => {
                "The signature holds, but a request with this timestamp and nonce was answered before. Draw a fresh \
                 nonce and sign anew for every attempt."
            }
            Self::Milliseconds => {
                "The timestamp is in milliseconds. oauth_timestamp counts whole seconds since 1970."
            }
            _ => return None,
        })
    }

    /// Those about what it is signed with.
    fn of_key(&self) -> Option<&'static str> {
        Some(match self {
            Self::KeyWithoutAmpersand => {
                "The key has no &. It is the consumer secret, &, and the token secret."
            }
            Self::SecretsSwapped => {
                "The secrets are in the wrong order. The key is the consumer secret, &, and the token secret."
            }
            Self::TokenSecretMissing => {
                "The key lacks the token secret. It is the consumer secret, &, and the token secret."
            }
            Self::ConsumerSecretMissing => {
                "The key lacks the consumer secret. It is the consumer secret, &, and the token secret."
            }
            Self::SecretsNotEncoded => {
                "The secrets in the key were not percent-encoded. Encode each before joining them with &."
            }
            Self::SecretsEncodedTwice => {
                "The secrets in the key were percent-encoded twice. Encode each once."
            }
            Self::SecretWithLineBreak => {
                "A secret in the key ends in a line break, as it does when it is read from a file. Trim it."
            }
            Self::PublicHalfAsSecret => {
                "The consumer key or the token stands in the key where its secret should."
            }
            Self::Sha256 => "The signature is made with HMAC-SHA256. Use HMAC-SHA1.",
            Self::SignatureEncodedTwice => {
                "The signature was percent-encoded twice. Encode it once, where it is written into the header."
            }
            Self::SignatureNotEncoded => {
                "The signature was not percent-encoded, so its + arrived as a space. Encode it where it is written."
            }
            Self::SignatureInHex => {
                "The signature is made of hexadecimal digits. Encode the 20 bytes of the HMAC themselves in base64."
            }
            Self::SignatureAlphabet => {
                "The signature is in base64url or lacks its padding. Use the standard alphabet, with + and /, and =."
            }
            _ => return None,
        })
    }
}

fn list(parameters: &[String]) -> String {
    match parameters {
        [] => "A parameter".to_owned(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}
