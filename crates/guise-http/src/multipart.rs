//! Multipart bodies (RFC 7578) as clients really send them.
//!
//! `multer` reads the parts. What it does not take is mended before: a comma instead of the semicolon in the
//! content type, and parameters before the boundary. A part's name is read here too: `multer` finds it inside a file
//! name that holds `name=`.

use bytes::Bytes;
use guise_domain::limits::FORM_FIELDS_MAX;

use http::header::CONTENT_DISPOSITION;
use http::{HeaderMap, HeaderValue};

use crate::error::Refusal;
use crate::wire::Pairs;

/// What is said to whoever sends more than the one picture.
pub(crate) const SEVERAL: &str = "give one picture, not several.";

/// The fields of a body.
#[derive(Debug, Default)]
pub(crate) struct Form {
    /// Text fields.
    pub(crate) fields: Pairs,
    /// The bytes of the part called `media` or `media[]`.
    pub(crate) media: Option<Bytes>,
}

/// Reads a whole body.
///
/// # Errors
/// What is wrong with it.
pub(crate) async fn read(content_type: &str, body: Bytes) -> Result<Form, Refusal> {
    let boundary = boundary(content_type)
        .ok_or_else(|| Refusal::Invalid("The multipart body's boundary is missing.".into()))?;
    let body = futures::stream::once(async move { Ok::<_, std::io::Error>(body) });
    let mut parts = multer::Multipart::new(body, boundary);
    let mut form = Form::default();
    let mut count = 0;
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        count += 1;
        if count > FORM_FIELDS_MAX {
            return Err(Refusal::Invalid(format!(
                "A body may have at most {FORM_FIELDS_MAX} fields."
            )));
        }
        let name = name(part.headers());
        let bytes = part.bytes().await.map_err(broken)?;
        if matches!(name.as_str(), "media" | "media[]") {
            if form.media.replace(bytes).is_some() {
                return Err(Refusal::Upload(SEVERAL.into()));
            }
        } else {
            let text = String::from_utf8(bytes.into())
                .map_err(|_| Refusal::Invalid(format!("{name}: must be UTF-8")))?;
            form.fields.push(name, text);
        }
    }
    Ok(form)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn broken(error: multer::Error) -> Refusal {
    Refusal::Invalid(format!("The multipart body is broken: {error}."))
}

/// The boundary, wherever and however it is written.
fn boundary(content_type: &str) -> Option<String> {
    parameter(content_type, &[';', ','], "boundary").filter(|boundary| !boundary.is_empty())
}

/// The name of a part's field; empty when it has none.
fn name(headers: &HeaderMap) -> String {
    let disposition = headers.get(CONTENT_DISPOSITION).map(HeaderValue::as_bytes);
    // File names come in any encoding; they are not needed, and names of fields are ASCII.
    let disposition = String::from_utf8_lossy(disposition.unwrap_or_default());
    parameter(&disposition, &[';'], "name").unwrap_or_default()
}

/// The parameter called `wanted`, without its quotes. Inside quotes nothing separates, and a backslash takes the
/// meaning from the character after it.
fn parameter(value: &str, separators: &[char], wanted: &str) -> Option<String> {
    let (mut pieces, mut piece, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '\\' if quoted => piece.extend(characters.next()),
            _ if !quoted && separators.contains(&character) => {
                pieces.push(std::mem::take(&mut piece));
            }
            _ => piece.push(character),
        }
    }
    pieces.push(piece);
    pieces.iter().find_map(|piece| {
        let (name, value) = piece.split_once('=')?;
        name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn form(content_type: &str, body: &str) -> Form {
        let body = Bytes::from(body.replace('\n', "\r\n"));
        read(content_type, body).await.unwrap()
    }

    const BODY: &str = "--x\nContent-Disposition: form-data; name=\"media\"\n\n\u{1}\u{2}\n--x\n\
        Content-Disposition: form-data; name=\"media_category\"; filename=\"a\\\"b\"\nContent-Type: text/plain\n\ndm_image\n--x--\n";

    #[tokio::test]
    async fn odd_content_types_are_read() {
        for content_type in [
            "multipart/form-data, boundary=\"x\"",
            "multipart/form-data; boundary=\"x\"",
            "multipart/form-data; charset=utf-8; boundary=x",
            "Multipart/Form-Data;Boundary=x",
        ] {
            let form = form(content_type, BODY).await;
            assert_eq!(form.media.as_deref(), Some(b"\x01\x02".as_slice()), "{content_type}");
            assert_eq!(form.fields.get("media_category"), Some("dm_image"));
        }
    }

    #[tokio::test]
    async fn a_file_field_may_be_called_media_with_brackets() {
        let body = "--x\nContent-Disposition: form-data; name=\"media[]\"; filename=\"a \\\"b\\\".jpg\"\n\
            Content-Type: application/octet-stream\n\nabc\n--x--\n";
        assert_eq!(
            form("multipart/form-data; boundary=x", body).await.media.as_deref(),
            Some(b"abc".as_slice())
        );
    }

    #[tokio::test]
    async fn a_body_cut_short_is_an_error() {
        let cut =
            Bytes::from_static(b"--x\r\nContent-Disposition: form-data; name=\"media\"\r\n\r\nab");
        assert!(read("multipart/form-data; boundary=x", cut).await.is_err());
        assert!(read("multipart/form-data", Bytes::new()).await.is_err());
    }
}
