use sha1::{Digest, Sha1};

use super::glyphs::{GLYPHS, Glyph};
use super::*;

const PROFILE: ProfileId = ProfileId::new(1_150_493_286_110_552_068);

fn hash(initials: &str, side: u32) -> String {
    let initials = Initials::parse(initials).unwrap();
    let hash = Sha1::digest(draw(PROFILE, initials, side).unwrap());
    format!("{:x}", Bytes::copy_from_slice(&hash))
}

/// The pixels with ink, seen from the middle, in halves of a pixel.
fn inked(letters: &[&Glyph], side: u32) -> Vec<(i32, i32)> {
    let side = i32::try_from(side).unwrap();
    let pixels = drawing::letters(side.cast_unsigned(), letters);
    let places = (0..side * side).map(|at| (at % side * 2 + 1 - side, at / side * 2 + 1 - side));
    places.zip(pixels).filter(|(_, ink)| *ink > 0).map(|(place, _)| place).collect()
}

/// When one of these changes, so must [`DRAWING`].
#[test]
fn a_face_is_the_same_bytes_every_time_and_everywhere() {
    assert_eq!(DRAWING, 1);
    assert_eq!(hash("JE", 400), "6e1d09c241b970d07ca6ad3bc7cf414d925994f3");
    assert_eq!(hash("7", 24), "fb862be92f6b144a24dfb061a7a217f510ca76e2");
    assert_eq!(hash("-", 48), "a9017326f4c42cfff47196f2c1805b12c29444a0");
}

#[test]
fn a_face_is_a_square_png_without_transparency() {
    for side in [400, 150, 73, 48, 24] {
        let bytes = draw(PROFILE, initials("Jon Cipriano"), side).unwrap();
        let picture = image::load_from_memory(&bytes).unwrap();
        assert_eq!(image::guess_format(&bytes).unwrap(), image::ImageFormat::Png);
        assert_eq!((picture.width(), picture.height()), (side, side));
        assert_eq!(picture.color(), image::ColorType::Rgb8);
    }
}

#[test]
fn no_two_letters_look_alike_at_24_pixels_and_all_have_full_strokes() {
    let faces: Vec<_> = GLYPHS.iter().map(|glyph| drawing::letters(24, &[glyph])).collect();
    for (index, face) in faces.iter().enumerate() {
        assert!(face.contains(&255), "{}", GLYPHS[index].letter);
        for (other, twin) in faces.iter().enumerate().skip(index + 1) {
            let apart = face.iter().zip(twin).filter(|(one, two)| one.abs_diff(**two) > 96);
            let (one, two) = (GLYPHS[index].letter, GLYPHS[other].letter);
            assert!(apart.count() >= 5, "{one} and {two}");
        }
    }
}

#[test]
fn any_two_letters_fit_into_a_circle_and_stand_in_its_middle() {
    for side in [24, 73] {
        let bound = i32::try_from(side).unwrap();
        for pair in GLYPHS.iter().flat_map(|one| GLYPHS.iter().map(move |two| [one, two])) {
            let name = format!("{}{} at {side}", pair[0].letter, pair[1].letter);
            let inked = inked(&pair, side);
            assert!(inked.iter().all(|(x, y)| x * x + y * y < bound * bound), "{name}");
            let (left, right) =
                (inked.iter().map(|at| at.0).min(), inked.iter().map(|at| at.0).max());
            assert!((left.unwrap() + right.unwrap()).abs() <= 4, "{name}");
        }
    }
}

#[test]
fn the_pen_inks_pixels_by_how_much_of_them_it_covers() {
    let mut pen = pen::Pen::new(4);
    pen.line((64, 128), (192, 128), 64);
    assert_eq!(
        pen.inked(),
        [[0, 0, 0, 0], [203, 255, 255, 203], [203, 255, 255, 203], [0, 0, 0, 0]].concat()
    );
}
