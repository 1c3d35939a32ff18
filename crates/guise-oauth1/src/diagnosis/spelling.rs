//! Encoders that clients have in place of the one that signatures need.

use super::Mistake;
use super::message::Field;

/// How a text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encoder {
    /// How often.
    times: u8,
    /// What is left alone besides letters, digits and `-._`.
    left: &'static str,
    plus: bool,
    lower: bool,
}

/// The one that is right.
pub(super) const STRICT: Encoder = Encoder { times: 1, left: "~", plus: false, lower: false };

/// What an encoder does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Twice,
    NotAtAll,
    SpaceAsPlus,
    LeftAlone(&'static str),
    TildeEncoded,
    LowerCase,
}

const SUB: &str = "!*'()";
const URI: &str = ";,/?:@&=+$!*'()#";

/// Encoders in use: those of languages' libraries, and what becomes of strict ones that are misused. The likelier comes
/// first, where a text does not tell them apart.
pub(super) const WRONG: [(Wrong, Encoder); 11] = [
    (Wrong::Twice, Encoder { times: 2, ..STRICT }),
    (Wrong::SpaceAsPlus, Encoder { plus: true, ..STRICT }),
    (Wrong::SpaceAsPlus, Encoder { plus: true, left: "*", ..STRICT }),
    (Wrong::SpaceAsPlus, Encoder { plus: true, left: "", ..STRICT }),
    (Wrong::LeftAlone(SUB), Encoder { left: "~!*'()", ..STRICT }),
    (Wrong::LeftAlone("/"), Encoder { left: "~/", ..STRICT }),
    (Wrong::TildeEncoded, Encoder { left: "", ..STRICT }),
    (Wrong::LowerCase, Encoder { lower: true, ..STRICT }),
    (Wrong::NotAtAll, Encoder { times: 0, ..STRICT }),
    (Wrong::LeftAlone(","), Encoder { left: "~,", ..STRICT }),
    (Wrong::LeftAlone(URI), Encoder { left: "~;,/?:@&=+$!*'()#", ..STRICT }),
];

impl Encoder {
    pub(super) fn encode(self, bytes: &[u8]) -> Vec<u8> {
        (0..self.times).fold(bytes.to_vec(), |bytes, _| self.once(&bytes))
    }

    fn once(self, bytes: &[u8]) -> Vec<u8> {
        let digits = if self.lower { b"0123456789abcdef" } else { b"0123456789ABCDEF" };
        let digit = |value: u8| digits.get(usize::from(value)).copied().unwrap_or_default();
        let mut encoded = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            let plain = byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            match byte {
                _ if plain || self.left.as_bytes().contains(&byte) => encoded.push(byte),
                b' ' if self.plus => encoded.push(b'+'),
                _ => encoded.extend([b'%', digit(byte >> 4), digit(byte & 15)]),
            }
        }
        encoded
    }
}

/// Which parameters an encoder was used for; the others are encoded as they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    All,
    /// Those of query and form.
    Sent,
    /// One of them.
    One(usize),
}

/// How the parameters got into the base string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    pub(super) wrong: Wrong,
    /// For each name and value.
    pub(super) inner: Encoder,
    pub(super) scope: Scope,
    /// For the URL and for the parameters when they are joined.
    pub(super) outer: Encoder,
}

/// Parameters that are tried one by one.
const SINGLED_OUT_MAX: usize = 8;

/// Every spelling worth trying for these parameters: first for all of them, which is how encoders go wrong.
pub(super) fn all(fields: &[Field]) -> impl Iterator<Item = Spelling> {
    let spelling = |wrong, inner, scope, outer| Spelling { wrong, inner, scope, outer };
    let whole = WRONG.into_iter().flat_map(move |(wrong, encoder)| {
        [(encoder, STRICT), (encoder, encoder), (STRICT, encoder)]
            .map(|(inner, outer)| spelling(wrong, inner, Scope::All, outer))
    });
    let sent = WRONG.map(|(wrong, encoder)| spelling(wrong, encoder, Scope::Sent, STRICT));
    let misused =
        WRONG.into_iter().filter(|(wrong, _)| matches!(wrong, Wrong::Twice | Wrong::NotAtAll));
    let one = misused.flat_map(move |(wrong, encoder)| {
        let differing = fields
            .iter()
            .enumerate()
            .filter(move |(_, field)| field.is_sent() && field.differs(encoder));
        let singled_out = differing.take(SINGLED_OUT_MAX);
        singled_out.map(move |(at, _)| spelling(wrong, encoder, Scope::One(at), STRICT))
    });
    // Such encoders differ in more than the plus sign, but are named after it.
    let spaces =
        fields.iter().any(|field| field.name.contains(&b' ') || field.value.contains(&b' '));
    let all = whole.chain(sent).chain(one);
    all.filter(move |spelling| spaces || spelling.wrong != Wrong::SpaceAsPlus)
}

impl Spelling {
    /// The encoder of the parameter at a position.
    pub(super) fn of(&self, at: usize, field: &Field) -> Encoder {
        let wrong = match self.scope {
            Scope::All => true,
            Scope::Sent => field.is_sent(),
            Scope::One(one) => at == one,
        };
        if wrong { self.inner } else { STRICT }
    }

    /// What was done wrong, and to which parameters.
    pub(super) fn mistake(&self, fields: &[Field]) -> Mistake {
        if self.wrong == Wrong::NotAtAll && self.outer != STRICT && self.inner == STRICT {
            return Mistake::PartsNotEncoded;
        }
        let encoder = if self.inner == STRICT { self.outer } else { self.inner };
        let differs = |(at, field): &(usize, &Field)| {
            field.differs(encoder) && (self.inner == STRICT || self.of(*at, field) != STRICT)
        };
        let mut names: Vec<String> = fields
            .iter()
            .enumerate()
            .filter(differs)
            .map(|(_, field)| String::from_utf8_lossy(&field.name).into_owned())
            .collect();
        names.dedup();
        match self.wrong {
            Wrong::Twice => Mistake::EncodedTwice(names),
            Wrong::NotAtAll => Mistake::NotEncoded(names),
            Wrong::SpaceAsPlus => Mistake::SpaceAsPlus(names),
            Wrong::LeftAlone(characters) => Mistake::LeftAlone { characters, parameters: names },
            Wrong::TildeEncoded => Mistake::TildeEncoded(names),
            Wrong::LowerCase => Mistake::LowerCaseEscapes,
        }
    }
}
