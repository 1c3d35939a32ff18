//! `guise export`: every living profile as a line that can be imported, and its picture beside.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use guise_domain::PictureFormat;
use guise_domain::limits::TEAM_REQUESTS_MAX;
use serde_json::{Map, Value, json};

use super::{bar, living, member, picture_url};
use crate::args::ExportArgs;
use crate::client::Client;
use crate::client::draft::Draft;
use crate::client::patience::patiently;
use crate::output::Output;

/// Runs the command.
pub(crate) async fn run(
    args: &ExportArgs,
    client: &Client,
    output: &mut Output,
) -> anyhow::Result<()> {
    let mut file = Draft::of(&args.file)?;
    if let Some(folder) = &args.pictures {
        let named = || format!("{} cannot be made", folder.display());
        fs::create_dir_all(folder).with_context(named)?;
    }
    let profiles = living(client).await?;
    let bar = bar(profiles.len(), "exporting")?;
    let (mut pictures, mut without) = (0, 0);
    let named = stream::iter(named(&profiles, args.pictures.is_some())?);
    let fetched = named.map(async |(profile, picture)| {
        let Some((name, url)) = picture else { return anyhow::Ok((profile, None)) };
        let answer = patiently(&bar, async || client.fetch(&url).await).await?;
        let id = member(profile, "id").unwrap_or("?");
        ensure!(answer.status.is_success(), "the picture of profile {id}: {}", answer.status);
        Ok((profile, Some((name, answer.body))))
    });
    let mut fetched = fetched.buffered(TEAM_REQUESTS_MAX);
    while let Some((profile, picture)) = fetched.try_next().await? {
        if let Some(((name, bytes), folder)) = picture.as_ref().zip(args.pictures.as_ref()) {
            keep(&folder.join(name), bytes)?;
            pictures += 1;
        }
        let line = line(profile, picture.map(|(name, _)| name), args.make_ids);
        without += usize::from(!line.contains_key("external_id"));
        file.write(format!("{}\n", Value::Object(line)).as_bytes())?;
        bar.inc(1);
    }
    file.finish()?;
    bar.finish_and_clear();
    tell(args, [profiles.len(), pictures, without], output)
}

/// A picture's name in its folder, and its URL.
type Named = Option<(String, String)>;

/// Each profile with its picture, if pictures are wanted.
fn named(profiles: &[Value], wanted: bool) -> anyhow::Result<Vec<(&Value, Named)>> {
    let mut taken = HashSet::new();
    let mut name = |profile| match picture_url(profile).filter(|_| wanted) {
        None => anyhow::Ok((profile, None)),
        Some(url) => Ok((profile, Some((picture_name(profile, &url, &mut taken)?, url)))),
    };
    profiles.iter().map(&mut name).collect()
}

/// A profile as a line. What there is none of is left out.
fn line(profile: &Value, picture: Option<String>, make_ids: bool) -> Map<String, Value> {
    let id = member(profile, "id").unwrap_or_default();
    let made = make_ids.then(|| json!(format!("guise:{id}")));
    let own = profile.get("external_id").filter(|value| !value.is_null());
    let members = [
        ("id", profile.get("id").cloned()),
        ("external_id", own.cloned().or(made)),
        ("name", profile.get("name").cloned()),
        ("kind", profile.get("kind").filter(|value| !value.is_null()).cloned()),
        ("tags", profile.get("tags").cloned()),
        ("picture", picture.map(Value::from)),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// A name that any file system takes, told from the others also where case does not count.
fn picture_name(profile: &Value, url: &str, taken: &mut HashSet<String>) -> anyhow::Result<String> {
    let path = url.split('?').next().unwrap_or_default();
    let extension = path.rsplit('.').next().unwrap_or_default();
    let Some(format) = PictureFormat::from_extension(extension) else {
        bail!("{path} is no picture's address");
    };
    let called = member(profile, "external_id").or(member(profile, "id")).unwrap_or_default();
    let safe = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
    let stem: String = called.chars().map(|char| if safe(char) { char } else { '_' }).collect();
    let names = (1_u32..).map(|nth| match nth {
        1 => format!("{stem}.{}", format.extension()),
        _ => format!("{stem}-{nth}.{}", format.extension()),
    });
    let mut free = names.filter(|name| taken.insert(name.to_ascii_lowercase()));
    free.next().context("there is no name left for a picture")
}

/// Writes a picture, unless it is there: of an export that was interrupted.
fn keep(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if path.exists() {
        let kept = fs::read(path);
        let kept = kept.with_context(|| format!("{} cannot be read", path.display()))?;
        ensure!(kept == bytes, "{} is there already, with something else", path.display());
        return Ok(());
    }
    let mut file = Draft::of(path)?;
    file.write(bytes)?;
    file.finish()
}

fn tell(args: &ExportArgs, counts: [usize; 3], output: &mut Output) -> anyhow::Result<()> {
    let [profiles, pictures, without] = counts;
    let file = args.file.display();
    if output.json {
        return Ok(output.value(&json!({
            "file": file.to_string(),
            "profiles": profiles,
            "pictures": pictures,
            "without_external_id": without,
        }))?);
    }
    output.line(&format!("Wrote {profiles} profiles to {file}, and {pictures} pictures."))?;
    if without > 0 {
        output.line(&format!(
            "{without} of them have no external id, by which an import finds profiles again. To take them to another \
             account, export with --make-ids."
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_have_names_that_stay_in_their_folder_and_apart() {
        let mut taken = HashSet::new();
        let mut name = |external_id: Option<&str>| {
            let profile = json!({"id": "77", "external_id": external_id});
            picture_name(&profile, "https://a.example/media/x.jpg?name=orig", &mut taken).unwrap()
        };
        assert_eq!(name(Some("crm:4711")), "crm_4711.jpg");
        assert_eq!(name(Some("crm/4711")), "crm_4711-2.jpg");
        assert_eq!(name(Some("CRM_4711")), "CRM_4711-3.jpg");
        assert_eq!(name(Some("../../etc/passwd")), "______etc_passwd.jpg");
        assert_eq!((name(Some("..")), name(None)), ("__.jpg".to_owned(), "77.jpg".to_owned()));
        let mut name = |url| picture_name(&json!({"id": "1"}), url, &mut taken);
        assert!(name("https://a.example/media/x.html").is_err());
    }
}
