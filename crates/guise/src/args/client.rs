//! The commands that talk to a running server with signed requests.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use guise_domain::ProfileId;

/// Custom profiles.
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Upload a picture and create a profile with it
    #[command(
        after_help = "Example:\n  guise profile add --name \"Jon C, Partner Engineer\" --avatar jon.jpg"
    )]
    Add {
        /// The name recipients see, at most 48 characters
        #[arg(long)]
        name: String,
        /// The picture: JPEG, PNG, GIF or WebP; without one the initials are shown
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        avatar: Option<PathBuf>,
        /// Who or what speaks: human, bot or ai
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// What it is called in your own systems; one living profile each
        #[arg(long, value_name = "KEY")]
        external_id: Option<String>,
        /// A tag to find it by; may be given more than once
        #[arg(long, value_name = "TAG")]
        tag: Vec<String>,
        /// Upload in segments, which goes on where a large upload in one piece would start again
        #[arg(long)]
        chunked: bool,
    },
    /// List the account's profiles, newest first
    #[command(after_help = "Example:\n  guise profile list --json")]
    List,
    /// Find profiles by what is known of them, with how often and when last they were written under
    #[command(after_help = "Example:\n  guise profile find --name zoe --kind human\n  \
                      guise profile find --unused-since 2026-01-31T00:00:00Z")]
    Find {
        /// A part of the name, without regard to case and accents
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// Who or what speaks: human, bot or ai
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// A tag
        #[arg(long)]
        tag: Option<String>,
        /// Neither made nor used since then
        #[arg(long, value_name = "TIME")]
        unused_since: Option<String>,
        /// Destroyed ones too
        #[arg(long)]
        all: bool,
    },
    /// Change a profile; messages keep what they were written under
    #[command(
        after_help = "Example:\n  guise profile edit 100001 --name \"Jon C, Engineer\" --kind human"
    )]
    Edit {
        /// Its id
        id: ProfileId,
        /// A new name
        #[arg(long)]
        name: Option<String>,
        /// A new picture: JPEG, PNG, GIF or WebP
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        avatar: Option<PathBuf>,
        /// Who or what speaks: human, bot or ai
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// A tag, in place of those it has; may be given more than once
        #[arg(long, value_name = "TAG")]
        tag: Vec<String>,
    },
    /// Show everything a profile was, the newest first
    #[command(after_help = "Example:\n  guise profile history 100001")]
    History {
        /// Its id
        id: ProfileId,
    },
    /// Show one profile
    #[command(after_help = "Example:\n  guise profile show 100001")]
    Show {
        /// Its id
        id: ProfileId,
    },
    /// Destroy a profile; what it was is kept, and its messages go on showing it
    #[command(after_help = "Example:\n  guise profile remove 100001")]
    Remove {
        /// Its id
        id: ProfileId,
    },
    /// Erase a profile for good: its name and its picture, everywhere, also in its messages
    #[command(after_help = "Example:\n  guise profile erase 100001\n  \
                      guise profile erase 100001 --confirm \"Jon C, Partner Engineer\"")]
    Erase {
        /// Its id
        id: ProfileId,
        /// Its name, for scripts; without this it has to be typed
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
    },
}

/// `guise import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file: a JSON object for each line
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// The folder with the pictures that lines name
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) pictures: Option<PathBuf>,
    /// Check everything and say what would change, but change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `guise export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The file; it must not exist yet
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// The folder to write the pictures into; without it none are written
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) pictures: Option<PathBuf>,
    /// Give profiles without an external id one made of their id, to take them to another account
    #[arg(long)]
    pub(crate) make_ids: bool,
}

/// The log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List what was done, newest first
    #[command(after_help = "Example:\n  guise audit list --action profile.edited --count 20")]
    List {
        /// Only this action, such as profile.created or message.sent
        #[arg(long, value_name = "ACTION")]
        action: Option<String>,
        /// Only what this operator did
        #[arg(long, value_name = "LABEL")]
        operator: Option<String>,
        /// Only what was done to this: the id of a profile, a message or an account
        #[arg(long, value_name = "ID")]
        subject: Option<String>,
        /// How many lines at the most
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        count: u32,
    },
    /// Write the whole log to a file, a JSON object for each line, the newest first
    #[command(after_help = "Example:\n  guise audit export log.jsonl --since 2026-01-01T00:00:00Z")]
    Export {
        /// The file; it must not exist yet
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// From then on
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
    },
}

/// Direct messages.
#[derive(Debug, Subcommand)]
pub(crate) enum DmCommand {
    /// Send a message, as the account itself or under one of its profiles
    #[command(
        after_help = "Example:\n  guise dm send --to ann --as \"Jon C, Partner Engineer\" \"Hello, Ann\"\n  \
                      guise dm send --to ann --media map.png"
    )]
    Send {
        /// The account it is for, by name
        #[arg(long, value_name = "NAME")]
        to: String,
        /// The profile to write under: its name, or its id
        #[arg(long = "as", value_name = "PROFILE")]
        written_as: Option<String>,
        /// A picture to attach: JPEG, PNG, GIF or WebP
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        media: Option<PathBuf>,
        /// What to say, at most 10,000 characters
        #[arg(required_unless_present = "media")]
        text: Option<String>,
    },
    /// List messages sent and received, the newest last
    #[command(after_help = "Example:\n  guise dm list --count 5")]
    List {
        /// How many at the most
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=500))]
        count: u32,
    },
    /// Follow the box: show each message as it comes, with the face it was written under
    #[command(after_help = "Example:\n  guise --profile guest dm watch")]
    Watch,
}

/// `guise call`.
#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// Path and query, such as `/1.1/custom_profiles/list.json?count=2`
    pub(crate) path: String,
    /// The method; GET, or POST when there is something to send
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub(crate) method: Option<String>,
    /// What to send, or @FILE; JSON when it looks like JSON, else a form, which is signed
    #[arg(short = 'd', long, value_name = "BODY", conflicts_with = "form")]
    pub(crate) body: Vec<String>,
    /// A part of a multipart form: name=value, or name=@FILE
    #[arg(short = 'F', long, value_name = "NAME=VALUE")]
    pub(crate) form: Vec<String>,
    /// Another header: "name: value"
    #[arg(short = 'H', long, value_name = "HEADER")]
    pub(crate) header: Vec<String>,
}

/// `guise requests`.
#[derive(Debug, Args)]
pub(crate) struct RequestsArgs {
    /// A request's id (x-transaction-id of its answer): show all of it, and why its signature was refused
    #[arg(conflicts_with_all = ["watch", "method", "status", "code", "path", "app", "count"])]
    pub(crate) id: Option<String>,
    /// Follow: show each request as it is answered
    #[arg(long, conflicts_with = "count")]
    pub(crate) watch: bool,
    /// Only this method
    #[arg(long)]
    pub(crate) method: Option<String>,
    /// Only this status, such as 404 or 4xx
    #[arg(long)]
    pub(crate) status: Option<String>,
    /// Only this code of a refusal, such as 32
    #[arg(long)]
    pub(crate) code: Option<String>,
    /// Only paths that begin so
    #[arg(long)]
    pub(crate) path: Option<String>,
    /// Only this app, by its id
    #[arg(long, value_name = "ID")]
    pub(crate) app: Option<String>,
    /// How many at the most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) count: u32,
}

/// `guise explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The request as a curl command line
    #[arg(long, value_name = "LINE", conflicts_with_all = ["method", "header", "body", "form"])]
    pub(crate) curl: Option<String>,
    /// The URL that was requested; before a pasted request's path, scheme and host are enough
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) url: Option<String>,
    /// The method; GET, or POST when something was sent
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub(crate) method: Option<String>,
    /// A header: "name: value"
    #[arg(short = 'H', long, value_name = "HEADER")]
    pub(crate) header: Vec<String>,
    /// What was sent, or @FILE
    #[arg(short = 'd', long, value_name = "BODY", conflicts_with = "form")]
    pub(crate) body: Vec<String>,
    /// A part of a multipart form: name=value, or name=@FILE
    #[arg(short = 'F', long, value_name = "NAME=VALUE")]
    pub(crate) form: Vec<String>,
    /// When it was sent, if that was not just now
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// File with the consumer secret, in place of the profile's
    #[arg(long, value_name = "FILE", requires = "token_secret_file", value_hint = ValueHint::FilePath)]
    pub(crate) consumer_secret_file: Option<PathBuf>,
    /// File with the token secret, in place of the profile's
    #[arg(long, value_name = "FILE", requires = "consumer_secret_file", value_hint = ValueHint::FilePath)]
    pub(crate) token_secret_file: Option<PathBuf>,
}
