//! From a verified body to values: strict JSON, forms and queries, with the path of what is wrong.

mod cursor;
mod json;
mod member;
mod moment;
mod pairs;

pub(crate) use cursor::{Cursor, page};
pub(crate) use json::parse as parse_json;
pub(crate) use member::{Member, parse_id};
pub(crate) use moment::{moment, written_moment};
pub(crate) use pairs::Pairs;
