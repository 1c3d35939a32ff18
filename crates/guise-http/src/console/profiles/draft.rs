//! What somebody typed about a profile, and what is wrong with it.

use std::str::FromStr;

use bytes::Bytes;
use guise_domain::limits::PROFILE_TAGS_MAX;
use guise_domain::{ExternalId, Kind, MediaId, ProfileName, ProfileTag, Tagged};
use http::StatusCode;

use super::view::Shown;
use crate::console::{SignedIn, When, picture};
use crate::error::Refusal;
use crate::state::Guise;
use crate::wire::Pairs;

/// The fields of a form, as they were typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) external_id: String,
    pub(super) tags: String,
    /// The upload that a picture became, which waits for the rest to be right.
    pub(super) uploaded: Option<MediaId>,
    /// The revision that was looked at.
    pub(super) revision: u32,
    /// Where the picture is that the profile has.
    pub(super) picture: Option<String>,
    /// What is wrong, by field; what is wrong with no field in particular is under an empty name.
    problems: Vec<(&'static str, String)>,
    status: StatusCode,
}

/// What was typed, when nothing is wrong with it.
#[derive(Debug)]
pub(super) struct Meant {
    pub(super) name: ProfileName,
    pub(super) kind: Option<Kind>,
    pub(super) external_id: Option<ExternalId>,
    pub(super) tags: Vec<ProfileTag>,
}

impl Draft {
    /// What a form says.
    pub(super) fn typed(form: &Pairs) -> Self {
        let field = |name: &str| form.get(name).unwrap_or_default().to_owned();
        Self {
            name: field("name"),
            kind: field("kind"),
            external_id: field("external_id"),
            tags: field("tags"),
            uploaded: form.get("uploaded").and_then(|id| id.parse().ok()),
            revision: form.get("revision").and_then(|text| text.parse().ok()).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// What a profile is.
    pub(super) fn of(profile: Tagged) -> Self {
        let shown = Shown::new(profile);
        Self {
            name: shown.name,
            kind: shown.kind.unwrap_or_default().to_owned(),
            external_id: shown.external_id.unwrap_or_default(),
            tags: shown.tags.join(" "),
            revision: shown.revision,
            picture: Some(shown.picture),
            ..Self::default()
        }
    }

    /// The same about a profile with this picture, at this revision.
    pub(super) fn about(self, picture: Option<String>, revision: u32) -> Self {
        Self { revision, picture, ..self }
    }

    /// Keeps the picture that came with a form, whatever else is wrong, so that it need not be chosen again.
    ///
    /// # Errors
    /// What is no fault of what was typed.
    pub(super) async fn take_picture(
        &mut self,
        guise: &Guise,
        signed: &SignedIn,
        file: Option<Bytes>,
    ) -> Result<(), Refusal> {
        let Some(bytes) = file else { return Ok(()) };
        match picture::keep(guise, signed, bytes).await {
            Ok(id) => self.uploaded = Some(id),
            Err(refusal) => self.refuse(refusal)?,
        }
        Ok(())
    }

    /// Reads what was typed, and finds all that is wrong with it.
    pub(super) fn meant(&mut self) -> Option<Meant> {
        let name = ProfileName::parse(&self.name);
        let name = name.map_err(|rule| self.wrong("name", format!("The name {rule}."))).ok();
        let kind = Kind::parse(&self.kind);
        if kind.is_none() && !self.kind.is_empty() {
            self.wrong("kind", "The kind must be human, bot or ai.".to_owned());
        }
        let external_id = self.external_id.trim();
        let external_id = (!external_id.is_empty()).then(|| external_id.parse()).transpose();
        let external_id = external_id
            .map_err(|rule| self.wrong("external_id", format!("The external id {rule}.")));
        let tags = self.tags();
        match (name, external_id, tags) {
            (Some(name), Ok(external_id), Some(tags)) if self.problems.is_empty() => {
                Some(Meant { name, kind, external_id, tags })
            }
            _ => None,
        }
    }

    fn tags(&mut self) -> Option<Vec<ProfileTag>> {
        let words = self.tags.split([' ', ',', '\t', '\n', '\r']).filter(|word| !word.is_empty());
        let tags: Result<Vec<_>, _> = words.map(ProfileTag::from_str).collect();
        match tags {
            Ok(tags) if tags.len() <= PROFILE_TAGS_MAX => return Some(tags),
            Ok(tags) => {
                let told = format!("At most {PROFILE_TAGS_MAX} tags, got {}.", tags.len());
                self.wrong("tags", told);
            }
            Err(rule) => self.wrong("tags", format!("Each tag {rule}.")),
        }
        None
    }

    /// Puts a refusal to the field it belongs to.
    ///
    /// # Errors
    /// The refusal, if typing something else would not help.
    pub(super) fn refuse(&mut self, refusal: Refusal) -> Result<(), Refusal> {
        let (status, _, message) = refusal.wire();
        // The text of a broken rule names its place first.
        let rule = message.split_once(": ").map_or(message.as_str(), |(_, rule)| rule);
        let (field, told) = match &refusal {
            Refusal::Upload(_) => ("media", format!("The picture was not taken: {message}")),
            Refusal::MediaNotFound | Refusal::NotAPicture => {
                self.uploaded = None;
                ("media", "The picture is not kept any more. Choose it again.".to_owned())
            }
            Refusal::ReservedName(_) => ("name", format!("The name {rule}.")),
            Refusal::KindRequired(_) => ("kind", format!("The kind {rule}.")),
            Refusal::ExternalIdTaken => ("external_id", format!("The external id {rule}.")),
            Refusal::Limited(quota) => {
                let when = When(quota.resets_at);
                ("", format!("The limit is used up until {when}. Nothing was saved."))
            }
            _ => return Err(refusal),
        };
        self.wrong(field, told);
        self.status = status;
        Ok(())
    }

    fn wrong(&mut self, field: &'static str, told: String) {
        self.status = StatusCode::BAD_REQUEST;
        self.problems.push((field, told));
    }

    /// The status of a page that shows it.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong with a field.
    pub(super) fn problem(&self, field: &str) -> Option<&str> {
        self.problems.iter().find(|(name, _)| *name == field).map(|(_, told)| told.as_str())
    }
}
