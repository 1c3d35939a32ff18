//! One verb on one path, and what follows from the endpoint it is counted against.

use guise_domain::OperatorError;
use guise_domain::limits::IDEMPOTENCY_KEY_CHARS_MAX;
use guise_domain::rate::{Endpoint, Kind, Permission};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::answers::{self, Form};
use crate::error::Refusal;

/// The form of an ordinary request.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
/// A request or an answer in JSON.
pub(super) const JSON: &str = "application/json";

/// What a client may do, and what comes of it.
pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) verb: &'static str,
    /// What it is counted against; nothing for what everybody may read.
    endpoint: Option<Endpoint>,
    summary: &'static str,
    description: Option<&'static str>,
    parameters: Vec<Value>,
    body: Map<String, Value>,
    body_required: bool,
    answers: Map<String, Value>,
    refusals: Vec<Refusal>,
}

impl Operation {
    fn new(
        verb: &'static str,
        path: &'static str,
        endpoint: Option<Endpoint>,
        summary: &'static str,
    ) -> Self {
        Self {
            path,
            verb,
            endpoint,
            summary,
            description: None,
            parameters: Vec::new(),
            body: Map::new(),
            body_required: true,
            answers: Map::new(),
            refusals: Vec::new(),
        }
    }

    /// A signed GET.
    pub(super) fn get(path: &'static str, endpoint: Endpoint, summary: &'static str) -> Self {
        Self::new("get", path, Some(endpoint), summary)
    }

    /// A signed POST.
    pub(super) fn post(path: &'static str, endpoint: Endpoint, summary: &'static str) -> Self {
        Self::new("post", path, Some(endpoint), summary)
    }

    /// A signed DELETE.
    pub(super) fn delete(path: &'static str, endpoint: Endpoint, summary: &'static str) -> Self {
        Self::new("delete", path, Some(endpoint), summary)
    }

    /// A signed PATCH.
    pub(super) fn patch(path: &'static str, endpoint: Endpoint, summary: &'static str) -> Self {
        Self::new("patch", path, Some(endpoint), summary)
    }

    /// A signed PUT.
    pub(super) fn put(path: &'static str, endpoint: Endpoint, summary: &'static str) -> Self {
        Self::new("put", path, Some(endpoint), summary)
    }

    /// A GET that needs no signature.
    pub(super) fn public(path: &'static str, summary: &'static str) -> Self {
        Self::new("get", path, None, summary)
    }

    /// What the summary leaves out.
    pub(super) fn says(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }

    /// A parameter; `place` is `query`, `path` or `header`.
    pub(super) fn takes(mut self, place: &str, name: &str, required: bool, schema: Value) -> Self {
        let parameter = json!({"name": name, "in": place, "required": required, "schema": schema});
        self.parameters.push(parameter);
        self
    }

    /// Parameters of the query that depend on one another: the members of an object.
    pub(super) fn takes_together(mut self, name: &str, schema: Value) -> Self {
        self.parameters.push(json!({
            "name": name,
            "in": "query",
            "required": true,
            "style": "form",
            "explode": true,
            "schema": schema,
        }));
        self
    }

    /// A body of this media type.
    pub(super) fn reads(mut self, media_type: &str, schema: Value) -> Self {
        self.body.insert(media_type.to_owned(), json!({"schema": schema}));
        self
    }

    /// A body of this media type, which may be left out.
    pub(super) fn may_read(self, media_type: &str, schema: Value) -> Self {
        Self { body_required: false, ..self.reads(media_type, schema) }
    }

    /// A success with a JSON body.
    pub(super) fn answers(self, status: u16, description: &str, schema: Value) -> Self {
        self.answers_as(status, description, json!({JSON: {"schema": schema}}))
    }

    /// A success without a body, which is not labelled JSON: clients would try to parse it.
    pub(super) fn answers_empty(self, status: u16, description: &str) -> Self {
        let nothing = json!({"type": "string", "maxLength": 0});
        self.answers_as(status, description, json!({"text/html": {"schema": nothing}}))
    }

    /// That it may be sent again under a key.
    fn takes_key(self) -> Self {
        let description = "Any text that is new for each thing to be made. Within a day, the same request with the \
            same key is answered as it was the first time, and makes nothing more.";
        let schema = json!({
            "type": "string",
            "pattern": format!("^[!-~]{{1,{IDEMPOTENCY_KEY_CHARS_MAX}}}$"),
            "description": description,
        });
        self.takes("header", "Idempotency-Key", false, schema)
            .refuses([Refusal::KeyTaken, Refusal::KeyInUse])
    }

    /// A success that carries one more header: the upload's id, or warnings.
    pub(super) fn with_header(mut self, name: &str) -> Self {
        for (status, answer) in &mut self.answers {
            if let Some(headers) =
                answer["headers"].as_object_mut().filter(|_| status.starts_with('2'))
            {
                headers.insert(name.to_owned(), answers::header(name));
            }
        }
        self
    }

    /// A success with these media types.
    pub(super) fn answers_as(mut self, status: u16, description: &str, content: Value) -> Self {
        let headers = answers::headers_of(StatusCode::OK, self.endpoint);
        let answer = json!({"description": description, "headers": headers, "content": content});
        self.answers.insert(status.to_string(), answer);
        self
    }

    /// Refusals besides those that follow from the endpoint.
    pub(super) fn refuses(mut self, refusals: impl IntoIterator<Item = Refusal>) -> Self {
        self.refusals.extend(refusals);
        self
    }

    /// The operation object.
    pub(super) fn write(self) -> Value {
        let keeps_answers = self.endpoint.is_some_and(Endpoint::keeps_answers);
        let this = if keeps_answers { self.takes_key() } else { self };
        this.written()
    }

    fn written(self) -> Value {
        let refusals = self.all_refusals();
        let Self { path, verb, endpoint, summary, description, parameters, body, .. } = self;
        let Self { body_required, answers, .. } = self;
        let mut written = json!({"operationId": operation_id(verb, path), "summary": summary});
        let Value::Object(members) = &mut written else { return written };
        let rate = endpoint.map(rate);
        let texts = description.map(str::to_owned).into_iter().chain(rate);
        let text = texts.collect::<Vec<_>>().join("\n\n");
        if !text.is_empty() {
            members.insert("description".into(), text.into());
        }
        if let Some(security) = security(endpoint) {
            members.insert("security".into(), security);
        }
        if !parameters.is_empty() {
            members.insert("parameters".into(), parameters.into());
        }
        if !body.is_empty() {
            members
                .insert("requestBody".into(), json!({"required": body_required, "content": body}));
        }
        let mut responses = answers;
        responses.extend(answers::shared_by_status(endpoint, verb != "get"));
        responses.extend(answers::refused(&refusals, Form::of(path)));
        responses.sort_keys();
        members.insert("responses".into(), responses.into());
        written
    }

    /// The refusals besides those that are the same everywhere.
    fn all_refusals(&self) -> Vec<Refusal> {
        let mut all = self.refusals.clone();
        if let Some(endpoint) = self.endpoint {
            if takes_secret(endpoint) {
                all.push(Refusal::CredentialsRefused);
            } else {
                let rule = format!("oauth_operator: {OperatorError}");
                all.extend([Refusal::BadAuthentication, Refusal::NeedsUserContext]);
                all.extend([Refusal::OperatorNotTrusted, Refusal::Invalid(rule)]);
            }
            match endpoint.permission() {
                Permission::CustomProfiles => all.push(Refusal::NotPermitted),
                Permission::DirectMessages => all.push(Refusal::NoDirectMessages),
                Permission::None => {}
            }
            if endpoint.needs_write_access() {
                all.push(Refusal::ReadOnly);
            }
        }
        if self.verb != "get" {
            all.push(Refusal::Invalid("The body broke off.".into()));
        }
        all
    }
}

/// Whether an app brings its secret, instead of signing.
pub(super) fn takes_secret(endpoint: Endpoint) -> bool {
    endpoint.family() == "oauth2"
}

/// Who may call, where that is not an account by its app's signature.
fn security(endpoint: Option<Endpoint>) -> Option<Value> {
    match endpoint {
        None => Some(json!([])),
        Some(endpoint) if takes_secret(endpoint) => Some(json!([{"basic": []}])),
        Some(endpoint) if endpoint.kind() == Kind::App => Some(json!([{"oauth1_app": []}])),
        Some(endpoint) if endpoint.takes_bearer() => Some(json!([{"oauth1": []}, {"bearer": []}])),
        Some(_) => None,
    }
}

/// `postCustomProfilesNew`
fn operation_id(verb: &str, path: &str) -> String {
    let words =
        path.trim_start_matches("/1.1").trim_start_matches("/guise/v1").trim_end_matches(".json");
    let words =
        words.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(verb.to_owned(), |mut id, word| {
        let mut chars = word.chars();
        id.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        id.extend(chars);
        id
    })
}

/// The limit in words. The figure is the default: the configuration may say otherwise.
fn rate(endpoint: Endpoint) -> String {
    let rule = endpoint.default_rule();
    let counted = match endpoint.kind() {
        Kind::Read => "access token",
        Kind::Write => "account",
        Kind::App => "app",
    };
    let minutes = rule.window_seconds / 60;
    format!(
        "At most {} calls in {minutes} minutes for each {counted}, unless configured otherwise.",
        rule.limit
    )
}
