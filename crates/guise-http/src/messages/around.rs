//! What goes on around messages: `mark_read` and `indicate_typing`.

use axum::extract::State;
use axum::response::Response;
use guise_domain::rate::Endpoint;
use guise_domain::{AccountId, MarkReadError, MessageId, Signal};
use http::StatusCode;

use crate::answer;
use crate::error::Refusal;
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::state::Guise;

/// `POST /1.1/direct_messages/mark_read.json`
pub(crate) async fn mark_read(
    State(guise): State<Guise>,
    Signed { caller, input, .. }: Signed<Read>,
) -> Result<Response, Refusal> {
    let Read { other, up_to } = input;
    let admission = caller.admission(&guise, Read::ENDPOINT);
    let marked = guise.store().mark_read(&admission, other, up_to).await?;
    let moved = caller.admitted(marked)?.map_err(|error| match error {
        MarkReadError::UnknownMessage => Refusal::NotFound,
    })?;
    if moved {
        tell_read(&guise, caller.account().id, other, up_to);
    }
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// Tells `writer` that `reader` read what they wrote.
pub(crate) fn tell_read(guise: &Guise, reader: AccountId, writer: AccountId, up_to: MessageId) {
    guise.signals().send(Signal::Read { reader, writer, up_to });
}

/// `POST /1.1/direct_messages/indicate_typing.json`
pub(crate) async fn indicate_typing(
    State(guise): State<Guise>,
    Signed { caller, input, .. }: Signed<Typing>,
) -> Result<Response, Refusal> {
    let may = guise.store().may_write(caller.account().id, input.recipient).await?;
    if let Err(refusal) = may {
        return Err(caller.refuse(&guise, Typing::ENDPOINT, refusal.into()).await);
    }
    let counted = guise.store().count(&caller.admission(&guise, Typing::ENDPOINT)).await?;
    caller.admitted(counted)?;
    guise.signals().send(Signal::Typing { from: caller.account().id, to: input.recipient });
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// What was read: everything of a party up to one of its messages.
#[derive(Debug)]
pub(crate) struct Read {
    other: AccountId,
    up_to: MessageId,
}

impl Input for Read {
    const ENDPOINT: Endpoint = Endpoint::DirectMessagesMarkRead;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self {
            up_to: request.id_anywhere("last_read_event_id")?,
            other: request.id_anywhere("recipient_id")?,
        })
    }
}

/// Whom the caller is writing to.
#[derive(Debug)]
pub(crate) struct Typing {
    recipient: AccountId,
}

impl Input for Typing {
    const ENDPOINT: Endpoint = Endpoint::DirectMessagesIndicateTyping;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self { recipient: request.id_anywhere("recipient_id")? })
    }
}
