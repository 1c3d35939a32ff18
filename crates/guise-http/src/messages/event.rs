//! Messages as they are answered, with their members in the original's order.

use std::collections::BTreeMap;

use guise_domain::{
    AccountId, App, CallToAction, InitiatedVia, Link, Location, Mentioned, Message, MessageContent,
    MessageEntities, MessageId, Picture, QuickReplyOption, Tag,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::picture::Size;

/// What a message's answer depends on besides the message.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    /// Whose copy it is.
    pub(super) reader: AccountId,
    /// What URLs begin with.
    pub(super) base: &'a str,
    /// Whether the app that sent it is named: on reads, to the sender only.
    pub(super) with_app: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct OneEventOut {
    pub(super) event: EventOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) apps: Option<AppsOut>,
}

#[derive(Debug, Serialize)]
pub(super) struct EventsOut {
    pub(super) events: Vec<EventOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) apps: Option<AppsOut>,
}

/// The apps that messages refer to, by id.
pub(super) type AppsOut = BTreeMap<String, AppOut>;

#[derive(Debug, Serialize)]
pub(super) struct AppOut {
    id: String,
    name: String,
    url: String,
}

impl AppOut {
    pub(super) fn new(app: App, base: &str) -> Self {
        let App { id, name, url, .. } = app;
        let url = if url.is_empty() { base.to_owned() } else { url };
        Self { id: id.to_string(), name, url }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct EventOut {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    created_timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    initiated_via: Option<Value>,
    message_create: MessageOut,
}

#[derive(Debug, Serialize)]
struct MessageOut {
    target: TargetOut,
    sender_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_app_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_profile_id: Option<String>,
    message_data: DataOut,
}

#[derive(Debug, Serialize)]
struct TargetOut {
    recipient_id: String,
}

#[derive(Debug, Serialize)]
struct DataOut {
    text: String,
    entities: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    quick_reply_response: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quick_reply: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ctas: Option<Value>,
}

impl EventOut {
    pub(super) fn new(message: Message, view: View<'_>) -> Self {
        let Message { id, sender, recipient, app, face, media, content } = message;
        let MessageContent {
            text,
            entities,
            location,
            quick_reply,
            quick_reply_response,
            buttons,
            initiated_via,
            alt_text: _,
        } = content;
        let end = u32::try_from(text.as_str().chars().count()).unwrap_or(u32::MAX);
        let picture = media.map(|picture| media_out(picture, id, end, view.base));
        Self {
            kind: "message_create",
            id: id.to_string(),
            created_timestamp: id.created_at().millis().to_string(),
            initiated_via: initiated_via.map(initiated_via_out),
            message_create: MessageOut {
                target: TargetOut { recipient_id: recipient.to_string() },
                sender_id: sender.to_string(),
                source_app_id: (view.with_app && view.reader == sender).then(|| app.to_string()),
                custom_profile_id: face.map(|face| face.profile.to_string()),
                message_data: DataOut {
                    text: text.to_string(),
                    entities: entities_out(&entities),
                    quick_reply_response: quick_reply_response
                        .map(|metadata| json!({"type": "options", "metadata": metadata.as_str()})),
                    attachment: picture.or_else(|| location.map(location_out)),
                    quick_reply: some(quick_reply).map(quick_reply_out),
                    ctas: some(buttons).map(buttons_out),
                },
            },
        }
    }
}

fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

fn initiated_via_out(via: InitiatedVia) -> Value {
    match via {
        InitiatedVia::Tweet(id) => json!({"tweet_id": id.to_string()}),
        InitiatedVia::WelcomeMessage(id) => json!({"welcome_message_id": id.to_string()}),
    }
}

fn entities_out(entities: &MessageEntities) -> Value {
    let MessageEntities { hashtags, symbols, mentions, urls } = entities;
    let tags = |tags: &[Tag]| -> Value {
        tags.iter().map(|Tag { text, indices }| json!({"text": text, "indices": indices})).collect()
    };
    let mention = |Mentioned { account, screen_name, indices }: &Mentioned| {
        json!({
            "screen_name": screen_name,
            "name": screen_name,
            "id": account.get(),
            "id_str": account.to_string(),
            "indices": indices,
        })
    };
    let url = |link: &Link| {
        json!({
            "url": link.url,
            "expanded_url": link.expanded_url(),
            "display_url": link.display_url(),
            "indices": link.indices,
        })
    };
    json!({
        "hashtags": tags(hashtags),
        "symbols": tags(symbols),
        "user_mentions": mentions.iter().map(mention).collect::<Value>(),
        "urls": urls.iter().map(url).collect::<Value>(),
    })
}

/// A picture, which only the participants can get, by a signed request. It stands behind the text: no link for it is
/// written into what somebody said.
fn media_out(picture: Picture, message: MessageId, end: u32, base: &str) -> Value {
    let Picture { key, format, width, height } = picture;
    let id = key.media;
    let url = format!("{base}/1.1/ton/data/dm/{message}/{id}/{key}.{}", format.extension());
    let size = |size: Size, resize| {
        let (w, h) = size.dimensions(width, height);
        json!({"w": w, "h": h, "resize": resize})
    };
    json!({
        "type": "media",
        "media": {
            "id": id.get(),
            "id_str": id.to_string(),
            "indices": [end, end],
            "media_url": url,
            "media_url_https": url,
            "url": url,
            "display_url": url.split_once("://").map_or(url.as_str(), |(_, rest)| rest),
            "expanded_url": url,
            "type": "photo",
            "sizes": {
                "thumb": size(Size::Thumb, "crop"),
                "small": size(Size::Small, "fit"),
                "medium": size(Size::Medium, "fit"),
                "large": size(Size::Large, "fit"),
            },
        },
    })
}

fn location_out(location: Location) -> Value {
    let location = match location {
        Location::Coordinate { longitude, latitude } => json!({
            "type": "shared_coordinate",
            "shared_coordinate": {
                "coordinates": {"type": "Point", "coordinates": [longitude, latitude]},
            },
        }),
        Location::Place(id) => json!({
            "type": "shared_place",
            "shared_place": {"place": {"id": id.as_str()}},
        }),
    };
    json!({"type": "location", "location": location})
}

fn quick_reply_out(options: Vec<QuickReplyOption>) -> Value {
    let option = |option: QuickReplyOption| {
        let QuickReplyOption { label, description, metadata } = option;
        let mut out = json!({"label": label});
        if let Value::Object(members) = &mut out {
            members.extend(description.map(|text| ("description".to_owned(), json!(text))));
            members.extend(metadata.map(|text| ("metadata".to_owned(), json!(text))));
        }
        out
    };
    json!({"type": "options", "options": options.into_iter().map(option).collect::<Value>()})
}

/// There is no shortener here, so the short URL is the URL.
fn buttons_out(buttons: Vec<CallToAction>) -> Value {
    let button = |CallToAction { label, url }: CallToAction| json!({"type": "web_url", "label": label, "url": url, "tco_url": url});
    buttons.into_iter().map(button).collect()
}
