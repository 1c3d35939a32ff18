//! What the account and another wrote to each other, and writing on.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use guise_domain::limits::PROFILES_OFFERED_MAX;
use guise_domain::rate::Endpoint;
use guise_domain::{Account, Admitted, MediaId, Message, MessageId, Page, PageRequest, SendError};
use http::StatusCode;
use http::request::Parts;

use super::conversations::find;
use super::message::Shown;
use super::writing::{Problem, Unsent, Written};
use super::{Frame, PostedFile, Section, SignedIn, page, see};
use crate::error::Refusal;
use crate::extract::query;
use crate::messages::tell_read;
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
    /// Whether the other party read what comes last.
    seen: bool,
    /// Why nothing can be written.
    closed: Option<&'static str>,
    faces: Vec<Choice>,
    /// What was written, and why it was not sent.
    text: String,
    uploaded: Option<MediaId>,
    alt: String,
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
    PostedFile { signed, form, file, .. }: PostedFile,
) -> Result<Response, Refusal> {
    let other = find(&guise, &name).await?.ok_or(Refusal::NotFound)?;
    let mut written = Written::typed(&form);
    let problem = match send(&guise, &signed, &other, &mut written, &form, file).await {
        Ok(()) if written.is_empty() => {
            return Ok(see(&format!("/conversations/{}#end", other.name)));
        }
        Ok(()) => None,
        Err(Unsent::Problem(problem)) => Some(problem),
        Err(Unsent::Refused(refusal)) => return Err(refusal),
    };
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let first = wire::page(&Pairs::default())?;
    Ok(page(status, &render(&guise, &signed, &other, first, written, problem).await?))
}

/// Sends what a form says. What is left in `written` was not sent.
async fn send(
    guise: &Guise,
    signed: &SignedIn,
    other: &Account,
    written: &mut Written,
    form: &Pairs,
    file: Option<Bytes>,
) -> Result<(), Unsent> {
    written.take_picture(guise, signed, file).await?;
    if let Some(chosen) = form.get("answer") {
        return written.answer(guise, signed, other, chosen).await;
    }
    written.send(guise, signed, other).await?;
    *written = Written::default();
    Ok(())
}

async fn render(
    guise: &Guise,
    signed: &SignedIn,
    other: &Account,
    page_of: PageRequest,
    Written { text, profile, uploaded, alt, .. }: Written,
    problem: Option<Problem>,
) -> Result<ConversationPage, Refusal> {
    let me = signed.account();
    let Page { items, next } = guise.store().messages_with(me.id, other.id, page_of).await?;
    let newest = items.first().map_or(MessageId::first_at(signed.now), |message| message.id);
    note_read(guise, signed, other, &items).await;
    let seen = is_read(guise, me, other, items.first()).await?;
    let closed = match guise.store().may_write(me.id, other.id).await? {
        Ok(()) => None,
        Err(SendError::NoRecipient) => Some("The account was closed."),
        Err(_) => Some("The account takes no messages from you."),
    };
    let faces = faces(guise, me, &items, profile).await?;
    let past = page_of.before.is_some();
    let answerable = closed.is_none() && !past;
    let shown = items.into_iter().rev().map(|message| shown(message, me, other, answerable));
    Ok(ConversationPage {
        frame: signed.frame(guise, Section::Conversations),
        other: other.name.to_string(),
        messages: shown.collect(),
        older: next.map(|id| Cursor(id).write()),
        past,
        newest: newest.to_string(),
        seen,
        closed,
        faces,
        text,
        uploaded,
        alt,
        problem,
    })
}

/// A message between the two, to the first, who may answer or not.
pub(super) fn shown(message: Message, me: &Account, other: &Account, answerable: bool) -> Shown {
    let writer = if message.sender == me.id { &me.name } else { &other.name };
    Shown::new(message, me.id, writer, answerable)
}

/// Whether the newest message is the first one's, and the other party read it.
async fn is_read(
    guise: &Guise,
    me: &Account,
    other: &Account,
    newest: Option<&Message>,
) -> Result<bool, Refusal> {
    let Some(newest) = newest.filter(|message| message.sender == me.id && me.id != other.id) else {
        return Ok(false);
    };
    let theirs = guise.store().conversation(other.id, me.id).await?;
    Ok(theirs.read_up_to.is_some_and(|up_to| up_to >= newest.id))
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
    let page_of = PageRequest { count: PROFILES_OFFERED_MAX, before: None };
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
