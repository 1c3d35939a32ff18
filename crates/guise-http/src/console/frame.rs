//! What stands around the content of every page.

use super::PAGES;

macro_rules! sections {
    ($($name:ident = $label:literal $path:literal $about:literal;)*) => {
        /// A part of the console that the navigation leads to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Section {
            /// Where one arrives; not in the navigation.
            Start,
            $(#[doc = $about] $name,)*
        }

        /// The navigation, in its order.
        const SECTIONS: &[Destination] = &[$(Destination {
            section: Section::$name, label: $label, path: $path, about: $about
        }),*];
    };
}

/// A line of the navigation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Destination {
    pub(crate) section: Section,
    pub(crate) label: &'static str,
    pub(crate) path: &'static str,
    pub(crate) about: &'static str,
}

sections! {
    Profiles = "Profiles" "/profiles" "The names and faces that messages are written under.";
    Conversations = "Conversations" "/conversations" "What was written to whom, as they see it.";
    Log = "Log" "/log" "Who did what, and when.";
    Apps = "Apps" "/apps" "Programs that act for this account, and their tokens.";
    Limits = "Limits" "/limits" "What is left of each limit, and when it starts anew.";
    Inspector = "Inspector" "/inspector" "The last requests, and why one was refused.";
    Settings = "Settings" "/settings" "Whose messages this account takes.";
    Docs = "Docs" "/docs" "The API, endpoint by endpoint.";
}

/// What `layout.html` shows: who is signed in, and where they are. A page's template keeps it as `frame`.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// Whose pages these are, and who is at work, if anybody is signed in.
    pub(crate) account: Option<String>,
    pub(crate) operator: Option<String>,
    pub(crate) section: Section,
    /// Proves that a form is ours; `{% include "proof.html" %}` puts it into one.
    pub(crate) csrf: String,
    /// Tells one showing of a form from another.
    pub(crate) once: String,
}

impl Frame {
    /// The frame for somebody who is not signed in.
    pub(crate) fn nobody() -> Self {
        Self {
            account: None,
            operator: None,
            section: Section::Start,
            csrf: String::new(),
            once: String::new(),
        }
    }
}

/// The parts of the console that there are.
pub(crate) fn sections() -> impl Iterator<Item = &'static Destination> {
    SECTIONS.iter().filter(|there| PAGES.iter().any(|(path, _)| *path == there.path))
}
