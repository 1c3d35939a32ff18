//! `guise profile erase`: there is no way back, so the profile's name has to be typed.

use std::io::{IsTerminal, Write};

use anyhow::{Context, bail, ensure};
use guise_domain::{ProfileId, ProfileName};
use serde_json::Value;

use super::identity::{PROFILES, text};
use super::{Body, Client};
use crate::output::Output;

/// Erases a profile whose name was given in `confirm`, or is typed when it is asked for.
pub(super) async fn run(
    client: &Client,
    id: ProfileId,
    confirm: Option<String>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let target = format!("{PROFILES}/{id}");
    let found = profile(client.get(&target).await?.success()?)?;
    let erased_at = text(&found, "erased_at");
    if !erased_at.is_empty() {
        return tell(&found, &format!("Profile {id} was erased before, at {erased_at}."), output);
    }
    let typed = match confirm {
        Some(name) => name,
        None => ask(&found)?,
    };
    let name = text(&found, "name");
    ensure!(is_name(&typed, &name), "nothing was erased: profile {id} is called {name}");
    let erased = profile(client.post(&format!("{target}/erase"), Body::None).await?.success()?)?;
    let line = format!("Erased profile {id}. What was written under it stays: {}.", uses(&erased));
    tell(&erased, &line, output)
}

fn profile(mut answer: Value) -> anyhow::Result<Value> {
    let found = answer.get_mut("profile").map(Value::take);
    found.context("the server's answer has no profile")
}

fn tell(profile: &Value, line: &str, output: &mut Output) -> anyhow::Result<()> {
    if output.json { Ok(output.value(profile)?) } else { Ok(output.line(line)?) }
}

/// Says what will happen, beside the output, and takes what is typed then.
fn ask(profile: &Value) -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        bail!(
            "erasing cannot be undone: give the profile's name with --confirm, or type it in a terminal"
        );
    }
    let mut terminal = std::io::stderr();
    write!(
        terminal,
        "This erases profile {}, {}, for good. It cannot be undone.\n  \
           gone   its name and its picture, now and in every revision; its external id and its tags\n  \
           stay   what was written under it ({}), shown with \"{}\" and a default face\n\
         Type the profile's name to erase it: ",
        text(profile, "id"),
        text(profile, "name"),
        uses(profile),
        ProfileName::erased().as_str(),
    )?;
    terminal.flush()?;
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed)?;
    Ok(typed)
}

fn uses(profile: &Value) -> String {
    match text(profile, "uses").as_str() {
        "0" => "no message".to_owned(),
        "1" => "1 message".to_owned(),
        uses => format!("{uses} messages"),
    }
}

/// Whether this is the name, whichever way its accents were typed.
fn is_name(typed: &str, name: &str) -> bool {
    ProfileName::parse(typed).is_ok_and(|typed| typed.as_str() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_name_confirms() {
        for typed in ["Zoë", "Zoë\n", "Zoe\u{308}\r\n"] {
            assert!(is_name(typed, "Zoë"), "{typed:?}");
        }
        for typed in ["", "\n", "y\n", "yes", "zoë", "Zoe", "Zoë W"] {
            assert!(!is_name(typed, "Zoë"), "{typed:?}");
        }
    }
}
