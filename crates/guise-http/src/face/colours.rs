//! What faces are painted with: white on one of sixteen colours of about the same darkness.

use guise_domain::ProfileId;

/// Red, green and blue, as in `#RRGGBB`.
pub(super) type Colour = [u8; 3];

/// What letters are written in.
pub(super) const INK: Colour = [0xFF; 3];

/// Around the colour wheel, and a grey.
const PAPERS: [Colour; 16] = [
    [0xC1, 0x3F, 0x6E],
    [0xC6, 0x40, 0x41],
    [0xB7, 0x50, 0x23],
    [0x9E, 0x5D, 0x17],
    [0x5F, 0x75, 0x13],
    [0x30, 0x7D, 0x37],
    [0x11, 0x7F, 0x59],
    [0x06, 0x7B, 0x85],
    [0x07, 0x78, 0x9C],
    [0x0A, 0x72, 0xC2],
    [0x43, 0x64, 0xD7],
    [0x68, 0x57, 0xD1],
    [0x86, 0x4D, 0xC4],
    [0xA2, 0x48, 0xA9],
    [0xB6, 0x41, 0x8B],
    [0x58, 0x69, 0x7F],
];

/// The colour behind a profile's letters. Ids made one after the other get different ones.
pub(super) fn paper(profile: ProfileId) -> Colour {
    // Multiplying by 2^64 over the golden ratio lets every bit of the id reach the highest four.
    let scattered = profile.get().cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let [first, ..] = PAPERS;
    usize::try_from(scattered >> 60).ok().and_then(|at| PAPERS.get(at)).copied().unwrap_or(first)
}

/// Paper that is inked so far, 0 to 255.
pub(super) fn mix(paper: Colour, inked: u8) -> Colour {
    let mut mixed = [0; 3];
    for ((mixed, paper), ink) in mixed.iter_mut().zip(paper).zip(INK) {
        let both = u32::from(paper) * u32::from(255 - inked) + u32::from(ink) * u32::from(inked);
        *mixed = u8::try_from((both + 127) / 255).unwrap_or(u8::MAX);
    }
    mixed
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::drawing::PALE;
    use super::*;

    /// WCAG 2's relative luminance.
    fn luminance(colour: Colour) -> f64 {
        let [red, green, blue] = colour.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// WCAG 2 asks for 4.5 where it is text, and for 3 where it is a picture.
    #[test]
    fn letters_and_silhouettes_stand_out_from_every_colour() {
        for (paper, inked, least) in
            PAPERS.into_iter().flat_map(|p| [(p, 255, 4.5), (p, PALE, 3.0)])
        {
            let ink = mix(paper, inked);
            let contrast = (luminance(ink) + 0.05) / (luminance(paper) + 0.05);
            assert!(contrast >= least, "{ink:02X?} on {paper:02X?}: {contrast:.2}");
        }
    }

    #[test]
    fn ids_share_the_colours_evenly() {
        let mut counts = HashMap::new();
        for second in 0..1600_i64 {
            let id = 1_150_493_286_110_552_068 + ((second * 1000) << 22);
            *counts.entry(paper(ProfileId::new(id))).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 16);
        assert!(counts.values().all(|count| (50..=150).contains(count)), "{counts:?}");
    }

    #[test]
    fn paper_without_ink_is_paper_and_full_ink_is_ink() {
        for paper in PAPERS {
            assert_eq!((mix(paper, 0), mix(paper, 255)), (paper, INK));
        }
    }
}
