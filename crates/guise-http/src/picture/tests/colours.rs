//! However a file keeps its colours, sRGB with eight bits a channel is served.

use image::ImageEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use moxcms::ColorProfile;

use super::*;

/// Drawn for this project: red on the left, blue on the right, in cyan, magenta, yellow and black.
const CMYK: &[u8] = include_bytes!("cmyk.jpg");

/// One colour in a file of each kind that embeds a profile.
fn with_profile(colour: [u8; 3], profile: &ColorProfile) -> [Vec<u8>; 3] {
    let picture = RgbImage::from_pixel(40, 40, Rgb(colour));
    let profile = profile.encode().unwrap();
    let (mut png, mut jpeg, mut webp) = (Vec::new(), Vec::new(), Vec::new());
    let mut encoder = PngEncoder::new(&mut png);
    encoder.set_icc_profile(profile.clone()).unwrap();
    picture.write_with_encoder(encoder).unwrap();
    let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, 100);
    encoder.set_icc_profile(profile.clone()).unwrap();
    picture.write_with_encoder(encoder).unwrap();
    let mut encoder = WebPEncoder::new_lossless(&mut webp);
    encoder.set_icc_profile(profile).unwrap();
    picture.write_with_encoder(encoder).unwrap();
    [png, jpeg, webp]
}

#[test]
fn a_cmyk_jpeg_keeps_its_colours() {
    let rendered = render(CMYK).unwrap();
    assert_eq!((rendered.image_type, rendered.format), (ImageType::Jpeg, PictureFormat::Jpeg));
    let picture = served(&rendered, Size::Orig);
    assert!(close(*picture.get_pixel(4, 24), [220, 30, 30]), "{:?}", picture.get_pixel(4, 24));
    assert!(close(*picture.get_pixel(43, 24), [30, 30, 220]), "{:?}", picture.get_pixel(43, 24));
}

#[test]
fn sixteen_bits_keep_their_transparency() {
    let glass = Rgba([0x0A0A, 0xC8C8, 0x0A0A, 0x8080]);
    let deep = ImageBuffer::<Rgba<u16>, Vec<u16>>::from_pixel(60, 60, glass);
    let rendered = render(&file(&DynamicImage::ImageRgba16(deep), ImageFormat::Png)).unwrap();
    assert_eq!(rendered.format, PictureFormat::Png);
    assert_eq!(served(&rendered, Size::Orig).get_pixel(9, 9).0, [10, 200, 10, 128]);
}

#[test]
fn an_embedded_profile_is_converted_to_srgb_and_not_passed_on() {
    let mut swapped = ColorProfile::new_srgb();
    std::mem::swap(&mut swapped.red_colorant, &mut swapped.green_colorant);
    let p3 = ColorProfile::new_display_p3();
    for (profile, stored, meant) in [
        (ColorProfile::new_srgb(), [220, 30, 30], [220, 30, 30]),
        (swapped, [220, 30, 30], [30, 220, 30]),
        // What Display P3 calls this is redder in sRGB: sixteen steps are more than any rounding.
        (p3, [180, 60, 60], [196, 47, 54]),
    ] {
        for bytes in with_profile(stored, &profile) {
            let rendered = render(&bytes).unwrap();
            let pixel = *served(&rendered, Size::Orig).get_pixel(20, 20);
            let off = pixel.0.iter().zip(meant).map(|(got, meant)| got.abs_diff(meant)).max();
            assert!(off.unwrap() < 6, "{:?}: {pixel:?} for {meant:?}", rendered.image_type);
            for (_, bytes) in &rendered.files {
                assert!(!bytes.windows(4).any(|window| window == b"acsp"), "the profile is gone");
            }
        }
    }
}

#[test]
fn a_profile_that_cannot_be_used_is_left_out() {
    let mut broken = Vec::new();
    let mut encoder = PngEncoder::new(&mut broken);
    encoder.set_icc_profile(b"not a profile".to_vec()).unwrap();
    RgbImage::from_pixel(40, 40, Rgb([220, 30, 30])).write_with_encoder(encoder).unwrap();
    let rendered = render(&broken).unwrap();
    assert!(close(*served(&rendered, Size::Orig).get_pixel(20, 20), [220, 30, 30]));
}
