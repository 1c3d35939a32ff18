//! Pictures of what was measured, as SVG that is legible in light and in dark.

use std::fmt::{self, Display, Write};

use crate::figures::{Figures, float};
use crate::load::Plan;

const WIDTH: f64 = 760.0;
/// Where plots begin and end from left to right.
const LEFT: f64 = 72.0;
const RIGHT: f64 = WIDTH - 132.0;
/// Where plots begin from the top.
const TOP: f64 = 72.0;
const PLOT_HEIGHT: f64 = 300.0;
/// Of one scenario's throughput.
const STRIP_HEIGHT: f64 = 56.0;
const STRIP_GAP: f64 = 22.0;

/// Colours tell eight lines apart, dashes the rest.
const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#57606a}.title{font-size:15px;font-weight:600;fill:#1f2328}\
.page{fill:#fff}.grid{stroke:#d8dee4;stroke-width:1;fill:none}.line{fill:none;stroke-width:2;stroke-linejoin:round}\
.area{opacity:.12;stroke:none}.end{text-anchor:end}.middle{text-anchor:middle}.name{font-weight:600;fill:#1f2328}\
.c0{--c:#0969da}.c1{--c:#bc4c00}.c2{--c:#1a7f37}.c3{--c:#8250df}.c4{--c:#bf3989}.c5{--c:#9a6700}.c6{--c:#0a7d88}\
.c7{--c:#cf222e}.line{stroke:var(--c)}.area{fill:var(--c)}.dashed{stroke-dasharray:6 3}\
@media(prefers-color-scheme:dark){text{fill:#9198a1}.title,.name{fill:#f0f6fc}.page{fill:#0d1117}.grid{stroke:#2d333b}\
.c0{--c:#58a6ff}.c1{--c:#f0883e}.c2{--c:#56d364}.c3{--c:#bc8cff}.c4{--c:#f778ba}.c5{--c:#e3b341}.c6{--c:#56d4dd}\
.c7{--c:#ff7b72}}";

/// Latency by percentile, both axes logarithmic.
pub(crate) fn latency(label: Option<&str>, plan: &Plan, rows: &[Figures]) -> String {
    let rows: Vec<_> = rows.iter().enumerate().filter(|(_, row)| row.tally.timed() > 0).collect();
    let tallies = || rows.iter().map(|(_, row)| &row.tally);
    // As many nines as there are answers for.
    let nines = tallies().map(|tally| float(tally.timed()).log10()).fold(1.0, f64::max).min(6.0);
    // The quickest few would leave half of the picture empty.
    let least = tallies().filter_map(|tally| tally.latency_ms(0.1)).fold(f64::MAX, f64::min);
    let most = tallies().filter_map(|tally| tally.latency_ms(1.0)).fold(least * 1.5, f64::max);
    let (floor, top) = (below(least).log10(), above(most, &ROUND).log10());
    let x = |share: f64| LEFT + -(1.0 - share).log10() / nines * (RIGHT - LEFT);
    let y = |ms: f64| TOP + (top - ms.log10().max(floor)) / (top - floor) * PLOT_HEIGHT;

    let bottom = TOP + PLOT_HEIGHT;
    let mut svg = Svg::new("Latency by percentile, in milliseconds", label, plan, bottom + 44.0);
    for ms in round_figures(least, most) {
        svg.grid(LEFT, y(ms), RIGHT, y(ms));
        svg.text("end", LEFT - 8.0, y(ms) + 4.0, &Short(ms));
    }
    for (share, name) in [
        (0.0, "0"),
        (0.5, "50"),
        (0.9, "90"),
        (0.99, "99"),
        (0.999, "99.9"),
        (0.9999, "99.99"),
        (0.99999, "99.999"),
    ] {
        if x(share) <= RIGHT + 0.1 {
            svg.grid(x(share), TOP, x(share), bottom);
            svg.text("middle", x(share), bottom + 18.0, &format_args!("{name} %"));
        }
    }
    for (place, (number, row)) in rows.iter().enumerate() {
        let tally = &row.tally;
        let end = float(tally.timed()).log10().min(nines);
        let points = (0..=300).filter_map(|step| {
            let share = 1.0 - 10_f64.powf(-end * f64::from(step) / 300.0);
            Some((x(share), y(tally.latency_ms(share)?)))
        });
        svg.line(*number, points);
        svg.legend(*number, place, &fitting(&row.name));
    }
    svg.finish()
}

/// Right answers by when they came, each scenario with a scale of its own.
pub(crate) fn throughput(label: Option<&str>, plan: &Plan, rows: &[Figures]) -> String {
    let strip = |place: usize| TOP + float(place as u64) * (STRIP_HEIGHT + STRIP_GAP);
    let bottom = strip(rows.len()) - STRIP_GAP;
    let seconds = plan.length.as_secs_f64();
    let mut svg = Svg::new("Answers per second, over time", label, plan, bottom + 44.0);
    let x = |second: f64| LEFT + second / seconds * (RIGHT - LEFT);
    let step = above(seconds / 10.0, &ROUND);
    for tick in 0..=10 {
        let second = f64::from(tick) * step;
        if second <= seconds {
            svg.grid(x(second), TOP, x(second), bottom);
            svg.text("middle", x(second), bottom + 18.0, &format_args!("{second} s"));
        }
    }
    for (number, row) in rows.iter().enumerate() {
        let slice = row.tally.window.slice().as_secs_f64();
        let rates: Vec<f64> =
            row.tally.throughput.iter().map(|count| float(*count) / slice).collect();
        let most = rates.iter().copied().fold(1.0, f64::max);
        let most = above(most, &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0]);
        let foot = strip(number) + STRIP_HEIGHT;
        let y = |rate: f64| foot - rate / most * STRIP_HEIGHT;
        svg.grid(LEFT, foot, RIGHT, foot);
        svg.grid(LEFT, y(most), RIGHT, y(most));
        svg.text("end", LEFT - 8.0, y(most) + 4.0, &Short(most));
        svg.text("end", LEFT - 8.0, foot + 4.0, &0);
        let points = (0..).map(|step| x((f64::from(step) + 0.5) * slice));
        svg.area(number, foot, points.zip(rates.iter().map(|rate| y(*rate))));
        let middle = foot - STRIP_HEIGHT / 2.0;
        svg.text("name", RIGHT + 14.0, middle, &fitting(&row.name));
        svg.text("", RIGHT + 14.0, middle + 16.0, &Short(row.tally.per_second().round()));
    }
    svg.finish()
}

/// What the figures along an axis begin with.
const ROUND: [f64; 3] = [1.0, 2.0, 5.0];

/// The largest of 1, 2, 5, 10, 20, … that is not above `figure`.
fn below(figure: f64) -> f64 {
    let decade = 10_f64.powf(figure.log10().floor());
    let fits = |factor: &f64| decade * factor <= figure * 1.000_001;
    ROUND.into_iter().rev().find(fits).map_or(decade, |factor| decade * factor)
}

/// The least figure that begins with one of `factors` and is not below `figure`.
fn above(figure: f64, factors: &[f64]) -> f64 {
    let decade = 10_f64.powf(figure.log10().floor());
    let fits = |factor: &&f64| decade * **factor >= figure * 0.999_999;
    decade * factors.iter().find(fits).unwrap_or(&10.0)
}

/// The round figures around `least` to `most`; the decades only, where there are many.
fn round_figures(least: f64, most: f64) -> Vec<f64> {
    let factors: &[f64] = if most / least > 2000.0 { &[1.0] } else { &ROUND };
    let figures = (-3..=6).flat_map(|decade| {
        // Divided rather than multiplied, so that they print as they are.
        let scale = 10_f64.powi(i32::abs(decade));
        let scaled = move |factor: &f64| if decade < 0 { factor / scale } else { factor * scale };
        factors.iter().map(scaled)
    });
    let (floor, top) = (below(least) * 0.999, above(most, &ROUND) * 1.001);
    figures.filter(|figure| (floor..=top).contains(figure)).collect()
}

/// As much of a name as there is room for.
fn fitting(name: &str) -> String {
    const CHARACTERS: usize = 13;
    match name.char_indices().nth(CHARACTERS) {
        None => name.to_owned(),
        Some((end, _)) => name.get(..end).unwrap_or_default().to_owned() + "…",
    }
}

/// With a comma at each thousand, and fractions of less than one only.
struct Short(f64);

impl Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1.0 {
            return write!(f, "{}", self.0);
        }
        let digits = format!("{:.0}", self.0);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_char(',')?;
            }
            f.write_char(digit)?;
        }
        Ok(())
    }
}

/// A picture that is being drawn.
struct Svg(String);

impl Svg {
    fn new(title: &str, label: Option<&str>, plan: &Plan, height: f64) -> Self {
        let mut svg = Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n\
             <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\"/>\n"
        ));
        let arrivals = match plan.rate {
            Some(rate) => format!("{} requests a second", Short(rate.into())),
            None => "each sends when it was answered".to_owned(),
        };
        let label = label.map_or_else(String::new, |label| format!("{label} · "));
        svg.text("title", 20.0, 30.0, &title);
        let plan = format!("{label}{} connections · {arrivals}", plan.connections);
        svg.text("", 20.0, 50.0, &plan);
        svg
    }

    fn text(&mut self, class: &str, x: f64, y: f64, text: &impl Display) {
        let text = text.to_string().replace('&', "&amp;").replace('<', "&lt;");
        self.push(format_args!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>"));
    }

    fn grid(&mut self, x1: f64, y1: f64, x2: f64, y2: f64) {
        self.push(format_args!("<path class=\"grid\" d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\"/>"));
    }

    fn line(&mut self, number: usize, points: impl Iterator<Item = (f64, f64)>) {
        let path = path(points);
        self.push(format_args!("<path class=\"line {}\" d=\"M{path}\"/>", colour(number)));
    }

    /// A line, and what is below it down to `foot`.
    fn area(&mut self, number: usize, foot: f64, points: impl Iterator<Item = (f64, f64)>) {
        let points: Vec<_> = points.collect();
        if let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) {
            let (path, colour) = (path(points.iter().copied()), colour(number));
            self.push(format_args!(
                "<path class=\"area {colour}\" d=\"M{first:.1} {foot:.1}L{path}L{last:.1} {foot:.1}Z\"/>"
            ));
        }
        self.line(number, points.into_iter());
    }

    fn legend(&mut self, number: usize, place: usize, name: &str) {
        let y = TOP + 8.0 + float(place as u64) * 22.0;
        self.line(number, [(RIGHT + 14.0, y), (RIGHT + 36.0, y)].into_iter());
        self.text("name", RIGHT + 43.0, y + 4.0, &name);
    }

    fn push(&mut self, element: fmt::Arguments<'_>) {
        let _ = writeln!(self.0, "{element}");
    }

    fn finish(self) -> String {
        self.0 + "</svg>\n"
    }
}

/// The points of a path. Of many at the same height only the ends are needed.
fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    let points: Vec<_> = points.map(|(x, y)| (format!("{x:.1}"), format!("{y:.1}"))).collect();
    let mut path = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        let neighbour = |at: Option<usize>| at.and_then(|at| points.get(at)).map(|(_, y)| y);
        let is_between =
            neighbour(at.checked_sub(1)) == Some(y) && neighbour(at.checked_add(1)) == Some(y);
        if !is_between {
            let _ = write!(path, "{}{x} {y}", if path.is_empty() { "" } else { "L" });
        }
    }
    path
}

fn colour(number: usize) -> String {
    format!("c{}{}", number % 8, if number < 8 { "" } else { " dashed" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_figures() {
        let at = |figure: f64| (below(figure), above(figure, &ROUND));
        assert_eq!(at(3.0), (2.0, 5.0));
        assert_eq!(at(10.0), (10.0, 10.0));
        assert_eq!(at(700.0), (500.0, 1000.0));
        assert_eq!(round_figures(0.3, 4.0), [0.2, 0.5, 1.0, 2.0, 5.0]);
        assert_eq!(round_figures(0.03, 4000.0), [0.1, 1.0, 10.0, 100.0, 1000.0]);
        assert_eq!(
            [0.5, 12.0, 1234.5, 1_000_000.0].map(|figure| Short(figure).to_string()),
            ["0.5", "12", "1,234", "1,000,000"]
        );
    }

    #[test]
    fn a_path_leaves_out_what_lies_between() {
        let points = [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 2.0)];
        assert_eq!(path(points.into_iter()), "0.0 1.0L2.0 1.0L3.0 2.0");
    }
}
