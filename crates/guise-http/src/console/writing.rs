//! What somebody wrote into the form of a conversation, sent by the steps of the API; what is refused is told at its field.

use bytes::Bytes;
use guise_domain::limits::ALT_TEXT_CHARS_MAX;
use guise_domain::rate::{Endpoint, Quota};
use guise_domain::{
    Account, Admitted, DescribeUploadError, Entities, MediaId, MessageContent, MessageEntities,
    MessageId, MessageText, NewMessage, Once, ProfileId, SendError,
};
use http::StatusCode;

use super::{SignedIn, When, picture};
use crate::error::Refusal;
use crate::messages::{resolve, tell_sent};
use crate::state::Guise;
use crate::wire::Pairs;

/// A message as it was written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) text: String,
    /// The profile to write as, by its id.
    pub(super) profile: Option<String>,
    /// The upload that a picture became, which waits for the rest to be right.
    pub(super) uploaded: Option<MediaId>,
    /// What the picture shows.
    pub(super) alt: String,
    /// Whether the picture came before, and may be described already.
    pub(super) came_before: bool,
}

/// Why a message was not sent, at the field that it is about.
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) field: &'static str,
    pub(super) told: String,
}

/// Why a step did not do what was asked for.
pub(super) enum Unsent {
    /// Writing something else helps.
    Problem(Problem),
    Refused(Refusal),
}

impl<E: Into<Refusal>> From<E> for Unsent {
    fn from(refusal: E) -> Self {
        Self::Refused(refusal.into())
    }
}

fn problem(status: StatusCode, field: &'static str, told: impl Into<String>) -> Unsent {
    Unsent::Problem(Problem { status, field, told: told.into() })
}

fn bad(field: &'static str, told: impl Into<String>) -> Unsent {
    problem(StatusCode::BAD_REQUEST, field, told)
}

fn limited(quota: Quota, field: &'static str, what: &str) -> Unsent {
    let until = When(quota.resets_at);
    let told = format!("The limit of {} {what} is used up until {until}.", quota.limit);
    problem(StatusCode::TOO_MANY_REQUESTS, field, told)
}

impl Written {
    /// What a form says.
    pub(super) fn typed(form: &Pairs) -> Self {
        // Forms end lines with two characters, of which people typed one.
        let field = |name: &str| form.get(name).unwrap_or_default().replace("\r\n", "\n");
        let uploaded = form.get("uploaded").and_then(|id| id.parse().ok());
        Self {
            text: field("text"),
            profile: Some(field("profile")),
            uploaded,
            came_before: uploaded.is_some(),
            alt: field("alt"),
        }
    }

    /// Whether there is nothing to be sent.
    pub(super) fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.uploaded.is_none()
    }

    /// Keeps the picture that was chosen, whatever else is wrong.
    pub(super) async fn take_picture(
        &mut self,
        guise: &Guise,
        signed: &SignedIn,
        file: Option<Bytes>,
    ) -> Result<(), Unsent> {
        let Some(bytes) = file else { return Ok(()) };
        match picture::keep(guise, signed, bytes).await {
            Ok(id) => (self.uploaded, self.came_before) = (Some(id), false),
            Err(refusal @ Refusal::Upload(_)) => {
                let told = format!("The picture was not taken: {}", refusal.wire().2);
                return Err(bad("media", told));
            }
            Err(Refusal::Limited(quota)) => {
                return Err(limited(quota, "media", "pictures"));
            }
            Err(refusal) => return Err(refusal.into()),
        }
        Ok(())
    }

    /// Sends it.
    pub(super) async fn send(
        &mut self,
        guise: &Guise,
        signed: &SignedIn,
        other: &Account,
    ) -> Result<(), Unsent> {
        if self.is_empty() {
            return Err(bad("text", "Write something first, or choose a picture."));
        }
        let text = MessageText::parse(&self.text);
        let text = text.map_err(|rule| bad("text", format!("The text {rule}.")))?;
        let profile = self.profile(signed)?;
        let content = MessageContent::of(text, MessageEntities::default());
        let sent = match self.describe(guise, signed).await {
            Ok(()) => deliver(guise, signed, other, profile, self.uploaded, content).await,
            refused => refused,
        };
        if let Err(Unsent::Problem(Problem { field: "media", .. })) = sent {
            self.uploaded = None;
        }
        sent
    }

    /// Sends the answer that was `chosen` of those that the other party offered, instead of what else was written.
    pub(super) async fn answer(
        &self,
        guise: &Guise,
        signed: &SignedIn,
        other: &Account,
        chosen: &str,
    ) -> Result<(), Unsent> {
        let gone =
            || problem(StatusCode::FORBIDDEN, "text", "This answer is not offered any more.");
        let (message, index) = chosen.split_once('.').ok_or_else(gone)?;
        let message: MessageId = message.parse().map_err(|_| gone())?;
        let found = guise.store().message(signed.account().id, message).await?;
        let offered = found.filter(|message| message.sender == other.id).ok_or_else(gone)?;
        let options = offered.content.quick_reply;
        let index: usize = index.parse().map_err(|_| gone())?;
        let option = options.into_iter().nth(index).ok_or_else(gone)?;
        let text = MessageText::parse(option.label.as_str());
        let text = text.map_err(|rule| bad("text", format!("The answer {rule}.")))?;
        let content = MessageContent {
            quick_reply_response: option.metadata,
            ..MessageContent::of(text, MessageEntities::default())
        };
        deliver(guise, signed, other, self.profile(signed)?, None, content).await
    }

    fn profile(&self, signed: &SignedIn) -> Result<Option<ProfileId>, Unsent> {
        match self.profile.as_deref().unwrap_or_default() {
            "" => Ok(None),
            _ if !signed.account().custom_profiles => Err(Refusal::NotPermitted.into()),
            id => id.parse().map(Some).map_err(|_| bad("profile", PROFILE_GONE)),
        }
    }

    /// Says what the picture shows, for those who cannot see it.
    async fn describe(&self, guise: &Guise, signed: &SignedIn) -> Result<(), Unsent> {
        let Some(id) = self.uploaded else { return Ok(()) };
        let (alt, length) = (self.alt.trim(), self.alt.trim().chars().count());
        if length > ALT_TEXT_CHARS_MAX {
            let told = format!(
                "The description must be at most {ALT_TEXT_CHARS_MAX} characters, got {length}."
            );
            return Err(bad("alt", told));
        }
        if alt.is_empty() && !self.came_before {
            return Ok(());
        }
        let admission = signed.admission(guise, Endpoint::MediaMetadataCreate)?;
        let admission = picture::beside(admission, "description");
        let described = guise.store().describe_upload(&admission, id, alt).await?;
        if let Admitted::Limited(quota) = described {
            return Err(limited(quota, "alt", "descriptions"));
        }
        signed.admitted(described)?.map_err(|error| match error {
            DescribeUploadError::UnknownUpload => {
                problem(StatusCode::FORBIDDEN, "media", PICTURE_GONE)
            }
        })
    }
}

const PROFILE_GONE: &str = "This profile is gone. Choose another one.";
const PICTURE_GONE: &str = "The picture is not kept any more. Choose it again.";

async fn deliver(
    guise: &Guise,
    signed: &SignedIn,
    other: &Account,
    profile: Option<ProfileId>,
    media: Option<MediaId>,
    content: MessageContent,
) -> Result<(), Unsent> {
    let entities = resolve(guise, Entities::of(content.text.as_str())).await?;
    let content = MessageContent { entities, ..content };
    let id = MessageId::new(guise.next_id(signed.now));
    let new = NewMessage { id, recipient: other.id, profile, media, content };
    let admission = signed.admission(guise, Endpoint::DirectMessagesNew)?;
    let once = guise.store().send_message(&admission, new, None).await?;
    if let Once::First(Admitted::Limited(quota)) = &once {
        return Err(limited(*quota, "text", "messages"));
    }
    let (field, told) = match signed.admitted_once(once)? {
        Ok(message) => {
            tell_sent(guise, &message);
            return Ok(());
        }
        Err(SendError::ProfileNotFound | SendError::ProfileDestroyed) => {
            ("profile", PROFILE_GONE.to_owned())
        }
        Err(SendError::MediaNotFound | SendError::NotAPicture | SendError::MediaUsed) => {
            ("media", PICTURE_GONE.to_owned())
        }
        Err(error) => ("text", format!("Not sent: {error}.")),
    };
    Err(problem(StatusCode::FORBIDDEN, field, told))
}
