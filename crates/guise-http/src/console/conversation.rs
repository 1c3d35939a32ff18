//! What the account and another wrote to each other, and writing on.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guise_domain::limits::PAGE_COUNT_MAX;
use guise_domain::rate::Endpoint;
use guise_domain::{
    Account, Admitted, Entities, Message, MessageContent, MessageId, MessageText, NewMessage, Once,
    Page, PageRequest, ProfileId, SendError,
};
use http::StatusCode;
use http::request::Parts;

use super::conversations::find;
use super::message::Shown;
use super::{Frame, Posted, Section, SignedIn, When, page, see};
use crate::error::Refusal;
use crate::extract::query;
use crate::messages::{resolve, tell_read, tell_sent};
use crate::state::Guise;
use crate::wire::{self, Cursor, Pairs};

#[derive(Template)]
#[template(path = "conversation.html")]
struct ConversationPage {
    frame: Frame,
    other: String,
    /// The oldest first.
    messages: Vec<Shown>,
    /// Where older messages are.
    older: Option<String>,
    /// Whether these are not the newest.
    past: bool,
    /// The newest message here, after which others come live.
    newest: String,
    /// Why nothing can be written.
    closed: Option<&'static str>,
    faces: Vec<Choice>,
    /// What was written, and why it was not sent.
    text: String,
    problem: Option<Problem>,
}

impl ConversationPage {
    fn is_wrong(&self, field: &str) -> bool {
        self.problem.as_ref().is_some_and(|problem| problem.field == field)
    }
}

/// A profile to write as.
struct Choice {
    id: String,
    name: String,
    chosen: bool,
}

/// Why a message was not sent, at the field that it is about.
struct Problem {
    field: &'static str,
    told: String,
}

/// A message as it was written into the form.
#[derive(Default)]
struct Written {
    text: String,
    profile: Option<String>,
}

/// `GET /conversations/{name}`
pub(crate) async fn show(
    State(guise): State<Guise>,
    Path(name): Path<String>,
    signed: SignedIn,
    parts: Parts,
) -> Result<Response, Refusal> {
    let other = find(&guise, &name).await?.ok_or(Refusal::NotFound)?;
    let query = query(&parts);
    let page_of = wire::page(&query)?;
    let written = Written { profile: query.get("as").map(str::to_owned), ..Written::default() };
    let shown = render(&guise, &signed, &other, page_of, written, None).await?;
    Ok(page(StatusCode::OK, &shown))
}

/// `POST /conversations/{name}`
pub(crate) async fn write(
    State(guise): State<Guise>,
    Path(name): Path<String>,
    Posted { signed, form }: Posted,
) -> Result<Response, Refusal> {
    let other = find(&guise, &name).await?.ok_or(Refusal::NotFound)?;
    let (status, problem) = match send(&guise, &signed, &other, &form).await? {
        Ok(()) => return Ok(see(&format!("/conversations/{}#end", other.name))),
        Err(refused) => refused,
    };
    let field = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let written = Written { text: field("text"), profile: Some(field("profile")) };
    let first = wire::page(&Pairs::default())?;
    Ok(page(status, &render(&guise, &signed, &other, first, written, Some(problem)).await?))
}

/// Sends what a form says; what is refused is told at its field.
async fn send(
    guise: &Guise,
    signed: &SignedIn,
    other: &Account,
    form: &Pairs,
) -> Result<Result<(), (StatusCode, Problem)>, Refusal> {
    let refused = |status, field, told: String| Ok(Err((status, Problem { field, told })));
    // Forms end lines with two characters, of which people typed one.
    let text = form.get("text").unwrap_or_default().replace("\r\n", "\n");
    if text.trim().is_empty() {
        return refused(StatusCode::BAD_REQUEST, "text", "Write something first.".to_owned());
    }
    let text = match MessageText::parse(&text) {
        Ok(text) => text,
        Err(rule) => return refused(StatusCode::BAD_REQUEST, "text", format!("The text {rule}.")),
    };
    let gone = "This profile is gone. Choose another one.".to_owned();
    let profile = match form.get("profile").unwrap_or_default() {
        "" => None,
        _ if !signed.account().custom_profiles => return Err(Refusal::NotPermitted),
        id => match id.parse::<ProfileId>() {
            Ok(id) => Some(id),
            Err(_) => return refused(StatusCode::BAD_REQUEST, "profile", gone),
        },
    };
    let entities = resolve(guise, Entities::of(text.as_str())).await?;
    let id = MessageId::new(guise.next_id(signed.now));
    let content = MessageContent::of(text, entities);
    let new = NewMessage { id, recipient: other.id, profile, media: None, content };
    let admission = signed.admission(guise, Endpoint::DirectMessagesNew)?;
    let once = guise.store().send_message(&admission, new, None).await?;
    if let Once::First(Admitted::Limited(quota)) = &once {
        let until = When(quota.resets_at);
        let told = format!("The limit of {} messages is used up until {until}.", quota.limit);
        return refused(StatusCode::TOO_MANY_REQUESTS, "text", told);
    }
    match signed.admitted_once(once)? {
        Ok(message) => tell_sent(guise, &message),
        Err(SendError::ProfileNotFound | SendError::ProfileDestroyed) => {
            return refused(StatusCode::FORBIDDEN, "profile", gone);
        }
        Err(error) => return refused(StatusCode::FORBIDDEN, "text", format!("Not sent: {error}.")),
    }
    Ok(Ok(()))
}

async fn render(
    guise: &Guise,
    signed: &SignedIn,
    other: &Account,
    page_of: PageRequest,
    Written { text, profile }: Written,
    problem: Option<Problem>,
) -> Result<ConversationPage, Refusal> {
    let me = signed.account();
    let Page { items, next } = guise.store().messages_with(me.id, other.id, page_of).await?;
    let newest = items.first().map_or(MessageId::first_at(signed.now), |message| message.id);
    note_read(guise, signed, other, &items).await;
    let closed = match guise.store().may_write(me.id, other.id).await? {
        Ok(()) => None,
        Err(SendError::NoRecipient) => Some("The account was closed."),
        Err(_) => Some("The account takes no messages from you."),
    };
    let faces = faces(guise, me, &items, profile).await?;
    let shown = items.into_iter().rev().map(|message| shown(message, me, other));
    Ok(ConversationPage {
        frame: signed.frame(guise, Section::Conversations),
        other: other.name.to_string(),
        messages: shown.collect(),
        older: next.map(|id| Cursor(id).write()),
        past: page_of.before.is_some(),
        newest: newest.to_string(),
        closed,
        faces,
        text,
        problem,
    })
}

/// A message between the two, to the first.
pub(super) fn shown(message: Message, me: &Account, other: &Account) -> Shown {
    let writer = if message.sender == me.id { &me.name } else { &other.name };
    Shown::new(message, me.id, writer)
}

/// Marks as read what is shown of the other party. That this fails is no reason not to show it.
pub(super) async fn note_read(
    guise: &Guise,
    signed: &SignedIn,
    other: &Account,
    messages: &[Message],
) {
    let me = signed.account().id;
    let theirs = messages.iter().filter(|message| message.sender == other.id && other.id != me);
    let Some(up_to) = theirs.map(|message| message.id).max() else { return };
    let marked = async {
        let known = guise.store().conversation(me, other.id).await?;
        if known.read_up_to.is_some_and(|before| before >= up_to) {
            return Ok(());
        }
        let admission = signed.admission_to_note(guise, Endpoint::DirectMessagesMarkRead);
        let marked = guise.store().mark_read(&admission, other.id, up_to).await?;
        if let Admitted::Done(_, Ok(true)) = marked {
            tell_read(guise, me, other.id, up_to);
        }
        Ok::<_, guise_domain::StoreError>(())
    };
    if let Err(error) = marked.await {
        tracing::warn!(%error, "it was not kept that messages were read");
    }
}

/// The profiles to choose from: the newest ones, and before them the one that is `asked` for or was written under last.
async fn faces(
    guise: &Guise,
    me: &Account,
    messages: &[Message],
    asked: Option<String>,
) -> Result<Vec<Choice>, Refusal> {
    if !me.custom_profiles {
        return Ok(Vec::new());
    }
    let last = messages.iter().find(|message| message.sender == me.id);
    let last = last.and_then(|message| message.face.as_ref()).map(|face| face.profile);
    let chosen = match asked {
        Some(id) => id.parse().ok(),
        None => last,
    };
    let page_of = PageRequest { count: PAGE_COUNT_MAX, before: None };
    let mut profiles = guise.store().profiles(me.id, page_of).await?.items;
    if let Some(id) = chosen
        && !profiles.iter().any(|profile| profile.id == id)
        && let Some(profile) = guise.store().profile(me.id, id).await?
    {
        profiles.insert(0, profile);
    }
    let choice = |profile: guise_domain::Profile| Choice {
        id: profile.id.to_string(),
        chosen: chosen == Some(profile.id),
        name: profile.current.name.as_str().to_owned(),
    };
    Ok(profiles.into_iter().map(choice).collect())
}
