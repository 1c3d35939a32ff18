//! Reading TOML that may hold secrets: a mistake is told by its place, never by the line it is in.

use toml::Table;

/// The table that `text` is; `name` is what a complaint calls it.
///
/// # Errors
/// The line of the first mistake, and what is wrong with it.
pub(crate) fn table(name: &str, text: &str) -> Result<Table, String> {
    text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        format!("{name} line {line}: {}", error.message())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_told_by_its_line_without_what_is_written_there() {
        for mistake in [
            "key = hunter2secret",
            "key = 'hunter2secret",
            "key = \"hunter2secret\\q\"",
            "key = \"\"\"hunter2secret",
            "key = 'x' hunter2secret",
            "key = 7hunter2secret",
            "key = 0xhunter2secret",
            "key = [hunter2secret",
            "key hunter2secret",
            "hunter2secret",
            "[hunter2secret",
            "key = 'hunter2secret'\nkey = 'hunter2secret'",
            "'key = hunter2secret'",
        ] {
            let told = table("guise.toml", &format!("node = 1\n{mistake}\n")).unwrap_err();
            assert!(told.starts_with("guise.toml line 2: ") || told.contains("line 3: "), "{told}");
            assert!(!told.contains("hunter2") && !told.contains('\n'), "{mistake}: {told}");
        }
    }

    #[test]
    fn a_mistake_at_the_start_of_a_line_is_in_that_line() {
        assert!(table("x", "a = 1\n\n= 2").unwrap_err().starts_with("x line 3: "));
    }
}
