//! What bytes are, told by how they begin.

use guise_domain::ImageType;

/// The kind of picture, or what else this looks like.
pub(super) fn tell(bytes: &[u8]) -> Result<ImageType, &'static str> {
    let at = |offset: usize, magic: &[u8]| {
        bytes.get(offset..).is_some_and(|rest| rest.starts_with(magic))
    };
    if at(0, b"\xFF\xD8\xFF") {
        return Ok(ImageType::Jpeg);
    }
    if at(0, b"\x89PNG\r\n\x1A\n") {
        return Ok(ImageType::Png);
    }
    if at(0, b"GIF87a") || at(0, b"GIF89a") {
        return Ok(ImageType::Gif);
    }
    if at(0, b"RIFF") && at(8, b"WEBP") {
        return Ok(ImageType::Webp);
    }
    let others: [(usize, &[u8], &str); 13] = [
        (0, b"%PDF", "a PDF"),
        (4, b"ftypavif", "an AVIF picture"),
        (4, b"ftyphei", "an HEIC picture"),
        (4, b"ftyp", "a video"),
        (0, b"\x1A\x45\xDF\xA3", "a video"),
        (0, b"BM", "a BMP picture"),
        (0, b"II*\0", "a TIFF picture"),
        (0, b"MM\0*", "a TIFF picture"),
        (0, b"PK\x03\x04", "a ZIP archive"),
        (0, b"\x7FELF", "a program"),
        (0, b"MZ", "a program"),
        (0, b"<svg", "an SVG drawing"),
        (0, b"<?xml", "an XML document"),
    ];
    let other = others.iter().find(|(offset, magic, _)| at(*offset, magic));
    Err(match other {
        _ if bytes.is_empty() => "no bytes",
        Some((_, _, name)) => name,
        None if std::str::from_utf8(bytes).is_ok() => "text",
        None => "an unknown kind of file",
    })
}
