//! The order in which mistakes are tried: one of them before two, the likely ones first.

use super::keys::{self, Key, Signature};
use super::message::{Change, Field, Message, Order, Signed};
use super::spelling::{self, Wrong};
use super::urls;
use super::{ATTEMPTS_MAX, Evidence, Mistake};
use crate::base_string::{self, Source};
use crate::presented::{self, Presented};

/// What signs the same as the client did.
pub(super) struct Found {
    pub(super) mistakes: Vec<Mistake>,
    pub(super) base_string: String,
    /// Position of the right URL.
    pub(super) expected: usize,
}

/// A search and how far it went.
pub(super) struct Search<'s> {
    method: &'s str,
    base_urls: &'s [String],
    query: &'s str,
    fields: &'s [Field],
    bodies: Vec<Vec<Field>>,
    wrong_urls: Vec<urls::Wrong>,
    keys: Vec<Key>,
    signature: Signature,
    pub(super) attempts: usize,
}

/// Which keys a message is tried with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum With {
    RightKey,
    WrongKeys,
}

impl<'s> Search<'s> {
    pub(super) fn new(
        evidence: &Evidence<'s>,
        presented: &Presented<'_>,
        base_urls: &'s [String],
        method: &'s str,
        fields: &'s [Field],
    ) -> Self {
        let body = |form: &Vec<u8>| {
            base_string::split(form, Source::Form).map(|pair| Field::new(&pair)).collect()
        };
        let public = (presented.consumer_key(), presented.token().unwrap_or_default());
        let signature = presented::signature(&evidence.request).unwrap_or_default();
        Self {
            method,
            base_urls,
            query: evidence.request.query,
            fields,
            bodies: evidence.unsigned.unwrap_or_default().iter().map(body).collect(),
            wrong_urls: urls::wrong(base_urls),
            keys: keys::keys((evidence.consumer_secret, evidence.token_secret), public),
            signature: Signature::read(&signature),
            attempts: 0,
        }
    }

    /// Nothing wrong but the key; one thing; one thing and the key; two things.
    pub(super) fn run(&mut self) -> Option<Found> {
        let ones = self.changes();
        let plain: Vec<&Change> = ones.iter().filter(|change| self.is_plain(change)).collect();
        let pairs = plain.iter().enumerate().flat_map(|(at, one)| {
            let others = plain.iter().skip(at + 1).filter(|other| other.axis() != one.axis());
            others.map(|other| vec![*one, *other])
        });
        let nothing = [(vec![], With::RightKey), (vec![], With::WrongKeys)];
        let mut attempts = nothing
            .into_iter()
            .chain(ones.iter().map(|one| (vec![one], With::RightKey)))
            .chain(plain.iter().map(|one| (vec![*one], With::WrongKeys)))
            .chain(pairs.map(|pair| (pair, With::RightKey)));
        attempts.find_map(|(changes, with)| self.attempt(&changes, with))
    }

    fn is_plain(&self, change: &Change) -> bool {
        match change {
            Change::Url(at) => self.wrong_urls.get(*at).is_some_and(|url| url.plain),
            _ => true,
        }
    }

    /// Everything that makes another base string of this request.
    fn changes(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = (0..self.bodies.len())
            .map(Signed::WithBody)
            .chain([
                Signed::TokenOnce,
                Signed::WithoutQuery,
                Signed::WithoutForm,
                Signed::OnlyProtocol,
            ])
            .chain(self.protocol().map(Signed::Without))
            .map(Change::Signed)
            .collect();
        changes.extend(spelling::all(self.fields).map(Change::Spelled));
        changes.push(Change::QueryInUrl);
        let lower = self.method.to_ascii_lowercase();
        let mut title = lower.clone();
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let others = ["GET", "POST", "PUT", "PATCH", "DELETE"].map(str::to_owned);
        changes.extend([lower, title].into_iter().chain(others).map(Change::Method));
        changes.extend([Order::AsSent, Order::ProtocolLast].map(Change::Unsorted));
        let right = self.write(&[], 0);
        changes.retain(|change| self.write(&[change], 0) != right);
        // Of two mistakes that come to the same the first is named.
        let mut written = Vec::new();
        changes.retain(|change| {
            let message = self.write(&[change], 0);
            let new = !written.contains(&message);
            written.push(message);
            new
        });
        let urls = (0..self.wrong_urls.len()).map(Change::Url);
        urls.chain(changes).collect()
    }

    /// The names of the protocol parameters.
    fn protocol(&self) -> impl Iterator<Item = Vec<u8>> {
        let names = self.fields.iter().map(|field| &field.name);
        names.filter(|name| name.starts_with(b"oauth_")).cloned()
    }

    /// Whether the client made just these mistakes, for any of the right URLs.
    fn attempt(&mut self, changes: &[&Change], with: With) -> Option<Found> {
        let url = changes.iter().find_map(|change| match change {
            Change::Url(at) => self.wrong_urls.get(*at),
            _ => None,
        });
        let right = match url {
            Some(url) => url.expected..url.expected + 1,
            None => 0..self.base_urls.len(),
        };
        for expected in right {
            if self.attempts >= ATTEMPTS_MAX {
                return None;
            }
            let message = self.write(changes, expected);
            if let Some(signing) = self.signs(&message, with) {
                let mut changes = changes.to_vec();
                changes.sort_by_key(|change| change.axis());
                let mistakes = changes.iter().filter_map(|change| self.mistake(change, expected));
                return Some(Found {
                    mistakes: mistakes.chain(signing).collect(),
                    base_string: String::from_utf8_lossy(&message).into_owned(),
                    expected,
                });
            }
        }
        None
    }

    /// Whether one of the keys signs this message as the client did, and what is wrong with key and signature then.
    fn signs(&mut self, message: &[u8], with: With) -> Option<Vec<Mistake>> {
        let right = self.keys.get(..1).unwrap_or_default();
        let wrong = self.keys.get(1..).unwrap_or_default();
        let keys = if with == With::RightKey { right } else { wrong };
        for (key, mistake) in keys {
            self.attempts += 1;
            if let Some(written) = self.signature.is_of(message, key) {
                return Some(mistake.clone().into_iter().chain(written).collect());
            }
        }
        // Another hash is one mistake like a wrong key.
        let (key, _) = right.first().filter(|_| with == With::WrongKeys)?;
        self.attempts += 1;
        let written = self.signature.is_of_sha256(message, key)?;
        Some(std::iter::once(Mistake::Sha256).chain(written).collect())
    }

    fn write(&self, changes: &[&Change], expected: usize) -> Vec<u8> {
        let right = self.base_urls.get(expected).map(String::as_str).unwrap_or_default();
        let mut message = Message::right(self.method, right, self.fields);
        message.bodies = &self.bodies;
        let with_query = format!("{right}?{}", self.query);
        for change in changes {
            match change {
                Change::Url(at) => {
                    message.url = self.wrong_urls.get(*at).map_or(right, |url| &url.signed);
                }
                Change::QueryInUrl if self.query.is_empty() => {}
                Change::QueryInUrl => message.url = &with_query,
                Change::Method(method) => message.method = method,
                Change::Signed(signed) => message.signed = Some(signed),
                Change::Spelled(spelling) => message.spelling = Some(spelling),
                Change::Unsorted(order) => message.order = Some(*order),
            }
        }
        message.write()
    }

    /// What a change is called; nothing for what is allowed.
    fn mistake(&self, change: &Change, expected: usize) -> Option<Mistake> {
        let right = || self.base_urls.get(expected).cloned().unwrap_or_default();
        Some(match change {
            Change::Url(at) => {
                let signed = self.wrong_urls.get(*at)?.signed.clone();
                Mistake::Url { signed, expected: right() }
            }
            Change::QueryInUrl => Mistake::QueryInUrl,
            Change::Method(signed) => {
                Mistake::Method { signed: signed.clone(), expected: self.method.to_owned() }
            }
            Change::Signed(Signed::TokenOnce) => return None,
            Change::Signed(Signed::WithoutForm) if self.method == "DELETE" => return None,
            Change::Signed(Signed::WithoutForm) => Mistake::FormUnsigned,
            Change::Signed(Signed::WithoutQuery) => Mistake::QueryUnsigned,
            Change::Signed(Signed::OnlyProtocol) => Mistake::OnlyProtocolSigned,
            Change::Signed(Signed::WithBody(_)) => Mistake::BodySigned,
            Change::Signed(Signed::Without(name)) => {
                Mistake::ParameterUnsigned(String::from_utf8_lossy(name).into_owned())
            }
            Change::Spelled(spelling) if spelling.wrong == Wrong::LowerCase => {
                Mistake::LowerCaseEscapes
            }
            Change::Spelled(spelling) => spelling.mistake(self.fields),
            Change::Unsorted(_) => Mistake::Unsorted,
        })
    }
}
