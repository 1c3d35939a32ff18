//! Rate limits: fixed windows that start at the first call in them.
//!
//! Reads are counted per access token, writes per account and some per app too. The figures are defaults; the configuration can set each.

use std::sync::Arc;

use crate::Timestamp;
use crate::limits::NODES_COUNTING_MAX;

/// How many calls fit into a window of how many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Calls in one window.
    pub limit: u32,
    /// The window's length.
    pub window_seconds: u32,
}

impl Rule {
    /// How many reads a node may keep to itself where several count together. Whoever counted last knows of all others
    /// but these, so no more than a tenth too many are let through.
    #[must_use]
    pub const fn unreported_max(self) -> u32 {
        self.limit / 10 / (NODES_COUNTING_MAX - 1)
    }
}

/// What an account or a token needs beyond being known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Nothing.
    None,
    /// The account's permission for custom profiles.
    CustomProfiles,
    /// The token's access level for direct messages.
    DirectMessages,
}

/// Whether an endpoint reads or changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Counted per access token, in memory first.
    Read,
    /// Counted per account, in the write's own step.
    Write,
    /// Counted per app, in the write's own step; beside the account's count where there is one.
    App,
}

const DAY: u32 = 86_400;
const QUARTER: u32 = 900;

macro_rules! endpoints {
    ($($name:ident $kind:ident $path:literal $limit:literal / $seconds:ident;)*) => {
        /// A limited endpoint.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Endpoint {
            $(#[doc = concat!("`", $path, "`")] $name,)*
        }

        impl Endpoint {
            /// Every endpoint, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The path without version and `.json`, as `application/rate_limit_status` names it; unique.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self { $(Self::$name => $path),* }
            }

            /// Whether it reads or writes.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind),* }
            }

            /// The rule unless configured otherwise.
            #[must_use]
            pub const fn default_rule(self) -> Rule {
                match self { $(Self::$name => Rule { limit: $limit, window_seconds: $seconds }),* }
            }
        }
    };
}

endpoints! {
    AccountVerifyCredentials Read "/account/verify_credentials" 75 / QUARTER;
    ApplicationRateLimitStatus Read "/application/rate_limit_status" 180 / QUARTER;
    CustomProfilesNew Write "/custom_profiles/new" 1000 / DAY;
    CustomProfilesShow Read "/custom_profiles/show" 180 / QUARTER;
    CustomProfilesList Read "/custom_profiles/list" 180 / QUARTER;
    CustomProfilesDestroy Write "/custom_profiles/destroy" 1000 / DAY;
    MediaUpload Write "/media/upload" 500 / QUARTER;
    MediaUploadStatus Read "/media/upload_status" 500 / QUARTER;
    MediaMetadataCreate Write "/media/metadata/create" 15 / QUARTER;
    DirectMessagesNew Write "/direct_messages/events/new" 1000 / DAY;
    DirectMessagesNewByApp App "/direct_messages/events/new_by_app" 15000 / DAY;
    DirectMessagesShow Read "/direct_messages/events/show" 15 / QUARTER;
    DirectMessagesList Read "/direct_messages/events/list" 15 / QUARTER;
    DirectMessagesDestroy Write "/direct_messages/events/destroy" 1000 / QUARTER;
    DirectMessagesMarkRead Write "/direct_messages/mark_read" 1000 / QUARTER;
    DirectMessagesIndicateTyping Write "/direct_messages/indicate_typing" 1000 / QUARTER;
    DirectMessagesMedia Read "/direct_messages/media" 900 / QUARTER;
    DirectMessagesStream Read "/guise/direct_messages/stream" 180 / QUARTER;
    DirectMessagesBox Read "/guise/direct_messages/list" 180 / QUARTER;
    Audit Read "/guise/audit" 180 / QUARTER;
    Requests Read "/guise/requests/list" 180 / QUARTER;
    RequestsShow Read "/guise/requests/show" 180 / QUARTER;
    RequestsStream Read "/guise/requests/stream" 180 / QUARTER;
    ProfilesShow Read "/guise/profiles/show" 180 / QUARTER;
    ProfilesFind Read "/guise/profiles/find" 180 / QUARTER;
    ProfilesRevisions Read "/guise/profiles/revisions" 180 / QUARTER;
    ProfilesCheck Read "/guise/profiles/check" 180 / QUARTER;
    ProfilesEdit Write "/guise/profiles/edit" 10000 / DAY;
    UsersShow Read "/users/show" 900 / QUARTER;
    UsersLookup Read "/users/lookup" 900 / QUARTER;
    AccountSettings Read "/account/settings" 15 / QUARTER;
    AccountSettingsUpdate Write "/account/settings_update" 15 / QUARTER;
    BlocksCreate Write "/blocks/create" 15 / QUARTER;
    BlocksDestroy Write "/blocks/destroy" 15 / QUARTER;
    BlocksIds Read "/blocks/ids" 15 / QUARTER;
    OauthRequestToken App "/oauth/request_token" 900 / QUARTER;
    OauthAccessToken App "/oauth/access_token" 900 / QUARTER;
    OauthInvalidateToken Write "/oauth/invalidate_token" 15 / QUARTER;
    Oauth2Token App "/oauth2/token" 900 / QUARTER;
    Oauth2InvalidateToken App "/oauth2/invalidate_token" 15 / QUARTER;
}

impl Endpoint {
    /// The first part of the path, which groups endpoints: `custom_profiles`.
    #[must_use]
    pub fn family(self) -> &'static str {
        self.path().trim_start_matches('/').split('/').next().unwrap_or_default()
    }

    /// Whether the original told what is left of it: it had none of ours, and told of no verb beside a path's main one.
    #[must_use]
    pub fn is_listed(self) -> bool {
        let apart = [
            Self::MediaUploadStatus,
            Self::DirectMessagesMedia,
            Self::AccountSettingsUpdate,
            Self::DirectMessagesNewByApp,
        ];
        !matches!(self.family(), "guise" | "oauth" | "oauth2") && !apart.contains(&self)
    }

    /// What its callers need.
    #[must_use]
    pub fn permission(self) -> Permission {
        let path = self.path();
        // Whoever got a message under a profile may look at it, with the permission to make some or without.
        if self == Self::CustomProfilesShow {
            return Permission::None;
        }
        match path.strip_prefix("/guise").unwrap_or(path).split('/').nth(1) {
            Some("custom_profiles" | "profiles") => Permission::CustomProfiles,
            Some("direct_messages") => Permission::DirectMessages,
            _ => Permission::None,
        }
    }

    /// Whether a token has to be allowed to write. Any token may be given up.
    #[must_use]
    pub fn needs_write_access(self) -> bool {
        self.kind() == Kind::Write && self != Self::OauthInvalidateToken
    }

    /// Whether an app may read it for itself, with a bearer token.
    #[must_use]
    pub const fn takes_bearer(self) -> bool {
        matches!(self, Self::ApplicationRateLimitStatus | Self::UsersShow | Self::UsersLookup)
    }

    /// Position in [`Endpoint::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// What a call of this endpoint is counted against besides, for its app.
    #[must_use]
    pub const fn by_app(self) -> Option<Self> {
        match self {
            Self::DirectMessagesNew => Some(Self::DirectMessagesNewByApp),
            _ => None,
        }
    }

    /// Whether its requests may name an `Idempotency-Key`: those that would make a second one of the same.
    #[must_use]
    pub const fn keeps_answers(self) -> bool {
        matches!(self, Self::CustomProfilesNew | Self::MediaUpload | Self::DirectMessagesNew)
    }

    /// The endpoint with this path.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|endpoint| endpoint.path() == path)
    }
}

/// The rule of every endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules(Vec<Rule>);

impl Default for Rules {
    fn default() -> Self {
        Self(Endpoint::ALL.iter().map(|endpoint| endpoint.default_rule()).collect())
    }
}

impl Rules {
    /// The rule of `endpoint`.
    #[must_use]
    pub fn rule(&self, endpoint: Endpoint) -> Rule {
        self.0.get(endpoint.index()).copied().unwrap_or_else(|| endpoint.default_rule())
    }

    /// Sets the rule of `endpoint`.
    pub fn set(&mut self, endpoint: Endpoint, rule: Rule) {
        if let Some(slot) = self.0.get_mut(endpoint.index()) {
            *slot = rule;
        }
    }
}

/// One window's count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// When its first call came.
    pub started_at: Timestamp,
    /// Calls accepted in it.
    pub used: u32,
}

/// Reads of a token in a window, which a node counted by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reads {
    /// The token's public half, or the consumer key of an app that reads for itself.
    pub token: Arc<str>,
    /// What was read.
    pub endpoint: Endpoint,
    /// Its rule.
    pub rule: Rule,
    /// The window as the node knows it, with these reads alone.
    pub window: Window,
}

/// What is left of a limit after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Calls in one window.
    pub limit: u32,
    /// Calls left in this one.
    pub remaining: u32,
    /// When the window ends.
    pub resets_at: Timestamp,
}

impl Window {
    /// Counts one call at `now` against `rule`: the window it belongs to, and whether it fits (`Ok`) or is refused
    /// (`Err`), each with what is left. A window that has ended makes room for a new one.
    pub fn count(open: Option<Self>, rule: Rule, now: Timestamp) -> (Self, Result<Quota, Quota>) {
        let window = Self::current(open, rule, now);
        if window.used >= rule.limit {
            return (window, Err(window.quota(rule)));
        }
        let window = Self { used: window.used + 1, ..window };
        (window, Ok(window.quota(rule)))
    }

    /// What becomes of a window when calls that were counted in `other` are added: they join it if it is still open at
    /// `now`, and begin one of their own if not.
    #[must_use]
    pub fn joined(open: Option<Self>, other: Self, rule: Rule, now: Timestamp) -> Self {
        match open.filter(|window| !window.is_over(rule, now)) {
            Some(window) => Self { used: window.used.saturating_add(other.used), ..window },
            None => other,
        }
    }

    /// What is left at `now`, without counting a call.
    #[must_use]
    pub fn peek(open: Option<Self>, rule: Rule, now: Timestamp) -> Quota {
        Self::current(open, rule, now).quota(rule)
    }

    /// Whether the window has ended at `now`. One that starts further ahead than a window is long was opened by a
    /// clock that was wrong, and is given up; a smaller step back keeps it, so that no step back lifts a limit.
    #[must_use]
    pub fn is_over(self, rule: Rule, now: Timestamp) -> bool {
        let length = i64::from(rule.window_seconds);
        now >= self.ends_at(rule) || now.plus_seconds(length) < self.started_at
    }

    fn current(open: Option<Self>, rule: Rule, now: Timestamp) -> Self {
        open.filter(|window| !window.is_over(rule, now))
            .unwrap_or(Self { started_at: now, used: 0 })
    }

    /// When the window ends.
    #[must_use]
    pub fn ends_at(self, rule: Rule) -> Timestamp {
        self.started_at.plus_seconds(i64::from(rule.window_seconds))
    }

    /// What is left of it.
    #[must_use]
    pub fn quota(self, rule: Rule) -> Quota {
        Quota {
            limit: rule.limit,
            remaining: rule.limit.saturating_sub(self.used),
            resets_at: self.ends_at(rule),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { limit: 2, window_seconds: 900 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_700_000_000 + seconds)
    }

    #[test]
    fn a_window_starts_at_its_first_call_and_refuses_beyond_its_limit() {
        let (window, quota) = Window::count(None, RULE, at(5));
        assert_eq!(quota, Ok(Quota { limit: 2, remaining: 1, resets_at: at(905) }));
        let (window, quota) = Window::count(Some(window), RULE, at(904));
        assert_eq!(quota, Ok(Quota { limit: 2, remaining: 0, resets_at: at(905) }));
        let (window, quota) = Window::count(Some(window), RULE, at(904));
        assert_eq!(quota, Err(Quota { limit: 2, remaining: 0, resets_at: at(905) }));
        let (_, quota) = Window::count(Some(window), RULE, at(905));
        assert_eq!(quota, Ok(Quota { limit: 2, remaining: 1, resets_at: at(1805) }));
    }

    #[test]
    fn a_clock_that_steps_back_lifts_no_limit_and_sets_none_for_long() {
        let (window, _) = Window::count(None, RULE, at(0));
        assert_eq!(Window::peek(Some(window), RULE, at(-10)).remaining, 1);
        assert_eq!(Window::peek(Some(window), RULE, at(-900)).remaining, 1);
        assert_eq!(Window::peek(Some(window), RULE, at(-901)).remaining, 2);
    }

    #[test]
    fn what_all_nodes_but_one_keep_to_themselves_is_a_tenth_at_most() {
        for limit in [1, 15, 75, 89, 90, 180, 900, 15_000, u32::MAX] {
            let unreported = Rule { limit, ..RULE }.unreported_max();
            assert!(
                unreported.checked_mul(NODES_COUNTING_MAX - 1).unwrap() <= limit / 10,
                "{limit}"
            );
        }
        assert_eq!(Rule { limit: 15, ..RULE }.unreported_max(), 0);
        assert_eq!(Rule { limit: 900, ..RULE }.unreported_max(), 10);
    }

    #[test]
    fn paths_are_unique_and_find_their_endpoint() {
        for endpoint in Endpoint::ALL {
            assert_eq!(Endpoint::from_path(endpoint.path()), Some(*endpoint));
        }
        assert_eq!(Endpoint::MediaMetadataCreate.family(), "media");
        assert_eq!(Endpoint::ProfilesEdit.permission(), Permission::CustomProfiles);
        assert_eq!(Endpoint::DirectMessagesStream.permission(), Permission::DirectMessages);
        assert!(!Endpoint::DirectMessagesStream.is_listed());
    }
}
