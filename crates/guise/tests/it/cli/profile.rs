//! `guise profile edit`, `find`, `history` and `erase`.

use super::{Served, json, refusal, text};
use crate::support::other_jon;

const JON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/jon.jpg");

#[test]
fn a_profile_is_edited_found_and_its_history_is_told() {
    let served = Served::new();
    let run = |arguments: &[&str]| served.run(&[&["profile"], arguments].concat());
    let added = json(&served.run(&["--json", "profile", "add", "--name", "Jon", "--avatar", JON]));
    let id = added["id"].as_str().unwrap();
    let told = text(&run(&["edit", id, "--name", "Zoë", "--kind", "human", "--tag", "night"]));
    assert_eq!(told, format!("Profile {id} is Zoë now, revision 2.\n"));
    let picture = served.folder.path().join("jon.jpg");
    std::fs::write(&picture, other_jon()).unwrap();
    text(&run(&["edit", id, "--avatar", picture.to_str().unwrap()]));
    assert_eq!(
        refusal(&run(&["edit", id])),
        "guise: say what to change: --name, --avatar, --kind, --external-id or --tag\n"
    );
    let told = refusal(&run(&["edit", id, "--kind", "robot"]));
    assert!(told.contains("(code 214): kind: must be human or bot or ai"), "{told}");
    assert!(refusal(&run(&["edit", "1", "--name", "A"])).contains("404 Not Found"));

    let found = text(&run(&["find", "--name", "zoe", "--kind", "human", "--tag", "night"]));
    let rows: Vec<Vec<_>> = found.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        rows,
        [
            &["ID", "NAME", "KIND", "TAGS", "USES", "LAST", "USED"][..],
            &[id, "Zoë", "human", "night", "0"]
        ]
    );
    assert_eq!(text(&run(&["find", "--tag", "day"])).lines().count(), 1);
    let history = text(&run(&["history", id]));
    let revisions: Vec<Vec<_>> =
        history.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    let told: Vec<_> = revisions.iter().map(|row| (row[0], row[2])).collect();
    assert_eq!(told, [("3", "Zoë"), ("2", "Zoë"), ("1", "Jon")]);
}

#[test]
fn a_profile_is_erased_by_its_name_and_by_nothing_less() {
    let served = Served::new();
    let run = |arguments: &[&str]| served.run(arguments);
    let added = json(&run(&["--json", "profile", "add", "--name", "Zoë", "--avatar", JON]));
    let id = added["id"].as_str().unwrap();
    text(&run(&["dm", "send", "--to", "shop", "--as", id, "Hello"]));
    let unsaid = "guise: erasing cannot be undone: give the profile's name with --confirm, or type it in a terminal\n";
    assert_eq!(refusal(&run(&["profile", "erase", id])), unsaid);
    for wrong in ["zoë", "", "yes"] {
        let told = refusal(&run(&["profile", "erase", id, "--confirm", wrong]));
        assert_eq!(told, format!("guise: nothing was erased: profile {id} is called Zoë\n"));
    }
    assert_eq!(json(&run(&["--json", "profile", "show", id]))["name"], "Zoë");
    assert!(
        refusal(&run(&["profile", "erase", "1", "--confirm", "Zoë"])).contains("404 Not Found")
    );

    let told = text(&run(&["profile", "erase", id, "--confirm", "Zoë"]));
    let stays = "What was written under it stays: 1 message.";
    assert_eq!(told, format!("Erased profile {id}. {stays}\n"));
    let again = json(&run(&["--json", "profile", "erase", id, "--confirm", "Zoë"]));
    assert_eq!(again["name"], "Erased profile");
    let told = text(&run(&["profile", "erase", id]));
    let erased_at = again["erased_at"].as_str().unwrap();
    assert_eq!(told, format!("Profile {id} was erased before, at {erased_at}.\n"));
    assert!(text(&run(&["dm", "list"])).contains("Erased profile"));
    assert!(!text(&run(&["profile", "history", id])).contains("Zoë"));
    let lines = json(&run(&["--json", "audit", "list", "--action", "profile.erased"]));
    assert_eq!(lines.as_array().unwrap().len(), 1);
}
