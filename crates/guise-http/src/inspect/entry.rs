//! What is remembered of a request.

use axum::extract::MatchedPath;
use guise_domain::Timestamp;

use crate::auth::Named;

/// One request and its answer. Whatever is in here may be shown to the app's owner, apart from [`Kept::Whole`].
#[derive(Debug)]
pub(super) struct Entry {
    /// Its place in the order in which requests were answered.
    pub(super) number: i64,
    /// The id that its answer and the log carry too.
    pub(super) id: String,
    pub(super) at: Timestamp,
    pub(super) method: String,
    /// Path and query, without secrets.
    pub(super) path: String,
    pub(super) route: Option<MatchedPath>,
    pub(super) status: u16,
    pub(super) refused: Option<(u16, &'static str)>,
    pub(super) millis: u64,
    pub(super) named: Named,
    pub(super) oauth: Oauth,
    pub(super) headers: Pairs,
    pub(super) body: Option<Text>,
    pub(super) answer: Option<Text>,
    pub(super) kept: Kept,
}

/// The protocol parameters of a request.
#[derive(Debug)]
pub(super) enum Oauth {
    /// A header whose signature is a hash, as it came: it is taken apart for those who look, and most are never looked at.
    Header(String),
    /// Parameters from anywhere else.
    Parts {
        /// Without secrets.
        shown: Pairs,
        /// What the secrets are found under: consumer key and token.
        names: (String, String),
    },
}

/// Names and values in one piece of memory: every request brings some twenty of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs {
    text: String,
    /// Where each name ends, and each value.
    ends: Vec<(usize, usize)>,
}

impl Pairs {
    /// None yet, with room for `count` of them.
    pub(super) fn with_capacity(count: usize) -> Self {
        Self { text: String::with_capacity(count * 32), ends: Vec::with_capacity(count) }
    }

    pub(super) fn push(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        let name_ends = self.text.len();
        self.text.push_str(value);
        self.ends.push((name_ends, self.text.len()));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, value_ends)| *value_ends));
        starts.zip(&self.ends).map(|(start, (name_ends, value_ends))| {
            let part = |range| self.text.get(range).unwrap_or_default();
            (part(start..*name_ends), part(*name_ends..*value_ends))
        })
    }

    fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<(usize, usize)>()
    }
}

/// The beginning of a body.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) text: String,
    /// How long the whole of it was.
    pub(super) bytes: usize,
}

/// What is kept to explain the signature of a refused request.
#[derive(Debug)]
pub(super) enum Kept {
    /// It was not refused for its signature.
    Nothing,
    /// More than is kept.
    TooLong,
    Whole(Box<Signed>),
}

/// The parts of a request that its signature covers, as they came, and what else is needed to explain it.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) query: String,
    pub(super) form: Option<Vec<u8>>,
    pub(super) authorization: Option<String>,
    /// A body that is no form, as the forms that it may have been taken for; absent when it was not kept.
    pub(super) unsigned: Option<Vec<Vec<u8>>>,
    pub(super) base_urls: Vec<String>,
    /// Whether the body had another hash than was signed for.
    pub(super) other_hash: bool,
}

impl Signed {
    fn bytes(&self) -> usize {
        let unsigned = self.unsigned.iter().flatten().map(Vec::len).sum::<usize>();
        let urls = self.base_urls.iter().map(String::len).sum::<usize>();
        let authorization = self.authorization.as_ref().map_or(0, String::len);
        self.query.len() + self.form.as_ref().map_or(0, Vec::len) + authorization + unsigned + urls
    }
}

impl Entry {
    /// The memory it takes, nearly.
    pub(super) fn bytes(&self) -> usize {
        const FIXED: usize = 512;
        let oauth = match &self.oauth {
            Oauth::Header(header) => header.len(),
            Oauth::Parts { shown, names: (key, token) } => shown.bytes() + key.len() + token.len(),
        };
        let texts = [&self.body, &self.answer].into_iter().flatten();
        let texts = texts.map(|text| text.text.len()).sum::<usize>();
        let kept = match &self.kept {
            Kept::Nothing | Kept::TooLong => 0,
            Kept::Whole(signed) => signed.bytes(),
        };
        FIXED + self.headers.bytes() + oauth + texts + kept + self.path.len()
    }
}
