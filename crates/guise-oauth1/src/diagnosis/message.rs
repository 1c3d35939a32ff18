//! The base string, right or with mistakes made on purpose.

use super::spelling::{Encoder, STRICT, Spelling};
use crate::base_string::{Parameter, Source};
use crate::encode;

/// A parameter, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: Vec<u8>,
    pub(super) value: Vec<u8>,
    pub(super) source: Source,
}

impl Field {
    pub(super) fn new(parameter: &Parameter<'_>) -> Self {
        let (name, value) = (encode::bytes(&parameter.name), encode::bytes(&parameter.value));
        Self { name, value, source: parameter.source }
    }

    /// Whether it is the request's own, not the protocol's.
    pub(super) fn is_sent(&self) -> bool {
        self.source != Source::Header && !self.name.starts_with(b"oauth_")
    }

    /// Whether this encoder makes something else of it than it should.
    pub(super) fn differs(&self, encoder: Encoder) -> bool {
        let same = |text: &[u8]| encoder.encode(text) == STRICT.encode(text);
        !(same(&self.name) && same(&self.value))
    }
}

/// Which parameters were signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    /// All but the token where it is sent a second time, which is fine.
    TokenOnce,
    WithoutQuery,
    WithoutForm,
    OnlyProtocol,
    /// All but this one.
    Without(Vec<u8>),
    /// All, and those of a body that is no form.
    WithBody(usize),
}

/// In which order they were joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    AsSent,
    ProtocolLast,
}

/// One thing that is done otherwise than it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Position among the wrong URLs.
    Url(usize),
    /// The query stands in the URL.
    QueryInUrl,
    Method(String),
    Signed(Signed),
    Spelled(Spelling),
    Unsorted(Order),
}

impl Change {
    /// What it concerns: two changes of one thing do not go together.
    pub(super) fn axis(&self) -> u8 {
        match self {
            Self::Url(_) | Self::QueryInUrl => 0,
            Self::Method(_) => 1,
            Self::Signed(_) => 2,
            Self::Spelled(_) => 3,
            Self::Unsorted(_) => 4,
        }
    }
}

/// What a base string is made of.
pub(super) struct Message<'m> {
    pub(super) method: &'m str,
    pub(super) url: &'m str,
    pub(super) fields: &'m [Field],
    /// What the body would add, in each of its readings.
    pub(super) bodies: &'m [Vec<Field>],
    pub(super) signed: Option<&'m Signed>,
    pub(super) spelling: Option<&'m Spelling>,
    pub(super) order: Option<Order>,
}

impl<'m> Message<'m> {
    /// Without any mistake.
    pub(super) fn right(method: &'m str, url: &'m str, fields: &'m [Field]) -> Self {
        Self { method, url, fields, bodies: &[], signed: None, spelling: None, order: None }
    }

    /// The base string, byte for byte as such a client has it.
    pub(super) fn write(&self) -> Vec<u8> {
        let encoder =
            |at: usize, field: &Field| self.spelling.map_or(STRICT, |it| it.of(at, field));
        let outer = self.spelling.map_or(STRICT, |spelling| spelling.outer);
        let body = match self.signed {
            Some(Signed::WithBody(reading)) => self.bodies.get(*reading).map(Vec::as_slice),
            _ => None,
        };
        let own = self.fields.iter().enumerate().filter(|(_, field)| self.signs(field));
        let all = own.chain(body.unwrap_or_default().iter().map(|field| (usize::MAX, field)));
        let mut pairs: Vec<(Vec<u8>, Vec<u8>, bool)> = all
            .map(|(at, field)| {
                let encoder = encoder(at, field);
                (encoder.encode(&field.name), encoder.encode(&field.value), field.is_sent())
            })
            .collect();
        match self.order {
            None => pairs.sort_unstable(),
            Some(Order::AsSent) => {}
            Some(Order::ProtocolLast) => pairs.sort_by_key(|(_, _, sent)| !sent),
        }
        let mut joined = Vec::new();
        for (name, value, _) in &pairs {
            if !joined.is_empty() {
                joined.push(b'&');
            }
            joined.extend_from_slice(name);
            joined.push(b'=');
            joined.extend_from_slice(value);
        }
        let mut written = self.method.as_bytes().to_vec();
        for part in [self.url.as_bytes(), &joined] {
            written.push(b'&');
            written.extend_from_slice(&outer.encode(part));
        }
        written
    }

    fn signs(&self, field: &Field) -> bool {
        let header = field.source == Source::Header;
        match self.signed {
            None | Some(Signed::WithBody(_)) => true,
            Some(Signed::TokenOnce) => header || field.name != b"oauth_token",
            Some(Signed::WithoutQuery) => field.source != Source::Query || !field.is_sent(),
            Some(Signed::WithoutForm) => field.source != Source::Form || !field.is_sent(),
            Some(Signed::OnlyProtocol) => !field.is_sent(),
            Some(Signed::Without(name)) => field.name != *name,
        }
    }
}
