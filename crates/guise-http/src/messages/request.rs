//! The body of `direct_messages/events/new`.

use guise_domain::limits::{BUTTONS_MAX, QUICK_REPLY_OPTIONS_MAX};
use guise_domain::rate::Endpoint;
use guise_domain::{
    AccountId, ButtonLabel, CallToAction, Entities, InitiatedVia, Location, MediaId,
    MessageContent, MessageEntities, MessageText, OptionDescription, OptionLabel, OptionMetadata,
    PlaceId, ProfileId, QuickReplyOption, TextError, WebUrl,
};

use crate::error::Refusal;
use crate::extract::{Input, Received, Unreadable};
use crate::wire::Member;

/// A message as it is asked for. The mentions in its text are found, but nobody has looked whose they are.
#[derive(Debug)]
pub(crate) struct MessageIn {
    pub(super) recipient: AccountId,
    pub(super) profile: Option<ProfileId>,
    pub(super) media: Option<MediaId>,
    pub(super) content: MessageContent,
    pub(super) entities: Entities,
}

impl Input for MessageIn {
    const ENDPOINT: Endpoint = Endpoint::DirectMessagesNew;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        let body = request.json()?;
        let event = Member::top(&body).member("event")?;
        event.member("type")?.one_of(&["message_create"])?;
        let message = event.member("message_create")?;
        let data = message.member("message_data")?;
        let (media, location) = attachment(&data.member("attachment")?)?;
        let text = text(&data.member("text")?, media.is_some() || location.is_some())?;
        let entities = Entities::of(text.as_str());
        let content = MessageContent {
            location,
            quick_reply: quick_reply(&data.member("quick_reply")?)?,
            quick_reply_response: quick_reply_response(&data.member("quick_reply_response")?)?,
            buttons: buttons(&data.member("ctas")?)?,
            initiated_via: initiated_via(&event.member("initiated_via")?)?,
            ..MessageContent::of(text, MessageEntities::default())
        };
        Ok(Self {
            recipient: message.member("target")?.member("recipient_id")?.id()?,
            profile: profile(&[&message, &event, &data])?,
            media,
            content,
            entities,
        })
    }
}

/// The profile's id. It belongs into `message_create`, but the documentation and published clients put it elsewhere.
fn profile(places: &[&Member<'_>]) -> Result<Option<ProfileId>, Refusal> {
    let mut found: Option<ProfileId> = None;
    for place in places {
        let member = place.member("custom_profile_id")?;
        if member.is_absent() {
            continue;
        }
        let id = member.id()?;
        if found.is_some_and(|found| found != id) {
            return Err(member.refuse("must be the same wherever it is given"));
        }
        found = Some(id);
    }
    Ok(found)
}

fn text(member: &Member<'_>, attached: bool) -> Result<MessageText, Refusal> {
    let text = if member.is_absent() && attached { "" } else { member.string()? };
    if text.trim().is_empty() && !attached {
        return Err(member.refuse("must not be empty without an attachment"));
    }
    MessageText::parse(text).map_err(|rule| match rule {
        TextError::TooLong { .. } => Refusal::TextTooLong,
        rule => member.refuse(rule),
    })
}

fn attachment(member: &Member<'_>) -> Result<(Option<MediaId>, Option<Location>), Refusal> {
    if member.is_absent() {
        return Ok((None, None));
    }
    match member.member("type")?.one_of(&["media", "location"])? {
        "media" => Ok((Some(member.member("media")?.member("id")?.id()?), None)),
        _ => Ok((None, Some(location(&member.member("location")?)?))),
    }
}

fn location(member: &Member<'_>) -> Result<Location, Refusal> {
    if member.member("type")?.one_of(&["shared_coordinate", "shared_place"])? == "shared_place" {
        let id = member.member("shared_place")?.member("place")?.member("id")?;
        return Ok(Location::Place(id.text(PlaceId::parse)?));
    }
    // GeoJSON (RFC 7946): longitude first.
    let point = member.member("shared_coordinate")?.member("coordinates")?;
    point.member("type")?.one_of(&["Point"])?;
    match point.member("coordinates")?.items(2, 2)?.as_slice() {
        [longitude, latitude] => Ok(Location::Coordinate {
            longitude: longitude.number(-180.0, 180.0)?,
            latitude: latitude.number(-90.0, 90.0)?,
        }),
        _ => Err(point.refuse("must be a point")),
    }
}

fn quick_reply(member: &Member<'_>) -> Result<Vec<QuickReplyOption>, Refusal> {
    if member.is_absent() {
        return Ok(Vec::new());
    }
    member.member("type")?.one_of(&["options"])?;
    let options = member.member("options")?;
    let items = options.items(1, QUICK_REPLY_OPTIONS_MAX)?;
    let options_in: Vec<QuickReplyOption> = items.iter().map(option).collect::<Result<_, _>>()?;
    let described = options_in.iter().filter(|option| option.description.is_some()).count();
    if described > 0 && described < options_in.len() {
        return Err(options.refuse("must all have a description, or none"));
    }
    Ok(options_in)
}

fn option(member: &Member<'_>) -> Result<QuickReplyOption, Refusal> {
    Ok(QuickReplyOption {
        label: member.member("label")?.text(OptionLabel::parse)?,
        description: member.member("description")?.text_if_any(OptionDescription::parse)?,
        metadata: member.member("metadata")?.text_if_any(OptionMetadata::parse)?,
    })
}

fn quick_reply_response(member: &Member<'_>) -> Result<Option<OptionMetadata>, Refusal> {
    if member.is_absent() {
        return Ok(None);
    }
    member.member("type")?.one_of(&["options"])?;
    member.member("metadata")?.text(OptionMetadata::parse).map(Some)
}

fn buttons(member: &Member<'_>) -> Result<Vec<CallToAction>, Refusal> {
    if member.is_absent() {
        return Ok(Vec::new());
    }
    let button = |member: &Member<'_>| {
        member.member("type")?.one_of(&["web_url"])?;
        Ok(CallToAction {
            label: member.member("label")?.text(ButtonLabel::parse)?,
            url: member.member("url")?.text(WebUrl::parse)?,
        })
    };
    member.items(1, BUTTONS_MAX)?.iter().map(button).collect()
}

fn initiated_via(member: &Member<'_>) -> Result<Option<InitiatedVia>, Refusal> {
    let (tweet, welcome) = (member.member("tweet_id")?, member.member("welcome_message_id")?);
    match (tweet.is_absent(), welcome.is_absent()) {
        (true, true) if member.is_absent() => Ok(None),
        (false, true) => {
            tweet.id().map(guise_domain::MessageId::get).map(InitiatedVia::Tweet).map(Some)
        }
        (true, false) => welcome
            .id()
            .map(guise_domain::MessageId::get)
            .map(InitiatedVia::WelcomeMessage)
            .map(Some),
        _ => Err(member.refuse("must have tweet_id or welcome_message_id")),
    }
}
