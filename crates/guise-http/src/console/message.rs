//! A message as its recipient sees it.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guise_domain::{
    AccountId, CallToAction, Face, Link, Location, Message, MessageContent, QuickReplyOption,
    ScreenName,
};
use http::HeaderValue;
use http::header::CONTENT_SECURITY_POLICY;

use super::{SignedIn, When};
use crate::error::Refusal;
use crate::messages::serve_picture;
use crate::picture::Size;
use crate::pictures::{Form, Named};
use crate::state::{Guise, avatar_path};

/// The face of an account that writes as itself.
const ACCOUNT: &str = "/images/default_profile_normal.png";

/// The policy of a picture that is opened alone: browsers centre it with a style of their own.
const ALONE: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'",
);

/// Who a message is from, as its recipient sees it.
#[derive(Clone, Debug)]
pub(super) struct From {
    pub(super) name: String,
    /// Where the picture is.
    pub(super) face: String,
    /// The account behind it.
    pub(super) via: String,
}

impl From {
    /// Under this face, or as the account itself.
    pub(super) fn new(face: Option<&Face>, account: &ScreenName) -> Self {
        let via = account.to_string();
        match face {
            Some(Face { profile, name, avatar, .. }) => {
                let face = avatar_path(*profile, name, *avatar);
                let face = if avatar.is_some() { format!("{face}?name=thumb") } else { face };
                Self { name: name.as_str().to_owned(), face, via }
            }
            None => Self { name: via.clone(), face: ACCOUNT.to_owned(), via },
        }
    }
}

/// A message on a page, and alone when it comes later.
#[derive(Debug, Template)]
#[template(path = "message.html")]
pub(super) struct Shown {
    pub(super) id: String,
    /// Whether whoever looks wrote it.
    own: bool,
    from: From,
    sent_at: When,
    text: Vec<Piece>,
    picture: Option<Attached>,
    place: Option<String>,
    /// Whether one of the options can be chosen.
    answerable: bool,
    options: Vec<QuickReplyOption>,
    buttons: Vec<CallToAction>,
}

/// Text, which leads somewhere or not.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    text: String,
    to: Option<String>,
}

#[derive(Debug)]
struct Attached {
    path: String,
    width: u32,
    height: u32,
    /// What it shows.
    alt: String,
}

impl Shown {
    /// `message` to `reader`, written by the account called `writer`. Of another's message that is `answerable` the
    /// options are buttons of the form that the page has for writing.
    pub(super) fn new(
        message: Message,
        reader: AccountId,
        writer: &ScreenName,
        answerable: bool,
    ) -> Self {
        let Message { id, sender, face, media, content, .. } = message;
        let MessageContent { text, entities, location, quick_reply, buttons, alt_text, .. } =
            content;
        let from = From::new(face.as_ref(), writer);
        let picture = media.map(|picture| {
            let (width, height) = Size::Small.dimensions(picture.width, picture.height);
            let (key, extension) = (picture.key, picture.format.extension());
            let path = format!("/messages/{id}/{}/{key}.{extension}", key.media);
            let alt = alt_text.unwrap_or_else(|| format!("Picture from {}", from.name));
            Attached { path, width, height, alt }
        });
        Self {
            id: id.to_string(),
            own: sender == reader,
            from,
            sent_at: When(id.created_at()),
            text: pieces(text.as_str(), &entities.urls),
            picture,
            place: location.map(written_place),
            answerable: answerable && sender != reader,
            options: quick_reply,
            buttons,
        }
    }
}

/// Cuts a text where its links begin and end.
fn pieces(text: &str, links: &[Link]) -> Vec<Piece> {
    let mut chars = text.chars();
    let mut take = |count: u32| -> String {
        chars.by_ref().take(usize::try_from(count).unwrap_or(usize::MAX)).collect()
    };
    let mut pieces = Vec::new();
    let mut at = 0;
    for link in links {
        let (start, end) = link.indices;
        pieces.push(Piece { text: take(start.saturating_sub(at)), to: None });
        pieces.push(Piece { text: take(end.saturating_sub(start)), to: Some(link.expanded_url()) });
        at = end;
    }
    pieces.push(Piece { text: take(u32::MAX), to: None });
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

fn written_place(location: Location) -> String {
    match location {
        Location::Coordinate { longitude, latitude } => format!("{latitude}, {longitude}"),
        Location::Place(id) => id.to_string(),
    }
}

/// `GET /messages/<message>/<media>/<key>.jpg`: the picture in a message, to whoever has it in their box.
pub(crate) async fn picture(
    State(guise): State<Guise>,
    Path((message, media, file)): Path<(String, String, String)>,
    form: Result<Query<Form>, QueryRejection>,
    signed: SignedIn,
) -> Result<Response, Refusal> {
    let Query(Form { format, name }) = form.map_err(|_| Refusal::NotFound)?;
    let named = Named::parse(&file, format.as_deref(), name.as_deref());
    let mut response = serve_picture(&guise, signed.account().id, &message, &media, named).await?;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, ALONE);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use guise_domain::Entities;

    use super::*;

    #[test]
    fn a_text_is_cut_at_its_links_and_nothing_of_it_is_lost() {
        let cut = |text: &str| -> Vec<(String, Option<String>)> {
            let pieces = pieces(text, &Entities::of(text).urls);
            pieces.into_iter().map(|piece| (piece.text, piece.to)).collect()
        };
        let plain = |text: &str| (text.to_owned(), None);
        let link = |text: &str, to: &str| (text.to_owned(), Some(to.to_owned()));
        assert_eq!(cut(""), []);
        assert_eq!(cut("no link"), [plain("no link")]);
        let url = "https://example.com/a?b=c";
        assert_eq!(cut(url), [link(url, url)]);
        let two = cut("\u{1F600} example.com,\nhttp://b.example.org/ end");
        let expected = [
            plain("\u{1F600} "),
            link("example.com", "http://example.com"),
            plain(",\n"),
            link("http://b.example.org/", "http://b.example.org/"),
            plain(" end"),
        ];
        assert_eq!(two, expected);
        assert_eq!(cut("javascript:alert(1)"), [plain("javascript:alert(1)")]);
    }
}
