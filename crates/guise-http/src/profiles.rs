//! Custom profiles: `/1.1/custom_profiles/…` (contract §1).

use axum::extract::State;
use axum::response::Response;
use guise_domain::rate::Endpoint;
use guise_domain::{
    Answer, Face, Kind, Lookalike, MediaId, NewProfile, Page, PageRequest, ProfileId, ProfileName,
    Tagged,
};
use http::StatusCode;
use serde::Serialize;

use crate::answer;
use crate::error::Refusal;
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::identity;
use crate::lookalike::warning;
use crate::state::Guise;
use crate::wire::{Cursor, Member, page};

/// `POST /1.1/custom_profiles/new.json`
pub(crate) async fn create(
    State(guise): State<Guise>,
    Signed { caller, input, received }: Signed<ProfileIn>,
) -> Result<Response, Refusal> {
    let ProfileIn { name, avatar, kind } = input;
    let id = ProfileId::new(guise.next_id(caller.now));
    let admission = caller.admission(&guise, ProfileIn::ENDPOINT);
    let server_words = guise.reserved_names();
    let new = NewProfile { kind, server_words, ..NewProfile::plain(id, name, avatar) };
    let shown = guise.clone();
    let tell = move |(made, alike): &(Tagged, Vec<Lookalike>)| {
        let mut answer = one(&shown, &received, made.profile.clone().face());
        answer.headers.extend(warning(alike));
        answer
    };
    let keep = caller.keep(id.get(), &tell);
    let created = guise.store().create_profile(&admission, new, keep).await?;
    caller.told(created, tell).map_err(|refusal| refusal.within("custom_profile."))
}

/// `GET /1.1/custom_profiles/:id.json` and `GET /1.1/custom_profiles/show.json?id=`
pub(crate) async fn show(
    State(guise): State<Guise>,
    Signed { caller, input, received }: Signed<Shown>,
) -> Result<Response, Refusal> {
    let face = guise.store().face(caller.account().id, input.id).await?;
    Ok(answer::written(one(&guise, &received, face.ok_or(Refusal::NotFound)?)))
}

/// `GET /1.1/custom_profiles/list.json`
pub(crate) async fn list(
    State(guise): State<Guise>,
    Signed { caller, input, received }: Signed<Listed>,
) -> Result<Response, Refusal> {
    let Page { items, next } = guise.store().profiles(caller.account().id, input.page).await?;
    let custom_profiles = items
        .into_iter()
        .map(|profile| ProfileOut::new(&guise, &received, profile.face()))
        .collect();
    let page = ProfilesOut { custom_profiles, next_cursor: next.map(|id| Cursor(id).write()) };
    Ok(answer::json(StatusCode::OK, &page))
}

/// `DELETE /1.1/custom_profiles/destroy.json`, or `POST`
pub(crate) async fn destroy(
    State(guise): State<Guise>,
    Signed { caller, input, .. }: Signed<Destroyed>,
) -> Result<Response, Refusal> {
    let admission = caller.admission(&guise, Destroyed::ENDPOINT);
    let destroyed = guise.store().destroy_profile(&admission, input.id).await?;
    if caller.admitted(destroyed)? {
        Ok(answer::empty(StatusCode::NO_CONTENT))
    } else {
        Err(Refusal::NotFound)
    }
}

fn one(guise: &Guise, received: &str, face: Face) -> Answer {
    let custom_profile = ProfileOut::new(guise, received, face);
    answer::kept(StatusCode::OK, &OneProfileOut { custom_profile })
}

/// The body of `new`. The kind is ours, for accounts that demand it.
#[derive(Debug)]
pub(crate) struct ProfileIn {
    name: ProfileName,
    avatar: MediaId,
    kind: Option<Kind>,
}

impl Input for ProfileIn {
    const ENDPOINT: Endpoint = Endpoint::CustomProfilesNew;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        let body = request.json()?;
        let profile = Member::top(&body).member("custom_profile")?;
        let name = identity::name(&profile.member("name")?)?;
        let avatar = profile.member("avatar")?.member("media")?.member("id")?.id()?;
        Ok(Self { name, avatar, kind: identity::kind(&profile.member("kind")?)? })
    }
}

/// The profile that `:id` or `show` names.
#[derive(Debug)]
pub(crate) struct Shown {
    id: ProfileId,
}

impl Input for Shown {
    const ENDPOINT: Endpoint = Endpoint::CustomProfilesShow;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        if request.last_segment == "show" {
            return Ok(Self { id: request.query.id("id")? });
        }
        // In a path, what is no id is no page either.
        Ok(Self { id: request.last_segment.parse().map_err(|_| Refusal::NotFound)? })
    }
}

/// The page that `list` asks for.
#[derive(Debug)]
pub(crate) struct Listed {
    page: PageRequest,
}

impl Input for Listed {
    const ENDPOINT: Endpoint = Endpoint::CustomProfilesList;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self { page: page(&request.query)? })
    }
}

/// The profile that `destroy` names: in the query, a form, or JSON.
#[derive(Debug)]
pub(crate) struct Destroyed {
    id: ProfileId,
}

impl Input for Destroyed {
    const ENDPOINT: Endpoint = Endpoint::CustomProfilesDestroy;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self { id: request.id_anywhere("id")? })
    }
}

#[derive(Debug, Serialize)]
struct OneProfileOut {
    custom_profile: ProfileOut,
}

#[derive(Debug, Serialize)]
struct ProfilesOut {
    custom_profiles: Vec<ProfileOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// A profile as the founding page shows it.
#[derive(Debug, Serialize)]
pub(crate) struct ProfileOut {
    id: String,
    created_timestamp: String,
    name: String,
    avatar: AvatarOut,
}

#[derive(Debug, Serialize)]
struct AvatarOut {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    media: MediaOut,
}

#[derive(Debug, Serialize)]
struct MediaOut {
    url: String,
}

impl ProfileOut {
    pub(crate) fn new(guise: &Guise, received: &str, face: Face) -> Self {
        let Face { profile, revision: _, name, avatar } = face;
        let url = guise.avatar_url(received, profile, &name, avatar);
        Self {
            id: profile.to_string(),
            created_timestamp: profile.created_at().millis().to_string(),
            name: name.as_str().to_owned(),
            avatar: AvatarOut {
                kind: guise.settings().avatar_type.then_some("photo"),
                media: MediaOut { url },
            },
        }
    }
}
