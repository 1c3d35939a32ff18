mod colours;

use std::io::Cursor;

use futures::FutureExt;
use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{Delay, Frame, ImageBuffer, Luma, Rgb, RgbImage, Rgba, RgbaImage};

use super::*;

fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Red on the left, blue on the right.
fn halves(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, _| {
        Rgb(if x < width / 2 { [220, 30, 30] } else { [30, 30, 220] })
    })
    .into()
}

fn served(rendered: &Rendered, size: Size) -> RgbaImage {
    let (_, bytes) = rendered.files.iter().find(|(stored, _)| *stored == size).unwrap();
    image::load_from_memory(bytes).unwrap().into_rgba8()
}

fn close(pixel: Rgba<u8>, expected: [u8; 3]) -> bool {
    pixel.0.iter().zip(expected).all(|(got, wanted)| got.abs_diff(wanted) < 16)
}

#[test]
fn every_kind_becomes_upright_files_in_every_size() {
    for (format, kind) in [
        (ImageFormat::Jpeg, ImageType::Jpeg),
        (ImageFormat::Png, ImageType::Png),
        (ImageFormat::Gif, ImageType::Gif),
        (ImageFormat::WebP, ImageType::Webp),
    ] {
        let rendered = render(&file(&halves(1252, 626), format)).unwrap();
        assert_eq!((rendered.image_type, rendered.format), (kind, PictureFormat::Jpeg));
        assert_eq!((rendered.width, rendered.height), (1252, 626));
        assert!(rendered.files.iter().all(|(size, _)| *size != Size::Large));
        for (size, expected) in [
            (Size::Orig, (1252, 626)),
            (Size::Medium, (1200, 600)),
            (Size::Small, (680, 340)),
            (Size::Thumb, (150, 150)),
            (Size::Mini, (24, 24)),
        ] {
            let picture = served(&rendered, size);
            assert_eq!(picture.dimensions(), expected);
            assert!(close(*picture.get_pixel(0, 0), [220, 30, 30]), "{kind:?} {size:?}");
            assert!(
                close(*picture.get_pixel(expected.0 - 1, 0), [30, 30, 220]),
                "{kind:?} {size:?}"
            );
        }
    }
}

#[test]
fn transparency_makes_png_and_opaque_alpha_does_not() {
    let glass = RgbaImage::from_pixel(60, 60, Rgba([10, 200, 10, 128]));
    let rendered = render(&file(&glass.into(), ImageFormat::Png)).unwrap();
    assert_eq!(rendered.format, PictureFormat::Png);
    assert_eq!(served(&rendered, Size::Normal).get_pixel(5, 5).0, [10, 200, 10, 128]);
    let opaque = RgbaImage::from_pixel(60, 60, Rgba([10, 200, 10, 255]));
    let rendered = render(&file(&opaque.into(), ImageFormat::Png)).unwrap();
    assert_eq!(rendered.format, PictureFormat::Jpeg);
}

#[test]
fn sixteen_bits_and_greys_keep_their_brightness() {
    let deep = ImageBuffer::<Rgb<u16>, Vec<u16>>::from_pixel(50, 50, Rgb([0xDC00, 0x1E00, 0x1E00]));
    let rendered = render(&file(&DynamicImage::ImageRgb16(deep), ImageFormat::Png)).unwrap();
    assert!(close(*served(&rendered, Size::Orig).get_pixel(9, 9), [220, 30, 30]));
    let grey = ImageBuffer::<Luma<u8>, Vec<u8>>::from_pixel(50, 50, Luma([90]));
    let rendered = render(&file(&DynamicImage::ImageLuma8(grey), ImageFormat::Jpeg)).unwrap();
    assert!(close(*served(&rendered, Size::Orig).get_pixel(9, 9), [90, 90, 90]));
}

/// Puts an EXIF segment behind the start of a JPEG: one entry, the orientation, and a marker text.
fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"secret place");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn orientation_is_applied_and_metadata_stripped() {
    let sideways = with_orientation(&file(&halves(200, 100), ImageFormat::Jpeg), 6);
    let rendered = render(&sideways).unwrap();
    assert_eq!((rendered.width, rendered.height), (100, 200));
    let picture = served(&rendered, Size::Orig);
    assert!(close(*picture.get_pixel(50, 5), [220, 30, 30]));
    assert!(close(*picture.get_pixel(50, 195), [30, 30, 220]));
    for (_, bytes) in &rendered.files {
        assert!(!bytes.windows(6).any(|window| window == b"secret" || window == b"Exif\0\0"));
    }
}

fn animation(frames: usize, width: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 30);
    for index in 0..frames {
        let shade = if index == 0 { [220, 30, 30, 255] } else { [30, 30, 220, 255] };
        let pixels = RgbaImage::from_pixel(width, 4, Rgba(shade));
        encoder
            .encode_frame(Frame::from_parts(pixels, 0, 0, Delay::from_numer_denom_ms(100, 1)))
            .unwrap();
    }
    drop(encoder);
    bytes
}

#[test]
fn of_an_animation_the_first_frame_is_kept() {
    let rendered = render(&animation(3, 64)).unwrap();
    assert!(close(*served(&rendered, Size::Orig).get_pixel(1, 1), [220, 30, 30]));
    assert!(matches!(render(&animation(351, 4)), Err(PictureError::TooLarge(_))));
    assert!(matches!(render(&animation(2, 1281)), Err(PictureError::TooLarge(_))));
    assert!(render(&animation(1, 1281)).is_ok());
}

#[test]
fn an_animation_may_be_larger_than_a_picture() {
    let padded = |frames, megabytes: usize| {
        [animation(frames, 64), vec![0; megabytes * 1024 * 1024]].concat()
    };
    assert!(render(&padded(2, 14)).is_ok());
    assert!(matches!(render(&padded(2, 15)), Err(PictureError::TooLarge(_))));
    assert!(matches!(render(&padded(1, 5)), Err(PictureError::TooLarge(_))), "it does not move");
}

/// A PNG that says it is huge; its data never has to be looked at.
fn bomb() -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(40_000_u32.to_be_bytes());
    header.extend(40_000_u32.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut crc = !0_u32;
    for byte in &header {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    [
        b"\x89PNG\r\n\x1A\n\0\0\0\x0D".as_slice(),
        &header,
        &(!crc).to_be_bytes(),
        b"\0\0\0\0IDAT",
        &vec![0; 100_000],
    ]
    .concat()
}

#[test]
fn what_is_too_large_broken_or_no_picture_is_refused_with_a_reason() {
    let reason = |bytes: &[u8]| render(bytes).unwrap_err().to_string();
    assert_eq!(reason(&bomb()), "40000x40000 is more than 16384 pixels a side or 50000000 in all");
    assert_eq!(reason(b"%PDF-1.7"), "found a PDF");
    assert_eq!(reason(b""), "found no bytes");
    assert_eq!(reason(b"hello"), "found text");
    assert_eq!(reason(b"\0\0\0\x18ftypmp42"), "found a video");
    let jpeg = file(&halves(300, 300), ImageFormat::Jpeg);
    let png = file(&halves(300, 300), ImageFormat::Png);
    assert!(matches!(render(&jpeg[..20]), Err(PictureError::Broken(_))));
    assert!(matches!(render(&png[..png.len() / 2]), Err(PictureError::Broken(_))));
    let padded = [jpeg, vec![0; 5 * 1024 * 1024]].concat();
    assert!(matches!(render(&padded), Err(PictureError::TooLarge(_))));
}

/// Gradients, edges and grain, as photographs have them.
fn detailed(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let byte = |value: u32| u8::try_from(value % 256).unwrap();
        let grain = x.wrapping_mul(0x9E37_79B1).wrapping_add(y.wrapping_mul(0x85EB_CA77)) >> 29;
        let edge = if x.abs_diff(y) < width / 4 { 90 } else { 0 };
        Rgb([
            byte(100 + edge + grain),
            byte(x * 160 / width + edge),
            byte(y * 160 / height + grain),
        ])
    })
}

/// How far a channel is off on average, in hundredths of a step.
fn off(served: &RgbaImage, expected: &DynamicImage) -> u32 {
    let expected = expected.to_rgba8();
    assert_eq!(served.dimensions(), expected.dimensions());
    let off = served.as_raw().iter().zip(expected.as_raw()).map(|(a, b)| u32::from(a.abs_diff(*b)));
    off.sum::<u32>() * 100 / u32::try_from(served.as_raw().len()).unwrap()
}

#[test]
fn what_is_served_is_as_good_as_what_others_scale_and_write() {
    let small = (1..=24).map(|side| (side, 25 - side));
    for (width, height) in small.chain([(641, 479), (479, 641), (1300, 33), (33, 1300)]) {
        let picture = DynamicImage::ImageRgb8(detailed(width, height));
        let rendered = render(&file(&picture, ImageFormat::Png)).unwrap();
        for (size, _) in &rendered.files {
            let (w, h) = size.dimensions(width, height);
            let short = width.min(height);
            let exact = if size.is_square() {
                picture.crop_imm((width - short) / 2, (height - short) / 2, short, short)
            } else {
                picture.clone()
            };
            let exact = exact.resize_exact(w, h, FilterType::CatmullRom);
            let mut other = Vec::new();
            exact
                .write_with_encoder(JpegEncoder::new_with_quality(&mut other, JPEG_QUALITY))
                .unwrap();
            let other = off(&image::load_from_memory(&other).unwrap().into_rgba8(), &exact);
            let off = off(&served(&rendered, *size), &exact);
            assert!(off <= other + 20, "{width}x{height} {size:?}: {off}, another encoder {other}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn who_renders_gives_way_and_who_waits_does_not() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let niceness = || {
        let this = rustix::thread::gettid();
        rustix::process::getpriority_process(Some(this)).unwrap()
    };
    let before = niceness();
    let rendering = runtime.block_on(Renderer::default().run(move || Ok(niceness()))).unwrap();
    assert_eq!((rendering, niceness()), (10, before));
}

#[test]
fn a_picture_nobody_waits_for_keeps_its_turn_until_it_is_done() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (release, released) = std::sync::mpsc::channel::<()>();
    runtime.block_on(async {
        let renderer = Renderer::default();
        let turns = renderer.running.available_permits();
        let waiting = renderer.waiting.available_permits();
        let left = renderer.run(move || released.recv().map_err(|_| PictureError::Busy));
        assert!(left.now_or_never().is_none(), "the client leaves while it waits");
        assert_eq!(renderer.running.available_permits(), turns - 1);
        assert_eq!(renderer.waiting.available_permits(), waiting - 1);
        release.send(()).unwrap();
        let all = renderer.running.acquire_many(u32::try_from(turns).unwrap());
        all.await.unwrap().forget();
    });
}

#[test]
fn work_that_panics_is_a_broken_picture_and_gives_its_turn_back() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let renderer = Renderer::default();
        let turns = renderer.running.available_permits();
        let broken = renderer.run(|| -> Result<(), PictureError> { panic!("a decoder's mistake") });
        assert!(matches!(broken.await, Err(PictureError::Broken(_))));
        let all = renderer.running.acquire_many(u32::try_from(turns).unwrap());
        all.await.unwrap().forget();
    });
}
