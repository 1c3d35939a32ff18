//! What is sent again and again, and what its answer has to be.

use std::fmt;

use guise_oauth1::Signer;
use memchr::memmem::{self, Finder};

use crate::client::{Answer, Server};

/// A larger body is not copied behind the head, but sent after it.
const COPIED_BYTES_MAX: usize = 16 << 10;

/// Eight letters that no other request of a run has: its nonce, and part of what it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark([u8; Mark::LENGTH]);

impl Mark {
    /// Bytes in a body.
    pub(crate) const LENGTH: usize = 8;
    /// Holds its place in a body that is not written yet.
    pub(crate) const PLACE: &str = "########";
    /// None looks like another: names made of them are no lookalikes.
    const LETTERS: &[u8; 16] = b"abcdefghkmpqrstx";

    pub(crate) fn new(number: u32) -> Self {
        let letter = |place: usize| {
            let letter = (number >> (4 * place)) & 15;
            Self::LETTERS.get(letter as usize).copied().unwrap_or_default()
        };
        Self(std::array::from_fn(letter))
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A request, ready but for its nonce, its time and its mark.
pub(crate) struct Request {
    pub(crate) method: String,
    /// Up to the last header but the signature.
    head: String,
    signer: Option<Signer>,
    body: Vec<u8>,
    /// Where in the body the mark goes.
    mark_at: Option<usize>,
    pub(crate) expected: Expected,
}

/// What a connection writes its requests with.
#[derive(Default)]
pub(crate) struct Pen {
    pub(crate) written: Vec<u8>,
    signature: String,
    nonce: String,
}

impl Request {
    /// An unsigned request to `path`, which includes its query; `headers` are without those that HTTP itself asks for.
    pub(crate) fn new(
        server: &Server,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        expected: Expected,
    ) -> Self {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", server.host);
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
            head.extend(["content-length: ", &body.len().to_string(), "\r\n"]);
        }
        let method = method.to_owned();
        Self { method, head, signer: None, body, mark_at: None, expected }
    }

    /// With a signature.
    pub(crate) fn signed(self, signer: Signer) -> Self {
        Self { signer: Some(signer), ..self }
    }

    /// With the mark in the body where its place is held.
    pub(crate) fn marked(self) -> Self {
        Self { mark_at: memmem::find(&self.body, Mark::PLACE.as_bytes()), ..self }
    }

    /// Its first line, for people.
    pub(crate) fn line(&self) -> &str {
        self.head.split(" HTTP").next().unwrap_or_default()
    }

    /// Writes the request as it goes over the wire, and returns what of its body is to follow. `run` is a nonce that no
    /// other run has; `timestamp` is in seconds since the epoch.
    pub(crate) fn write(&self, pen: &mut Pen, run: &str, mark: Mark, timestamp: u64) -> &[u8] {
        let to = &mut pen.written;
        to.clear();
        to.extend_from_slice(self.head.as_bytes());
        if let Some(signer) = &self.signer {
            pen.nonce.clear();
            pen.nonce.push_str(run);
            pen.nonce.push_str(mark.as_str());
            pen.signature.clear();
            signer.sign(timestamp, &pen.nonce, &mut pen.signature);
            to.extend_from_slice(b"authorization: ");
            to.extend_from_slice(pen.signature.as_bytes());
            to.extend_from_slice(b"\r\n");
        }
        to.extend_from_slice(b"\r\n");
        if self.body.len() > COPIED_BYTES_MAX {
            return &self.body;
        }
        let begins = to.len();
        to.extend_from_slice(&self.body);
        if let Some(at) = self.mark_at
            && let Some(place) = to.get_mut(begins + at..begins + at + Mark::LENGTH)
        {
            place.copy_from_slice(&mark.0);
        }
        &[]
    }
}

/// What an answer has to be.
pub(crate) struct Expected {
    pub(crate) status: u16,
    pub(crate) content: Content,
}

/// What its body has to be.
pub(crate) enum Content {
    Anything,
    Exactly(Vec<u8>),
    /// These texts are in it, and one that the mark comes right after.
    Holds {
        texts: Vec<Finder<'static>>,
        marked: Option<Finder<'static>>,
    },
    /// A text is in it so many times.
    Times(Finder<'static>, usize),
    /// So many bytes of this type.
    File {
        bytes: usize,
        content_type: String,
    },
}

impl Content {
    pub(crate) fn holds(texts: &[&str]) -> Self {
        let texts = texts.iter().map(|text| finder(text)).collect();
        Self::Holds { texts, marked: None }
    }

    pub(crate) fn times(text: &str, times: usize) -> Self {
        Self::Times(finder(text), times)
    }

    /// The mark after `before`, and these texts.
    pub(crate) fn marked(before: &str, texts: &[&str]) -> Self {
        let texts = texts.iter().map(|text| finder(text)).collect();
        Self::Holds { texts, marked: Some(finder(before)) }
    }

    fn is(&self, answer: &Answer<'_>, mark: Mark) -> bool {
        let body = answer.body;
        match self {
            Self::Anything => true,
            Self::Exactly(expected) => body == expected,
            Self::Holds { texts, marked } => {
                let is_marked = |before: &Finder<'_>| {
                    let at = before.find(body).map(|at| at + before.needle().len());
                    at.and_then(|at| body.get(at..)).is_some_and(|after| after.starts_with(&mark.0))
                };
                texts.iter().all(|text| text.find(body).is_some())
                    && marked.as_ref().is_none_or(is_marked)
            }
            Self::Times(text, times) => text.find_iter(body).count() == *times,
            Self::File { bytes, content_type } => {
                body.len() == *bytes && answer.content_type == content_type
            }
        }
    }
}

fn finder(text: &str) -> Finder<'static> {
    memmem::Finder::new(text).into_owned()
}

impl Expected {
    pub(crate) fn check(&self, answer: &Answer<'_>, mark: Mark) -> Result<(), Wrong> {
        if answer.status != self.status {
            return Err(Wrong::Status(answer.status));
        }
        if self.content.is(answer, mark) { Ok(()) } else { Err(Wrong::Body) }
    }
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wrong {
    Status(u16),
    Body,
    /// It could not be made, or ended before the answer did.
    Connection,
    /// There was none when all was over.
    Unanswered,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}"),
            Self::Body => f.write_str("wrong body"),
            Self::Connection => f.write_str("connection"),
            Self::Unanswered => f.write_str("no answer"),
        }
    }
}

/// What one account sends: kinds of requests and how often each is chosen, by weight.
#[derive(Default)]
pub(crate) struct Traffic {
    kinds: Vec<(u32, Vec<Request>)>,
    weights: u32,
}

impl Traffic {
    pub(crate) fn add(&mut self, weight: u32, requests: Vec<Request>) {
        self.weights += weight;
        self.kinds.push((weight, requests));
    }

    /// One of the requests, chosen by `random`.
    pub(crate) fn choose(&self, random: u64) -> Option<&Request> {
        let mut at = u32::try_from((random >> 32) % u64::from(self.weights.max(1))).ok()?;
        let mut kinds = self.kinds.iter();
        let requests = loop {
            let (weight, requests) = kinds.next()?;
            match at.checked_sub(*weight) {
                Some(rest) => at = rest,
                None => break requests,
            }
        };
        requests.get((random & 0xFFFF_FFFF) as usize % requests.len().max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(content: &Content, body: &str, number: u32) -> bool {
        let answer = Answer { status: 200, content_type: "image/jpeg", body: body.as_bytes() };
        content.is(&answer, Mark::new(number))
    }

    #[test]
    fn an_answer_holds_what_was_asked_for_and_nothing_like_it() {
        let own = Mark::new(77);
        let named = format!(r#"{{"id":"1","name":"Jon {}"}}"#, own.as_str());
        let content = Content::marked(r#""name":"Jon "#, &[r#""id":""#]);
        assert!(is(&content, &named, 77));
        assert!(!is(&content, &named, 78));
        assert!(!is(&content, &named.replace("id", "ad"), 77));
        assert!(!is(&content, r#"{"id":"1","name":"Jon "#, 77));
        assert!(is(&Content::times("ab", 2), "ab ab", 0));
        assert!(!is(&Content::times("ab", 2), "ab ab ab", 0));
        assert!(is(&Content::Exactly(b"ok".to_vec()), "ok", 0));
        assert!(!is(&Content::Exactly(b"ok".to_vec()), "ok ", 0));
        let file = |bytes, kind: &str| Content::File { bytes, content_type: kind.to_owned() };
        assert!(is(&file(3, "image/jpeg"), "abc", 0));
        assert!(!is(&file(4, "image/jpeg"), "abc", 0));
        assert!(!is(&file(3, "image/png"), "abc", 0));
    }

    #[test]
    fn a_request_is_written_with_its_mark() {
        let server = Server::parse("http://a:1").unwrap();
        let body = format!("<{}>", Mark::PLACE).into_bytes();
        let expected = Expected { status: 200, content: Content::Anything };
        let request =
            Request::new(&server, "POST", "/x?y=z", &[("k", "v")], body, expected).marked();
        assert_eq!(request.line(), "POST /x?y=z");
        let mut pen = Pen::default();
        assert_eq!(request.write(&mut pen, "", Mark::new(0xFEDC_BA98), 0), b"");
        assert_eq!(
            String::from_utf8(pen.written).unwrap(),
            "POST /x?y=z HTTP/1.1\r\nhost: a:1\r\nk: v\r\ncontent-length: 10\r\n\r\n<hkmpqrstx>"
                .replace("hkmpqrstx", Mark::new(0xFEDC_BA98).as_str())
        );
    }

    #[test]
    fn no_two_marks_are_alike() {
        let marks: std::collections::HashSet<_> =
            (0..70_000).map(|number| Mark::new(number).as_str().to_owned()).collect();
        assert_eq!(marks.len(), 70_000);
        assert!(marks.iter().all(|mark| mark.len() == Mark::LENGTH));
    }

    #[test]
    fn requests_are_chosen_by_their_weight() {
        let server = Server::parse("http://a:1").unwrap();
        let request = |path: &str| {
            let expected = Expected { status: 200, content: Content::Anything };
            Request::new(&server, "GET", path, &[], Vec::new(), expected)
        };
        let mut traffic = Traffic::default();
        traffic.add(1, vec![request("/a")]);
        traffic.add(3, vec![request("/b"), request("/c")]);
        let chosen = |high: u64, low: u64| traffic.choose(high << 32 | low).unwrap().line();
        assert_eq!(
            [0, 1, 2, 3, 4].map(|high| chosen(high, 0)),
            ["GET /a", "GET /b", "GET /b", "GET /b", "GET /a"]
        );
        assert_eq!([0, 1, 2].map(|low| chosen(1, low)), ["GET /b", "GET /c", "GET /b"]);
        assert!(Traffic::default().choose(0).is_none());
    }
}
