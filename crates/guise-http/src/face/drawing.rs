//! Where things stand on a face: letters in its middle, or somebody's head and shoulders.

use super::glyphs::{Glyph, Step};
use super::pen::{PIXEL, Pen, Point};

/// A quarter of a sine wave in 64ths of a turn, in 16384ths.
const SINE: [i64; 17] = [
    0, 1606, 3196, 4756, 6270, 7723, 9102, 10394, 11585, 12665, 13623, 14449, 15137, 15679, 16069,
    16305, 16384,
];

/// Between two straight stems, in units of letters.
const APART: i64 = 43;

/// How much of a pixel of somebody's is inked at most.
pub(super) const PALE: u8 = 216;

/// Where units of letters lie on the picture.
struct Place {
    left: i64,
    top: i64,
    /// What 100 units are.
    across: i64,
    down: i64,
}

impl Place {
    /// A point given in 16384ths of units.
    fn point(&self, x: i64, y: i64) -> Point {
        let scale = |value: i64, hundred: i64| (value * hundred) / (100 << 14);
        (self.left + scale(x, self.across), self.top + scale(y, self.down))
    }
}

/// One or two letters, in the middle of a square.
pub(super) fn letters(side: u32, letters: &[&Glyph]) -> Vec<u8> {
    let pixels = i64::from(side);
    let whole = |thousandths| (pixels * thousandths + 500) / 1000;
    let (tall, thick) = if letters.len() > 1 { (420, 78) } else { (500, 90) };
    // In whole pixels, as much above the letters as below, so that level strokes have sharp edges.
    let tall = (pixels - (pixels - whole(tall)) / 2 * 2) * PIXEL;
    let thick = whole(thick) * PIXEL;
    let down = tall - thick;
    let units = letters.iter().map(|glyph| i64::from(glyph.width)).sum::<i64>()
        + letters.windows(2).map(apart).sum::<i64>();
    let room = whole(760) * PIXEL - thick;
    let across = if units * down > room * 100 { room * 100 / units } else { down };
    let mut left = (pixels * PIXEL - units * across / 100) / 2;
    let mut pen = Pen::new(side);
    for (index, glyph) in letters.iter().enumerate() {
        // Upright strokes on the left of a letter have a sharp edge too.
        let edge = (left - thick / 2 + PIXEL / 2).div_euclid(PIXEL) * PIXEL;
        let place =
            Place { left: edge + thick / 2, top: (pixels * PIXEL - down) / 2, across, down };
        write(&mut pen, &place, thick / 2, glyph);
        let next = letters.get(index..index + 2).map_or(0, apart);
        left += (i64::from(glyph.width) + next) * across / 100;
    }
    pen.inked()
}

fn apart(pair: &[&Glyph]) -> i64 {
    let [first, last] = pair else { return 0 };
    let gaps = first.sides[1].iter().zip(last.sides[0]).map(|(one, other)| i64::from(one + other));
    APART - gaps.min().unwrap_or_default()
}

fn write(pen: &mut Pen, place: &Place, radius: i64, glyph: &Glyph) {
    for stroke in glyph.strokes {
        let mut last = None;
        for step in *stroke {
            for point in points(step) {
                let point = place.point(point.0, point.1);
                pen.line(last.unwrap_or(point), point, radius);
                last = Some(point);
            }
        }
    }
}

/// The points of a step in 16384ths of units.
fn points(step: &Step) -> Vec<Point> {
    match *step {
        Step::To(x, y) => vec![(i64::from(x) << 14, i64::from(y) << 14)],
        Step::Arc((x, y), (across, down), from, to) => {
            let point = |angle: i16| {
                let reach = |radius: i16, angle| i64::from(radius) * sine(angle);
                let (x, y) = (i64::from(x) << 14, i64::from(y) << 14);
                (x + reach(across, angle + 16), y + reach(down, angle))
            };
            let steps = 0..=(to - from).abs();
            steps.map(|step| point(from + step * (to - from).signum())).collect()
        }
    }
}

/// The sine of an angle in 64ths of a turn, in 16384ths.
fn sine(angle: i16) -> i64 {
    let (turn, sign) = match angle.rem_euclid(64) {
        turn @ 0..32 => (turn, 1),
        turn => (turn - 32, -1),
    };
    let quarter = usize::try_from(turn.min(32 - turn)).unwrap_or_default();
    sign * SINE.get(quarter).copied().unwrap_or_default()
}

/// Head and shoulders, paler than letters, so that a round crop stays round at its foot.
pub(super) fn somebody(side: u32) -> Vec<u8> {
    let at = |thousandths: i64| i64::from(side) * PIXEL * thousandths / 1000;
    let mut pen = Pen::new(side);
    let head = (at(500), at(395));
    pen.line(head, head, at(160));
    let (left, right, top, bottom) = (at(415), at(585), at(885), at(1200));
    for (from, to) in [((left, bottom), (left, top)), ((right, bottom), (right, top))] {
        pen.line(from, to, at(265));
        pen.line(to, (at(500), top), at(265));
    }
    let pale = |inked: u8| u8::try_from(u32::from(inked) * u32::from(PALE) / 255).unwrap_or(PALE);
    pen.inked().into_iter().map(pale).collect()
}
