//! Which requests somebody wants to see.

use guise_domain::AppId;

use super::entry::Entry;
use crate::error::Refusal;
use crate::wire::{Pairs, parse_id};

/// All of them by default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    method: Option<String>,
    status: Option<(u16, u16)>,
    code: Option<u16>,
    path: Option<String>,
    app: Option<AppId>,
}

impl Filter {
    /// What a query asks for.
    ///
    /// # Errors
    /// The parameter that is wrong, and its rule.
    pub(crate) fn parse(query: &Pairs) -> Result<Self, Refusal> {
        let given = |name| query.get(name);
        let code = |text| {
            let rule = || Refusal::Invalid("code: must be a number such as 32".into());
            number(text).ok_or_else(rule)
        };
        Ok(Self {
            method: given("method").map(str::to_ascii_uppercase),
            status: given("status").map(statuses).transpose()?,
            code: given("code").map(code).transpose()?,
            path: given("path").map(str::to_owned),
            app: given("app").map(|text| parse_id("app", text)).transpose()?,
        })
    }

    pub(super) fn fits(&self, entry: &Entry) -> bool {
        self.method.as_ref().is_none_or(|method| *method == entry.method)
            && self.status.is_none_or(|(low, high)| (low..=high).contains(&entry.status))
            && self.code.is_none_or(|code| entry.refused.is_some_and(|(its, _)| its == code))
            && self.path.as_ref().is_none_or(|path| entry.path.starts_with(path.as_str()))
            && self.app.is_none_or(|app| app == entry.named.app)
    }
}

/// The lowest and the highest status that `404` or `4xx` means.
fn statuses(text: &str) -> Result<(u16, u16), Refusal> {
    let range = match text.strip_suffix("xx") {
        Some(class) => number(class).map(|class| 100 * class.min(10)).map(|low| (low, low + 99)),
        None => number(text).map(|status| (status, status)),
    };
    range
        .filter(|(low, _)| (100..600).contains(low))
        .ok_or_else(|| Refusal::Invalid("status: must be like 404, or like 4xx".into()))
}

fn number(text: &str) -> Option<u16> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}
