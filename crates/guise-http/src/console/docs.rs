//! The API, endpoint by endpoint: a page made of the documents that describe it to programs.

mod example;
mod schema;

use std::sync::LazyLock;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use serde_json::Value;

use super::{Frame, Section, page, signed_in};
use crate::error::Refusal;
use crate::openapi;
use crate::state::Guise;
use example::{call, curl};
use schema::{Document, Row};

static APIS: LazyLock<Vec<Api>> = LazyLock::new(|| {
    vec![Api::of("v1.1", &openapi::v1_1()), Api::of("guise", &openapi::guise_v1())]
});

#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage {
    frame: Frame,
    apis: &'static [Api],
}

/// One document.
struct Api {
    id: &'static str,
    title: String,
    about: Text,
    signing: Text,
    groups: Vec<Group>,
    schemas: Vec<Schema>,
}

/// Operations on the same kind of thing.
struct Group {
    id: String,
    name: String,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    verb: String,
    path: String,
    summary: String,
    about: Text,
    public: bool,
    parameters: Vec<Row>,
    bodies: Vec<Body>,
    answers: Vec<Answer>,
    call: String,
    curl: String,
}

struct Body {
    media_type: String,
    rows: Vec<Row>,
}

struct Answer {
    status: String,
    lines: Vec<String>,
    rows: Vec<Row>,
}

struct Schema {
    id: String,
    name: String,
    rows: Vec<Row>,
}

/// Paragraphs, each in pieces of which every second one is code.
struct Text(Vec<Vec<String>>);

impl Text {
    fn of(value: &Value) -> Self {
        let text = value.as_str().unwrap_or_default();
        let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.is_empty());
        Self(paragraphs.map(|one| one.split('`').map(str::to_owned).collect()).collect())
    }
}

impl Answer {
    fn is_success(&self) -> bool {
        self.status.starts_with('2')
    }
}

/// `GET /docs`
pub(crate) async fn show(Reader(frame): Reader) -> Response {
    page(StatusCode::OK, &DocsPage { frame, apis: &APIS })
}

/// Whoever looks, signed in or not.
pub(crate) struct Reader(Frame);

impl FromRequestParts<Guise> for Reader {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, guise: &Guise) -> Result<Self, Refusal> {
        let signed = signed_in::find(guise, parts).await?;
        let frame = signed.map_or_else(Frame::nobody, |signed| signed.frame(guise, Section::Docs));
        Ok(Self(frame))
    }
}

impl Api {
    fn of(id: &'static str, value: &Value) -> Self {
        let document = Document { id, value };
        let mut groups: Vec<Group> = Vec::new();
        for (path, verbs) in members(&value["paths"]) {
            let family = family(path);
            let operations = members(verbs).map(|(verb, one)| document.operation(path, verb, one));
            match groups.iter_mut().find(|group| group.name == family) {
                Some(group) => group.operations.extend(operations),
                None => groups.push(Group {
                    id: format!("{id}-{}", family.to_lowercase().replace(' ', "-")),
                    operations: operations.collect(),
                    name: family,
                }),
            }
        }
        let schemas = members(at(value, "/components/schemas")).map(|(name, schema)| Schema {
            id: document.anchor(name),
            name: name.clone(),
            rows: document.rows(schema),
        });
        Self {
            id,
            title: at(value, "/info/title").as_str().unwrap_or_default().to_owned(),
            about: Text::of(at(value, "/info/description")),
            signing: Text::of(at(value, "/components/securitySchemes/oauth1/description")),
            groups,
            schemas: schemas.collect(),
        }
    }
}

impl Document<'_> {
    fn operation(&self, path: &str, verb: &str, value: &Value) -> Operation {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let bodies = members(at(value, "/requestBody/content")).map(|(media_type, body)| Body {
            media_type: media_type.clone(),
            rows: self.rows(&body["schema"]),
        });
        let answers =
            members(&value["responses"]).map(|(status, answer)| self.answer(status, answer));
        Operation {
            id: text("operationId"),
            verb: verb.to_uppercase(),
            path: path.to_owned(),
            summary: text("summary"),
            about: Text::of(&value["description"]),
            public: value["security"].as_array().is_some_and(Vec::is_empty),
            parameters: items(&value["parameters"]).map(|one| self.parameter(one)).collect(),
            bodies: bodies.collect(),
            answers: answers.collect(),
            call: call(self, verb, path, value),
            curl: curl(self, verb, path, value),
        }
    }

    fn parameter(&self, value: &Value) -> Row {
        let name = value["name"].as_str().unwrap_or_default();
        let place = value["in"].as_str().unwrap_or_default();
        let mut row = self.row(name, value["required"] == true, &value["schema"]);
        row.place = Some(place.to_owned());
        row
    }

    fn answer(&self, status: &str, value: &Value) -> Answer {
        let value = self.resolved(value);
        let lines = value["description"].as_str().unwrap_or_default().lines();
        let success = status.starts_with('2');
        let schema = members(&value["content"]).map(|(_, content)| &content["schema"]).next();
        // Refusals have one form, which the description tells: code and text.
        let rows = schema.filter(|_| success).map(|schema| self.rows(schema)).unwrap_or_default();
        Answer { status: status.to_owned(), lines: lines.map(str::to_owned).collect(), rows }
    }
}

/// `/1.1/direct_messages/events/new.json` belongs to `Direct messages`, and so do their pictures, under `/1.1/ton`.
fn family(path: &str) -> String {
    let path = path.trim_start_matches("/guise/v1/").trim_start_matches("/1.1/");
    let path = path.trim_start_matches("/2/").trim_start_matches('/');
    let word = match path.split('/').next().unwrap_or_default() {
        "ton" => "direct messages".to_owned(),
        "oauth" | "oauth2" => "OAuth".to_owned(),
        word => word.replace('_', " "),
    };
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// What stands at `place`, or null.
fn at<'v>(value: &'v Value, place: &str) -> &'v Value {
    value.pointer(place).unwrap_or(&Value::Null)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_and_schema_is_there_and_every_anchor_is_one() {
        for (api, document) in APIS.iter().zip([openapi::v1_1(), openapi::guise_v1()]) {
            let operations: usize =
                members(&document["paths"]).map(|(_, verbs)| members(verbs).count()).sum();
            let shown: usize = api.groups.iter().map(|group| group.operations.len()).sum();
            assert_eq!(shown, operations);
            assert!(api.groups.iter().all(|group| !group.name.is_empty()));
            assert_eq!(api.schemas.len(), members(&document["components"]["schemas"]).count());
        }
        let html = DocsPage { frame: Frame::nobody(), apis: &APIS }.render().unwrap();
        let mut ids: Vec<_> =
            html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        for link in html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(ids.contains(&link), "#{link} leads nowhere");
        }
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all, "an id stands for two places");
    }
}
