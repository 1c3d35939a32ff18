//! What has to be there before anything is measured: pictures, profiles, messages.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::client::{Connection, Server};
use crate::keys::Keys;
use crate::load;
use crate::progress::Progress;
use crate::request::{Content, Expected, Mark, Pen, Request};

/// The picture where none is given: 400 pixels each way, 16 kB.
const AVATAR: &[u8] = include_bytes!("../../guise/assets/jon.jpg");
const BOUNDARY: &str = "guise-load-7Hq2";
/// The sizes that pictures are served in.
const SIZES: [&str; 9] =
    ["mini", "normal", "bigger", "thumb", "400x400", "small", "medium", "large", "orig"];
/// What a picture of an answer has about.
const PICTURE_BYTES: usize = 10_000;

/// Makes what is missing, once.
pub(crate) struct Stage<'a> {
    pub(crate) accounts: Vec<Account>,
    server: Server,
    connection: Connection,
    avatar: Vec<u8>,
    /// Who is written to where there is one account only.
    to: Option<String>,
    /// Begins the nonces of the preparation.
    run: String,
    calls: u32,
    progress: &'a Progress,
}

/// What was made for one account.
pub(crate) struct Account {
    keys: Keys,
    id: Option<String>,
    media: Option<String>,
    /// Their ids.
    profiles: Vec<String>,
    face: Option<Face>,
    messages: usize,
}

/// A picture as it is served.
#[derive(Clone)]
pub(crate) struct Face {
    pub(crate) path: String,
    pub(crate) bytes: usize,
    pub(crate) content_type: String,
}

impl<'a> Stage<'a> {
    /// # Errors
    /// The avatar's file cannot be read.
    pub(crate) fn new(
        server: Server,
        keys: Vec<Keys>,
        avatar: Option<&Path>,
        to: Option<String>,
        progress: &'a Progress,
    ) -> anyhow::Result<Self> {
        let avatar = match avatar {
            None => AVATAR.to_vec(),
            Some(path) => {
                std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?
            }
        };
        let account = |keys| Account {
            keys,
            id: None,
            media: None,
            profiles: Vec::new(),
            face: None,
            messages: 0,
        };
        Ok(Self {
            accounts: keys.into_iter().map(account).collect(),
            connection: Connection::new(server.clone()),
            server,
            avatar,
            to,
            run: format!("{:016x}", load::random()),
            calls: 0,
            progress,
        })
    }

    /// An unsigned GET.
    pub(crate) fn open(&self, path: &str, content: Content) -> Request {
        let expected = Expected { status: 200, content };
        Request::new(&self.server, "GET", path, &[], Vec::new(), expected)
    }

    /// A GET that is signed for the account of this number.
    pub(crate) fn get(&self, account: usize, path: &str, content: Content) -> Request {
        self.signed(account, "GET", path, &[], Vec::new(), content)
    }

    /// A POST of JSON; a mark goes where the body holds its place.
    pub(crate) fn post(
        &self,
        account: usize,
        path: &str,
        json: &Value,
        content: Content,
    ) -> Request {
        let headers = [("content-type", "application/json")];
        self.signed(account, "POST", path, &headers, json.to_string().into_bytes(), content)
            .marked()
    }

    /// An upload of the avatar in one piece.
    pub(crate) fn upload(&self, account: usize) -> Request {
        let mut body = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"media\"; filename=\"avatar\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(&self.avatar);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let headers = [("content-type", &*format!("multipart/form-data; boundary={BOUNDARY}"))];
        let size = format!("\"size\":{},", self.avatar.len());
        let content = Content::holds(&["\"media_id_string\":\"", &size]);
        self.signed(account, "POST", "/1.1/media/upload.json", &headers, body, content)
    }

    /// A new profile with the account's picture.
    pub(crate) async fn create(&mut self, account: usize) -> anyhow::Result<Request> {
        let media = self.media(account).await?;
        let name = format!("Jon C, {}", Mark::PLACE);
        let body = json!({"custom_profile": {"name": name, "avatar": {"media": {"id": media}}}});
        let content = Content::marked("\"name\":\"Jon C, ", &["\"id\":\"", "\"url\":\"http"]);
        Ok(self.post(account, "/1.1/custom_profiles/new.json", &body, content))
    }

    /// A message to `recipient`, under a profile.
    pub(crate) async fn message(
        &mut self,
        account: usize,
        recipient: &str,
    ) -> anyhow::Result<Request> {
        let profile = self.profiles(account, 1).await?.first().cloned().unwrap_or_default();
        let text = format!("Hello, {}", Mark::PLACE);
        let body = json!({"event": {"type": "message_create", "message_create": {
            "target": {"recipient_id": recipient}, "custom_profile_id": profile,
            "message_data": {"text": text}}}});
        let profile = format!("\"custom_profile_id\":\"{profile}\"");
        let content = Content::marked("\"text\":\"Hello, ", &[&profile]);
        Ok(self.post(account, "/1.1/direct_messages/events/new.json", &body, content))
    }

    /// Whom the account writes to: the next one, or the one that was named, if any.
    pub(crate) async fn recipient(&mut self, account: usize) -> anyhow::Result<Option<String>> {
        match self.accounts.len() {
            0 | 1 => Ok(self.to.clone()),
            accounts => Ok(Some(self.id((account + 1) % accounts).await?)),
        }
    }

    /// At least so many profiles of the account.
    pub(crate) async fn profiles(
        &mut self,
        account: usize,
        count: usize,
    ) -> anyhow::Result<Vec<String>> {
        let mut missing = count.saturating_sub(self.account(account)?.profiles.len());
        if missing > 0 {
            let request = self.create(account).await?;
            while missing > 0 {
                self.progress.prepare(&format!("making profiles, {missing} to go"));
                let answer = self.call(&request).await?;
                let id = text(&answer, "/custom_profile/id");
                let id = id.with_context(|| format!("a new profile has no id: {answer}"))?;
                self.account(account)?.profiles.push(id);
                missing -= 1;
            }
        }
        Ok(self.account(account)?.profiles.clone())
    }

    /// The size of a profile's picture that is nearest to what most ask for.
    pub(crate) async fn face(&mut self, account: usize) -> anyhow::Result<Face> {
        if let Some(face) = &self.account(account)?.face {
            return Ok(face.clone());
        }
        let profile = self.profiles(account, 1).await?.first().cloned().unwrap_or_default();
        let path = format!("/1.1/custom_profiles/{profile}.json");
        let shown = self.call(&self.get(account, &path, Content::Anything)).await?;
        let url = text(&shown, "/custom_profile/avatar/media/url")
            .with_context(|| format!("a profile has no picture: {shown}"))?;
        let (_, path) = url
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('/'))
            .with_context(|| format!("the picture is not at a URL: {url}"))?;
        let mut found: Option<Face> = None;
        for size in SIZES {
            self.progress.prepare(&format!("looking at the picture, {size}"));
            let path = format!("/{path}:{size}");
            let request = self.open(&path, Content::Anything);
            let (head, _) = self.written(&request);
            let answer = self.connection.exchange(&head, &[], false).await?;
            let (bytes, content_type) = (answer.body.len(), answer.content_type.to_owned());
            let distance = |bytes: usize| bytes.abs_diff(PICTURE_BYTES);
            let is_nearer =
                found.as_ref().is_none_or(|face| distance(bytes) < distance(face.bytes));
            if answer.status == 200 && is_nearer {
                found = Some(Face { path, bytes, content_type });
            }
        }
        let face = found.with_context(|| format!("the picture is not served: {url}"))?;
        self.account(account)?.face = Some(face.clone());
        Ok(face)
    }

    /// Fills the account's box with so many messages.
    pub(crate) async fn fill_box(&mut self, account: usize, count: usize) -> anyhow::Result<()> {
        let recipient = match self.recipient(account).await? {
            Some(recipient) => recipient,
            // It is kept in the box as any other.
            None => self.id(account).await?,
        };
        let request = self.message(account, &recipient).await?;
        for missing in (1..=count.saturating_sub(self.account(account)?.messages)).rev() {
            self.progress.prepare(&format!("writing messages, {missing} to go"));
            self.call(&request).await?;
            self.account(account)?.messages += 1;
        }
        Ok(())
    }

    /// The account's id.
    pub(crate) async fn id(&mut self, account: usize) -> anyhow::Result<String> {
        if let Some(id) = &self.account(account)?.id {
            return Ok(id.clone());
        }
        let request = self.get(account, "/1.1/account/verify_credentials.json", Content::Anything);
        let shown = self.call(&request).await?;
        let id = text(&shown, "/id_str").with_context(|| format!("no account: {shown}"))?;
        self.account(account)?.id = Some(id.clone());
        Ok(id)
    }

    async fn media(&mut self, account: usize) -> anyhow::Result<String> {
        if let Some(media) = &self.account(account)?.media {
            return Ok(media.clone());
        }
        self.progress.prepare("uploading the picture");
        let answer = self.call(&self.upload(account)).await?;
        let id = text(&answer, "/media_id_string");
        let id = id.with_context(|| format!("the upload has no id: {answer}"))?;
        self.account(account)?.media = Some(id.clone());
        Ok(id)
    }

    fn account(&mut self, number: usize) -> anyhow::Result<&mut Account> {
        self.accounts.get_mut(number).context("there is no such account")
    }

    fn signed(
        &self,
        account: usize,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        content: Content,
    ) -> Request {
        let expected = Expected { status: 200, content };
        let request = Request::new(&self.server, method, path, headers, body, expected);
        match self.accounts.get(account) {
            Some(account) => request.signed(account.keys.signer(&self.server, method, path)),
            None => request,
        }
    }

    /// The answer to one request.
    async fn call(&mut self, request: &Request) -> anyhow::Result<Value> {
        let (head, body) = self.written(request);
        let answer = self.connection.exchange(&head, &body, false).await;
        let answer = answer.with_context(|| format!("is {} running?", self.server.host))?;
        let shown = String::from_utf8_lossy(answer.body);
        match answer.status {
            200 => serde_json::from_slice(answer.body)
                .with_context(|| format!("the answer is no JSON: {shown}")),
            429 => bail!("a limit is reached; lift the server's [limits] for measuring: {shown}"),
            status => bail!("{}: {status} {}", request.line(), shown.trim_end()),
        }
    }

    fn written(&mut self, request: &Request) -> (Vec<u8>, Vec<u8>) {
        self.calls += 1;
        let mut pen = Pen::default();
        let time = load::seconds_since_epoch();
        let body = request.write(&mut pen, &self.run, Mark::new(self.calls), time).to_vec();
        (pen.written, body)
    }
}

fn text(answer: &Value, pointer: &str) -> Option<String> {
    answer.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}
