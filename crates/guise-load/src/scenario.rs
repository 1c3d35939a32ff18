//! What can be measured, and what its requests are.

use anyhow::Context;
use clap::ValueEnum;

use crate::request::{Content, Request, Traffic};
use crate::stage::Stage;

/// One kind of load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// The server's health check, unsigned
    Health,
    /// A bare handler in the framework that Guise is built with, in a process of its own: the roof
    Echo,
    /// A signed request that does nothing else: `account/verify_credentials`
    Auth,
    /// A profile with an uploaded picture: `custom_profiles/new`
    Create,
    /// One of 400 profiles, at random: `custom_profiles/:id`
    Show,
    /// The newest 20 profiles: `custom_profiles/list`
    List,
    /// A picture in one piece: `media/upload`
    Upload,
    /// That size of a profile's picture which is nearest to 10 kB
    Picture,
    /// A message under a profile: `direct_messages/events/new`
    Send,
    /// The newest 20 messages: `direct_messages/events/list`
    Inbox,
    /// A day in the life: of a hundred requests 35 inbox, 30 picture, 15 show, 12 send, 5 list, 2 create, 1 upload
    Mix,
}

/// How often each is in a hundred requests of the mix.
const MIX: [(u32, Scenario); 7] = [
    (35, Scenario::Inbox),
    (30, Scenario::Picture),
    (15, Scenario::Show),
    (12, Scenario::Send),
    (5, Scenario::List),
    (2, Scenario::Create),
    (1, Scenario::Upload),
];

/// Profiles that `show` chooses from, of all accounts together.
const SHOWN: usize = 400;
/// Entries of a page.
const PAGE: usize = 20;

impl Scenario {
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether none of its requests is signed.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Health | Self::Echo)
    }

    /// Prepares what its requests need, and makes them, for each account.
    ///
    /// # Errors
    /// The preparation was refused.
    pub(crate) async fn traffic(self, stage: &mut Stage<'_>) -> anyhow::Result<Vec<Traffic>> {
        let parts: &[_] = if self == Self::Mix { &MIX } else { &[(1, self)] };
        let accounts = if self.is_open() { 1 } else { stage.accounts.len() };
        let mut traffic = Vec::new();
        for account in 0..accounts {
            let mut own = Traffic::default();
            for (weight, part) in parts {
                own.add(*weight, part.requests(stage, account).await?);
            }
            traffic.push(own);
        }
        Ok(traffic)
    }

    /// The requests of one account, of which each is sent as often as the others.
    async fn requests(self, stage: &mut Stage<'_>, account: usize) -> anyhow::Result<Vec<Request>> {
        Ok(vec![match self {
            Self::Health => stage.open("/healthz", Content::Exactly(b"ok\n".to_vec())),
            Self::Echo => stage.open("/", Content::Exactly(crate::echo::ANSWER.into())),
            Self::Auth => {
                let id = format!("\"id_str\":\"{}\"", stage.id(account).await?);
                stage.get(account, "/1.1/account/verify_credentials.json", Content::holds(&[&id]))
            }
            Self::Create => stage.create(account).await?,
            Self::Show => return show(stage, account).await,
            Self::List => {
                stage.profiles(account, PAGE).await?;
                stage.get(account, "/1.1/custom_profiles/list.json?count=20", page("\"avatar\":{"))
            }
            Self::Upload => stage.upload(account),
            Self::Picture => {
                let face = stage.face(account).await?;
                let content = Content::File { bytes: face.bytes, content_type: face.content_type };
                stage.open(&face.path, content)
            }
            Self::Send => {
                let recipient = stage.recipient(account).await?;
                let recipient = recipient.context(
                    "whom to write to? --keys FILE with a second account, or --to USER_ID",
                )?;
                stage.message(account, &recipient).await?
            }
            Self::Inbox => {
                stage.fill_box(account, PAGE).await?;
                let path = "/1.1/direct_messages/events/list.json?count=20";
                stage.get(account, path, page("\"message_create\":{"))
            }
            Self::Mix => return Ok(Vec::new()),
        }])
    }
}

/// A page of entries, each of which holds `text` once.
fn page(text: &str) -> Content {
    Content::times(text, PAGE)
}

async fn show(stage: &mut Stage<'_>, account: usize) -> anyhow::Result<Vec<Request>> {
    let own = SHOWN.div_ceil(stage.accounts.len());
    let profiles = stage.profiles(account, own).await?;
    let request = |profile: &String| {
        let content = Content::holds(&[&format!("\"id\":\"{profile}\"")]);
        stage.get(account, &format!("/1.1/custom_profiles/{profile}.json"), content)
    };
    Ok(profiles.iter().map(request).collect())
}
