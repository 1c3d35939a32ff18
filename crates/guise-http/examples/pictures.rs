//! How long a photograph of twelve megapixels takes to become the files of all sizes, beside decoding it and no more.
//!
//! `cargo run --release -p guise-http --example pictures`, with a folder behind `--` to keep the files in
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement for people: what goes wrong may stop it"
)]

use std::io::Cursor;
use std::path::Path;
use std::time::Instant;

use fast_image_resize::{ResizeOptions, Resizer};
use guise_http::files_of_picture;
use image::{DynamicImage, ImageFormat, ImageReader, Rgb, RgbImage};
use libjpeg_turbo_rs::{PixelFormat, Subsampling, compress};

const WIDTH: u16 = 4000;
const HEIGHT: u16 = 3000;
const RUNS: usize = 15;

fn main() {
    // As cameras write them: colour at half the resolution.
    let bytes = written(&photograph(), 90, Subsampling::S420);
    let (mut decoding, mut all) = (Vec::new(), Vec::new());
    // In turns, so that whatever else the machine does troubles both.
    for _ in 0..RUNS {
        decoding.push(milliseconds(|| drop(decoded(&bytes))));
        all.push(milliseconds(|| drop(files_of_picture(&bytes).unwrap())));
    }
    let (decoding, all) = (median(decoding), median(all));
    println!("decode_ms {decoding:.1}");
    println!("all_sizes_ms {all:.1}");
    println!("ratio {:.2}", all / decoding);
    steps(&bytes);
    println!("uploaded: {} bytes", bytes.len());
    for (size, file) in files_of_picture(&bytes).unwrap() {
        println!("{size}: {} bytes", file.len());
        if let Some(folder) = std::env::args().nth(1) {
            std::fs::write(Path::new(&folder).join(format!("{size}.jpg")), file).unwrap();
        }
    }
}

/// What all sizes are made of, one after another.
fn steps(bytes: &[u8]) {
    let mut picture = decoded(bytes);
    step("write 4000x3000", || written(&picture, 88, Subsampling::S444));
    for (width, height) in [(2048, 1536), (1200, 900), (680, 510), (400, 300)] {
        let mut scaled = DynamicImage::new(width, height, picture.color());
        let options = ResizeOptions::new();
        step(&format!("scale to {width}x{height}"), || {
            Resizer::new().resize(&picture, &mut scaled, &options).unwrap();
        });
        step(&format!("write {width}x{height}"), || written(&scaled, 88, Subsampling::S444));
        picture = scaled;
    }
}

fn step<T>(name: &str, mut work: impl FnMut() -> T) {
    let times = (0..RUNS).map(|_| milliseconds(|| drop(work()))).collect();
    println!("{name}: {:.1} ms", median(times));
}

fn milliseconds(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64() * 1000.0
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn decoded(bytes: &[u8]) -> DynamicImage {
    ImageReader::with_format(Cursor::new(bytes), ImageFormat::Jpeg).decode().unwrap()
}

fn written(picture: &DynamicImage, quality: u8, colour: Subsampling) -> Vec<u8> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let pixels = picture.as_rgb8().unwrap();
    compress(pixels, width, height, PixelFormat::Rgb, quality, colour).unwrap()
}

/// Somebody before hills and a sky, with the detail and the grain of a photograph; the same every time.
fn photograph() -> DynamicImage {
    let mut state = 1_u32;
    let mut picture = RgbImage::new(WIDTH.into(), HEIGHT.into());
    for (row, y) in picture.rows_mut().zip(0..HEIGHT) {
        for (pixel, x) in row.zip(0..WIDTH) {
            let (u, v) = (f32::from(x) / f32::from(WIDTH), f32::from(y) / f32::from(HEIGHT));
            let texture = texture(u * 8.0, v * 8.0);
            // Xorshift: grain that no compression foresees.
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let grain = f32::from(state.to_le_bytes()[0]) / 255.0 - 0.5;
            let light = 46.0 * (texture - 0.5) + 22.0 * grain;
            *pixel = Rgb(scene(u, v, texture).map(|channel| byte(channel + light)));
        }
    }
    DynamicImage::ImageRgb8(picture)
}

/// What is where, without its texture.
fn scene(u: f32, v: f32, texture: f32) -> [f32; 3] {
    let from = |x: f32, y: f32| ((u - x).powi(2) * 1.6 + (v - y).powi(2)).sqrt();
    let face = from(0.5, 0.45);
    if from(0.45, 0.4).min(from(0.55, 0.4)) < 0.02 {
        [40.0, 30.0, 30.0]
    } else if face < 0.22 {
        [235.0, 185.0, 155.0].map(|channel| channel * (1.0 - 1.6 * face))
    } else if v < 0.5 + 0.1 * texture {
        [90.0 + 90.0 * v, 140.0 + 60.0 * v, 220.0 - 20.0 * v]
    } else {
        [60.0 + 80.0 * texture, 110.0 - 30.0 * v + 50.0 * texture, 50.0]
    }
}

/// Seven octaves of noise, each finer and weaker than the one before: 0 to 1.
fn texture(x: f32, y: f32) -> f32 {
    let (mut x, mut y, mut weight, mut sum) = (x, y, 0.5, 0.0);
    for _ in 0..7 {
        let smooth = |t: f32| t * t * (3.0 - 2.0 * t);
        let mixed = |from: f32, to: f32, t: f32| from + (to - from) * smooth(t);
        let (left, top) = (x.floor(), y.floor());
        let above = mixed(lattice(left, top), lattice(left + 1.0, top), x - left);
        let below = mixed(lattice(left, top + 1.0), lattice(left + 1.0, top + 1.0), x - left);
        sum += weight * mixed(above, below, y - top);
        (x, y, weight) = (x * 2.03, y * 2.03, weight * 0.55);
    }
    sum.min(1.0)
}

/// A number from 0 to 1 for each point with whole coordinates.
fn lattice(x: f32, y: f32) -> f32 {
    let mut bits = x.to_bits().wrapping_mul(0x9E37_79B1) ^ y.to_bits().wrapping_mul(0x85EB_CA77);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x2C1B_3C6D);
    bits = (bits ^ (bits >> 12)).wrapping_mul(0x297A_2D39);
    f32::from((bits >> 24).to_le_bytes()[0]) / 255.0
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped")]
fn byte(channel: f32) -> u8 {
    channel.clamp(0.0, 255.0) as u8
}
