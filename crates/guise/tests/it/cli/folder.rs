//! The data folder: who makes it, and with what key it opens.

use tempfile::tempdir;

use super::refusal;
use crate::support::guise;

#[test]
fn commands_that_make_nothing_make_no_data_folder() {
    let folder = tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    for data in [folder.path().join("absent"), empty] {
        for command in [
            "account list",
            "account close shop",
            "account allow shop",
            "account deny shop",
            "app list",
            "app add Desk --account shop",
            "app revoke 1",
            "token list",
            "token add --account shop --app 1",
            "token revoke 1-a",
        ] {
            let told = refusal(&guise(&data, &command.split(' ').collect::<Vec<_>>()));
            let what = format!("guise: there is no data folder {}: make one with ", data.display());
            assert!(told.starts_with(&what) && told.contains("--data"), "{command}: {told}");
            let made = std::fs::read_dir(&data).map(Iterator::count).unwrap_or_default();
            assert_eq!(made, 0, "{command}");
        }
    }
}
