//! Decoding one picture under limits: upright, in sRGB, eight bits a channel.

use std::io::Cursor;

use guise_domain::ImageType;
use guise_domain::limits::{
    ANIMATION_BYTES_MAX, ANIMATION_FRAMES_MAX, ANIMATION_HEIGHT_MAX, ANIMATION_WIDTH_MAX,
    PICTURE_BYTES_MAX, PICTURE_DECODE_BYTES_MAX, PICTURE_PIXELS_MAX, PICTURE_SIDE_MAX,
};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use moxcms::{ColorProfile, Layout, TransformOptions};

use super::PictureError;

/// Decodes the first frame. The result is RGB or RGBA with eight bits a channel.
pub(super) fn decode(bytes: &[u8], image_type: ImageType) -> Result<DynamicImage, PictureError> {
    let format = match image_type {
        ImageType::Jpeg => ImageFormat::Jpeg,
        ImageType::Png => ImageFormat::Png,
        ImageType::Gif => ImageFormat::Gif,
        ImageType::Webp => ImageFormat::WebP,
    };
    let frames = if image_type == ImageType::Gif { gif_frames(bytes) } else { 1 };
    let bytes_max = if frames > 1 { ANIMATION_BYTES_MAX } else { PICTURE_BYTES_MAX };
    if bytes.len() > bytes_max {
        return Err(too_large(format!("{} bytes are more than {bytes_max}", bytes.len())));
    }
    let reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    check_dimensions(width, height, frames)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(PICTURE_DECODE_BYTES_MAX);
    decoder.set_limits(limits).map_err(broken)?;
    let orientation = decoder.orientation().map_err(broken)?;
    let profile = decoder.icc_profile().ok().flatten();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    let mut picture = if picture.color().has_alpha() {
        DynamicImage::ImageRgba8(picture.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(picture.into_rgb8())
    };
    if let Some(profile) = profile {
        to_srgb(&mut picture, &profile);
    }
    Ok(picture)
}

fn check_dimensions(width: u32, height: u32, frames: usize) -> Result<(), PictureError> {
    let pixels = u64::from(width) * u64::from(height);
    if width > PICTURE_SIDE_MAX || height > PICTURE_SIDE_MAX || pixels > PICTURE_PIXELS_MAX {
        return Err(too_large(format!(
            "{width}x{height} is more than {PICTURE_SIDE_MAX} pixels a side or {PICTURE_PIXELS_MAX} in all"
        )));
    }
    if frames > ANIMATION_FRAMES_MAX {
        return Err(too_large(format!(
            "the animation has more than {ANIMATION_FRAMES_MAX} frames"
        )));
    }
    if frames > 1 && (width > ANIMATION_WIDTH_MAX || height > ANIMATION_HEIGHT_MAX) {
        return Err(too_large(format!(
            "an animation of {width}x{height} is larger than {ANIMATION_WIDTH_MAX}x{ANIMATION_HEIGHT_MAX}"
        )));
    }
    Ok(())
}

/// Turns the colours of an embedded profile into sRGB. A profile that cannot be used is left out, as browsers do.
fn to_srgb(picture: &mut DynamicImage, profile: &[u8]) {
    let Ok(from) = ColorProfile::new_from_slice(profile) else { return };
    let to = ColorProfile::new_srgb();
    let layout = if picture.color().has_alpha() { Layout::Rgba } else { Layout::Rgb };
    let Ok(transform) =
        from.create_transform_8bit(layout, &to, layout, TransformOptions::default())
    else {
        return;
    };
    let source = picture.as_bytes().to_vec();
    let transformed = match picture {
        DynamicImage::ImageRgb8(pixels) => transform.transform(&source, pixels),
        DynamicImage::ImageRgba8(pixels) => transform.transform(&source, pixels),
        _ => Ok(()),
    };
    if let Err(error) = transformed {
        tracing::debug!(%error, "a colour profile was left out");
    }
}

/// How many frames a GIF has, told from its blocks without decoding a pixel; stops counting above the limit.
fn gif_frames(bytes: &[u8]) -> usize {
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let byte = |at: usize| bytes.get(at).copied();
    let mut frames = 0;
    let mut at = 13 + byte(10).map_or(0, table);
    while frames <= ANIMATION_FRAMES_MAX {
        let blocks = match byte(at) {
            Some(0x21) => at + 2,
            Some(0x2C) => {
                frames += 1;
                at + 11 + byte(at + 9).map_or(0, table)
            }
            _ => return frames,
        };
        at = blocks;
        loop {
            match byte(at) {
                None => return frames,
                Some(0) => break,
                Some(length) => at += usize::from(length) + 1,
            }
        }
        at += 1;
    }
    frames
}

fn too_large(reason: String) -> PictureError {
    PictureError::TooLarge(reason)
}

fn broken(error: ImageError) -> PictureError {
    match error {
        ImageError::Limits(_) => PictureError::TooLarge("decoding needs too much memory".into()),
        error => PictureError::Broken(error.to_string()),
    }
}
