//! The pen: a disc of ink moved along straight lines, over a square of pixels.
//!
//! Everything is counted in 64ths of a pixel, in whole numbers: the same on every machine.

/// A pixel's side in the pen's units.
pub(super) const PIXEL: i64 = 64;

/// A point of the picture.
pub(super) type Point = (i64, i64);

/// How much of each pixel is inked, 0 to 255, row by row.
pub(super) struct Pen {
    side: i64,
    inked: Vec<u8>,
}

impl Pen {
    /// A clean square of `side` × `side` pixels.
    pub(super) fn new(side: u32) -> Self {
        Self { side: side.into(), inked: vec![0; side as usize * side as usize] }
    }

    /// What has been inked.
    pub(super) fn inked(self) -> Vec<u8> {
        self.inked
    }

    /// Moves a disc of `radius` from one point to the other.
    pub(super) fn line(&mut self, from: Point, to: Point, radius: i64) {
        let reach = radius + PIXEL;
        let span = |one: i64, other: i64| {
            let first = (one.min(other) - reach).div_euclid(PIXEL).clamp(0, self.side);
            let last = (one.max(other) + reach).div_euclid(PIXEL).clamp(-1, self.side - 1);
            (first, last)
        };
        let ((left, right), (top, bottom)) = (span(from.0, to.0), span(from.1, to.1));
        for y in top..=bottom {
            let row = usize::try_from(y * self.side + left).unwrap_or(usize::MAX);
            for (x, pixel) in (left..=right).zip(self.inked.iter_mut().skip(row)) {
                if *pixel == u8::MAX {
                    continue;
                }
                let centre = (x * PIXEL + PIXEL / 2, y * PIXEL + PIXEL / 2);
                *pixel = (*pixel).max(ink(distance_squared(centre, from, to), radius));
            }
        }
    }
}

/// How much of a pixel is inked by a disc whose middle comes that near to the pixel's.
fn ink(distance_squared: i64, radius: i64) -> u8 {
    let (inner, outer) = (radius - PIXEL / 2, radius + PIXEL / 2);
    if distance_squared >= outer * outer {
        return 0;
    }
    if distance_squared <= inner.max(0).pow(2) {
        return u8::MAX;
    }
    u8::try_from((outer - distance_squared.isqrt()) * 255 / PIXEL).unwrap_or(u8::MAX)
}

/// From a point to the nearest of a line's.
fn distance_squared(point: Point, from: Point, to: Point) -> i64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (px, py) = (point.0 - from.0, point.1 - from.1);
    let (length_squared, along) = (dx * dx + dy * dy, px * dx + py * dy);
    if along <= 0 {
        return px * px + py * py;
    }
    if along >= length_squared {
        return (point.0 - to.0).pow(2) + (point.1 - to.1).pow(2);
    }
    (px * dy - py * dx).pow(2) / length_squared
}
