//! What commands print: text for people or JSON for programs, on standard output.

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

/// Where a command prints, and how.
pub(crate) struct Output {
    out: Box<dyn Write + Send>,
    /// JSON was asked for.
    pub(crate) json: bool,
    /// The reader is a terminal that has colours and no wish to be spared them.
    pub(crate) colour: bool,
    /// The reader is a terminal that has any colour, and can show a picture.
    pub(crate) pictures: bool,
}

impl Output {
    /// Standard output.
    pub(crate) fn stdout(json: bool) -> Self {
        let stdout = io::stdout();
        let plain = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = stdout.is_terminal() && !plain("NO_COLOR") && !dumb && !json;
        let true_colour = std::env::var("COLORTERM");
        let pictures = colour && true_colour.is_ok_and(|it| it == "truecolor" || it == "24bit");
        Self { out: Box::new(stdout), json, colour, pictures }
    }

    /// Whether somebody reads it as it comes.
    pub(crate) fn is_watched(&self) -> bool {
        io::stdout().is_terminal() && !self.json
    }

    /// A line, or several.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }

    /// `text` in a colour, by its SGR code; as it is where there are no colours.
    pub(crate) fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A JSON value, indented.
    pub(crate) fn value(&mut self, value: &Value) -> io::Result<()> {
        self.line(&format!("{value:#}"))
    }

    /// Rows under a heading, in columns.
    pub(crate) fn table(&mut self, heading: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
        let heading: Vec<String> = heading.iter().map(|&name| name.to_owned()).collect();
        let widths = widths(&heading, rows);
        let text = aligned(&heading, &widths);
        self.line(&self.paint("1", &text))?;
        rows.iter().try_for_each(|row| self.line(&aligned(row, &widths)))
    }

    /// Names and values, a line for each, indented.
    pub(crate) fn fields(&mut self, fields: &[(&str, &str)]) -> io::Result<()> {
        let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        fields.iter().try_for_each(|(name, value)| self.line(&format!("  {name:width$}  {value}")))
    }
}

/// Beside what was asked for: something to look at.
pub(crate) fn warn(text: &str) {
    let _ = writeln!(io::stderr(), "warning: {text}");
}

/// What somebody else wrote, as one line that cannot move the cursor or change the colours.
pub(crate) fn plain(text: &str) -> String {
    let shown = text.chars().map(|char| if char.is_control() { ' ' } else { char });
    shown.collect::<String>().trim().to_owned()
}

/// The local time of a moment in milliseconds since the epoch, to the minute; as it is when it is none.
pub(crate) fn clock_time(millis: &str) -> String {
    let moment = millis.parse().ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let local = moment.map(|moment| jiff::tz::TimeZone::system().to_datetime(moment));
    local.map_or_else(|| millis.to_owned(), |local| local.strftime("%Y-%m-%d %H:%M").to_string())
}

fn widths(heading: &[String], rows: &[Vec<String>]) -> Vec<usize> {
    let mut widths = vec![0; heading.len()];
    for row in std::iter::once(heading).chain(rows.iter().map(Vec::as_slice)) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

fn aligned(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).map(|(cell, &width)| format!("{cell:width$}"));
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_keeps_to_its_line() {
        assert_eq!(plain("a\x1b[31mb\nc\u{9b}d "), "a [31mb c d");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let heading = ["ID".to_owned(), "NAME".to_owned()];
        let rows = [vec!["1234".to_owned(), "Zoë".to_owned()]];
        let widths = widths(&heading, &rows);
        assert_eq!(widths, [4, 4]);
        assert_eq!(aligned(&heading, &widths), "ID    NAME");
        assert_eq!(aligned(&rows[0], &widths), "1234  Zoë");
    }
}
