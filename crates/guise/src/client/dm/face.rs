//! A picture in a terminal: half a character cell for each pixel, in true colour.

use std::fmt::Write as _;

use image::imageops::FilterType;
use image::{ImageReader, Rgba};

/// How wide and high a face is shown, in pixels; a cell is one wide and two high.
const PIXELS: u32 = 8;
const CELL: &str = "▀";

/// The lines of a picture that was served by this server, all of the same width; `None` when it is no picture.
pub(super) fn lines(bytes: &[u8]) -> Option<Vec<String>> {
    let reader = ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format().ok()?;
    let small =
        reader.decode().ok()?.resize_exact(PIXELS, PIXELS, FilterType::Triangle).into_rgba8();
    let line = |row: u32| {
        let mut cells = String::new();
        for column in 0..PIXELS {
            let (upper, lower) = (small.get_pixel(column, row), small.get_pixel(column, row + 1));
            // Writing to a String does not fail.
            let _ = write!(cells, "\x1b[38;2;{};48;2;{}m{CELL}", colour(*upper), colour(*lower));
        }
        format!("{cells}\x1b[0m")
    };
    Some((0..PIXELS).step_by(2).map(line).collect())
}

/// A colour for SGR; what is transparent is black.
fn colour(Rgba([red, green, blue, alpha]): Rgba<u8>) -> String {
    let [red, green, blue] =
        [red, green, blue].map(|part| u16::from(part) * u16::from(alpha) / 255);
    format!("{red};{green};{blue}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_is_four_lines_of_eight_cells() {
        let lines = lines(include_bytes!("../../../assets/jon.jpg")).unwrap();
        assert_eq!(lines.len(), 4);
        assert!(
            lines.iter().all(|line| line.matches(CELL).count() == 8 && line.ends_with("\x1b[0m"))
        );
        assert!(super::lines(b"no picture").is_none());
    }
}
