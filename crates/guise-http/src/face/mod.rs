//! Faces for those without a picture: a name's initials on a colour of the profile's, or somebody's silhouette.
//!
//! A face follows from its URL alone, to the byte, on every machine: letters are our own strokes, colours a table, and
//! nothing is computed in floating point. So nothing is kept: drawing one costs less than looking after it.

mod colours;
mod drawing;
mod glyphs;
mod initials;
mod pen;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use guise_domain::{PictureFormat, ProfileId};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use image::{DynamicImage, Rgb, RgbImage};

use crate::error::Refusal;
use crate::picture::{PictureError, Size, encode};
use crate::pictures::{Form, for_good, is_known};
use crate::state::Guise;

pub(crate) use initials::{Initials, initials};

/// Which drawing this is. One that differs in a byte needs a new number, since clients keep what they have.
const DRAWING: u32 = 1;

/// `GET /faces/<profile>-<initials>.png`, `….png:normal`, `….png?name=normal`
pub(crate) async fn show(
    State(guise): State<Guise>,
    Path(file): Path<String>,
    form: Result<Query<Form>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Query(form) = form.map_err(|_| Refusal::NotFound)?;
    let named = Named::parse(&file, form.name.as_deref()).ok_or(Refusal::NotFound)?;
    let Named { profile, initials, size } = named;
    let etag = format!("\"{DRAWING}.{profile}-{initials}.{}\"", size.name());
    let for_good = for_good(&etag)?;
    if is_known(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, for_good).into_response());
    }
    let (side, _) = size.dimensions(400, 400);
    let drawn = guise.faces().run(move || draw(profile, initials, side)).await;
    let bytes = drawn.map_err(|error| match error {
        PictureError::Busy => Refusal::OverCapacity("too many faces wait for being drawn".into()),
        error => Refusal::Internal(error.to_string()),
    })?;
    let png = [(CONTENT_TYPE, HeaderValue::from_static(PictureFormat::Png.media_type()))];
    Ok((for_good, png, bytes).into_response())
}

/// A face's last segment in URLs.
pub(crate) fn file(profile: ProfileId, initials: Initials) -> String {
    format!("{profile}-{initials}.png")
}

/// What a face's URL names.
struct Named {
    profile: ProfileId,
    initials: Initials,
    size: Size,
}

impl Named {
    /// Reads the URL's last segment, and `name` of its query. A bare URL means 400×400, the largest there is.
    fn parse(segment: &str, name: Option<&str>) -> Option<Self> {
        let (face, suffix) = match segment.split_once(':') {
            Some((face, suffix)) => (face, Some(suffix)),
            None => (segment, None),
        };
        let size = match suffix.or(name).map_or(Some(Size::Square400), Size::parse)? {
            size if size.is_square() => size,
            _ => Size::Square400,
        };
        let (profile, initials) = face.strip_suffix(".png")?.split_once('-')?;
        let (profile, initials) = (profile.parse().ok()?, Initials::parse(initials)?);
        // One name for each face: no zeros in front.
        (file(profile, initials) == face).then_some(Self { profile, initials, size })
    }
}

/// Draws a face, `side` pixels wide and tall, as a PNG. Blocks for a few milliseconds at 400 pixels.
///
/// # Errors
/// When it cannot be encoded.
pub(crate) fn draw(
    profile: ProfileId,
    initials: Initials,
    side: u32,
) -> Result<Bytes, PictureError> {
    let inked = match initials {
        Initials::None => drawing::somebody(side),
        Initials::One(only) => drawing::letters(side, &[only]),
        Initials::Two(first, last) => drawing::letters(side, &[first, last]),
    };
    let paper = colours::paper(profile);
    let mut picture = RgbImage::new(side, side);
    for (pixel, inked) in picture.pixels_mut().zip(inked) {
        *pixel = Rgb(colours::mix(paper, inked));
    }
    encode(&DynamicImage::ImageRgb8(picture), PictureFormat::Png)
}

#[cfg(test)]
mod tests;
