//! The command line, as people type it and as `--help` explains it.
//!
//! What can also be configured is kept as text here and checked by the configuration, so that a wrong value is
//! explained the same way wherever it came from.

mod admin;
mod client;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use guise_domain::Operator;

pub(crate) use admin::{AccountCommand, AppCommand, CallbackCommand, TokenCommand};
pub(crate) use client::{
    AuditCommand, CallArgs, DmCommand, ExplainArgs, ExportArgs, ImportArgs, ProfileCommand,
    RequestsArgs,
};

/// Write direct messages under a name and a face of your own.
///
/// Guise serves the custom profiles of Twitter API v1.1, with the media upload and the signatures around them, to the
/// clients that exist. `guise quickstart` shows all of it in one go; `guise serve` is the server.
#[derive(Debug, Parser)]
#[command(name = "guise", version, arg_required_else_help = true, disable_help_subcommand = true)]
#[command(
    after_help = "Example:\n  guise quickstart --exit      see a profile made, then stop\n  \
                        guise serve                  serve http://127.0.0.1:8080 from ./guise-data"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The data folder: database, pictures, key [default: ./guise-data]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) data: Option<String>,
    /// The database that all but pictures is kept in, as `postgres://USER@HOST/NAME` [default: a file in the data folder]
    #[arg(long, global = true, value_name = "ADDRESS", value_hint = ValueHint::Url)]
    pub(crate) store: Option<String>,
    /// A configuration file; see `guise config example`
    #[arg(long, global = true, value_name = "FILE", env = "GUISE_CONFIG", hide_env_values = true)]
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Print JSON for programs instead of text for people
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The profile whose credentials `call`, `profile` and `dm` sign with
    #[arg(long, global = true, value_name = "NAME", env = "GUISE_PROFILE", hide_env_values = true)]
    #[arg(default_value = "default", hide_default_value = true)]
    pub(crate) profile: String,
    // The variable is read elsewhere: an empty one is not set.
    #[arg(
        long,
        global = true,
        value_name = "LABEL",
        help = "Who is at work, for the log; in requests, if their app is trusted [env: GUISE_OPERATOR]"
    )]
    pub(crate) by: Option<Operator>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server until SIGTERM or Ctrl-C
    #[command(after_help = "Example:\n  guise --config /etc/guise.toml serve\n  \
                            guise serve --http 127.0.0.1:9000 --tls off")]
    Serve(ServeArgs),
    /// See it work: make an account, upload a picture, create a profile, and go on serving
    #[command(
        after_help = "Example:\n  guise quickstart\n  guise --data /tmp/try quickstart --exit"
    )]
    Quickstart(QuickstartArgs),
    /// Accounts: who profiles, uploads and tokens belong to
    #[command(subcommand, after_help = "Example:\n  guise account add shop")]
    Account(AccountCommand),
    /// Apps: programs that act for accounts, each with a consumer key
    #[command(subcommand, after_help = "Example:\n  guise app add \"Support desk\" --account shop")]
    App(AppCommand),
    /// Access tokens: what lets an app act for an account
    #[command(
        subcommand,
        after_help = "Example:\n  guise token add --account shop --app 1234 --save default"
    )]
    Token(TokenCommand),
    /// Custom profiles of a running server, by signed requests
    #[command(
        subcommand,
        after_help = "Example:\n  guise profile add --name \"Jon C, Partner Engineer\" --avatar jon.jpg"
    )]
    Profile(ProfileCommand),
    /// Make a running server's profiles what a file says, as often as you like
    ///
    /// Each line of the file is a JSON object. Its `external_id`, by which its profile is found again, and its `name` are
    /// required; what else it leaves out stays as it is. Nothing is written unless every line is right. An import that was
    /// interrupted goes on when it is run again.
    #[command(after_help = "A line:\n  \
                            {\"external_id\":\"crm:4711\",\"name\":\"Jon C\",\"kind\":\"human\",\
                            \"tags\":[\"night\"],\"picture\":\"jon.jpg\"}\n\n\
                            Example:\n  guise import team.jsonl --pictures faces --dry-run\n  \
                            guise import team.jsonl --pictures faces")]
    Import(ImportArgs),
    /// Write a running server's profiles to a file that can be imported, the oldest first
    #[command(after_help = "Example:\n  guise export team.jsonl --pictures faces")]
    Export(ExportArgs),
    /// The log of a running server: who did what
    #[command(subcommand, after_help = "Example:\n  guise audit list --operator \"night desk\"")]
    Audit(AuditCommand),
    /// Direct messages of a running server, written under a profile
    #[command(
        subcommand,
        after_help = "Example:\n  guise dm send --to ann --as \"Jon C, Partner Engineer\" \"Hello, Ann\""
    )]
    Dm(DmCommand),
    /// Send one signed request and show the answer
    #[command(after_help = "Example:\n  guise call /1.1/custom_profiles/list.json?count=2\n  \
                            guise call /1.1/media/upload.json -F media=@face.png\n  \
                            guise call -X DELETE /1.1/custom_profiles/destroy.json?id=100001")]
    Call(CallArgs),
    /// The last requests to the account's own apps, and why signatures were refused
    #[command(after_help = "Example:\n  guise requests --status 4xx\n  \
                            guise requests --watch\n  guise requests 8c0f2f54b8b0a1e7")]
    Requests(RequestsArgs),
    /// Find out why a request's signature does not hold; without --curl or --url it is read from standard input
    #[command(after_help = "Example:\n  guise explain < request.txt\n  \
                      guise explain --curl \"curl -H 'authorization: OAuth …' http://127.0.0.1:8080/1.1/…\"")]
    Explain(ExplainArgs),
    /// Move an installation from its folder into a database and a bucket that several servers share
    ///
    /// The server on the folder goes on working meanwhile. Near the end it refuses to change anything for a moment, in which
    /// the last changes are moved; from then on it only reads, and the command says how to start a server on the new place.
    /// A move that was stopped goes on when the command is run again.
    #[command(
        after_help = "Example:\n  guise migrate --from ./guise-data --to postgres://guise@db1/guise --blobs s3://faces\n  \
                      guise migrate --from ./guise-data --abandon"
    )]
    Migrate(MigrateArgs),
    /// Look at the configuration
    #[command(
        subcommand,
        after_help = "Example:\n  guise config example > guise.toml\n  \
                                        guise --config guise.toml config check"
    )]
    Config(ConfigCommand),
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  guise completions bash > ~/.local/share/bash-completion/completions/guise"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Looking at the configuration.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every key's value and where it comes from; secrets are not shown
    #[command(after_help = "Example:\n  GUISE_NODE=3 guise config print")]
    Print,
    /// Say whether the server would start with the configuration, and what is wrong with it
    #[command(after_help = "Example:\n  guise --config guise.toml config check")]
    Check {
        /// Check what `guise serve --yes-listen-publicly` would start with
        #[arg(long)]
        yes_listen_publicly: bool,
    },
    /// Print a configuration file with every key, its default and what it does
    #[command(after_help = "Example:\n  guise config example > guise.toml")]
    Example,
}

/// `guise serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// PEM file with the certificate chain; without it a development certificate is made
    #[arg(long, value_name = "FILE", requires = "tls_key", value_hint = ValueHint::FilePath)]
    pub(crate) tls_cert: Option<String>,
    /// PEM file with the certificate's private key
    #[arg(long, value_name = "FILE", requires = "tls_cert", value_hint = ValueHint::FilePath)]
    pub(crate) tls_key: Option<String>,
    /// File with the key that seals secrets, kept outside the data folder
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key_file: Option<String>,
    /// The S3 bucket that pictures are kept in, such as `s3://faces?region=eu-west-1` [default: the data folder]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) blobs: Option<String>,
    /// A URL under which clients reach the server, without a path; may be given more than once
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) public_url: Vec<String>,
    /// How the log is written: text or json
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
    /// Listen beyond this machine even with development settings
    #[arg(long)]
    pub(crate) yes_listen_publicly: bool,
}

/// `guise migrate`.
#[derive(Clone, Debug, Args)]
pub(crate) struct MigrateArgs {
    /// The data folder that is moved [default: that of --data]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) from: Option<String>,
    /// The database it is moved to, an empty one, as `postgres://USER@HOST/NAME` [default: that of --store]
    #[arg(long, value_name = "ADDRESS", value_hint = ValueHint::Url)]
    pub(crate) to: Option<String>,
    /// The S3 bucket that its pictures are moved to; without it they stay in the folder
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) blobs: Option<String>,
    /// File with the key that seals secrets, if it is kept outside the folder; it stays the same
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key_file: Option<String>,
    /// Take back a move that is not over: nothing of it is left in the folder, and its server takes changes again
    #[arg(long, conflicts_with = "blobs")]
    pub(crate) abandon: bool,
}

/// `guise quickstart`.
#[derive(Debug, Args)]
pub(crate) struct QuickstartArgs {
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// Stop after the printout; the exit code tells whether every answer was as the contract says
    #[arg(long)]
    pub(crate) exit: bool,
}

/// Where to listen.
#[derive(Debug, Args)]
pub(crate) struct ListenArgs {
    /// Address for plain HTTP, or off [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) http: Option<String>,
    /// Address for HTTPS, or off [default: 127.0.0.1:8443]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) tls: Option<String>,
    /// What is logged: off, error, warn, info, debug, trace, or a filter like guise=debug
    #[arg(long, value_name = "FILTER")]
    pub(crate) log: Option<String>,
}

impl Arguments {
    /// The configuration's keys that were given as flags, with their values.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let mut pairs =
            vec![("data", self.global.data.clone()), ("store", self.global.store.clone())];
        let mut listen = |args: &ListenArgs| {
            pairs.extend([
                ("http", args.http.clone()),
                ("tls", args.tls.clone()),
                ("log", args.log.clone()),
            ]);
        };
        match &self.command {
            Command::Serve(serve) => {
                listen(&serve.listen);
                let urls = (!serve.public_url.is_empty()).then(|| serve.public_url.join(","));
                pairs.extend([
                    ("tls_cert", serve.tls_cert.clone()),
                    ("tls_key", serve.tls_key.clone()),
                    ("key_file", serve.key_file.clone()),
                    ("blobs", serve.blobs.clone()),
                    ("public_url", urls),
                    ("log_format", serve.log_format.clone()),
                ]);
            }
            Command::Quickstart(quickstart) => listen(&quickstart.listen),
            Command::Migrate(migrate) => {
                let MigrateArgs { from, to, blobs, key_file, abandon: _ } = migrate.clone();
                pairs.extend([
                    ("data", from),
                    ("store", to),
                    ("blobs", blobs),
                    ("key_file", key_file),
                ]);
            }
            _ => {}
        }
        pairs.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        fn look(command: &clap::Command, path: &str) {
            for sub in command.get_subcommands() {
                let path = format!("{path} {}", sub.get_name());
                let help = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("  guise ") || help.contains(" guise config"), "{path}");
                assert!(sub.get_about().is_some(), "{path}");
                look(sub, &path);
            }
        }
        look(&Arguments::command(), "guise");
    }

    #[test]
    fn flags_become_settings() {
        let arguments = Arguments::parse_from([
            "guise",
            "serve",
            "--data",
            "d",
            "--http",
            "off",
            "--public-url",
            "https://a",
            "--public-url",
            "https://b",
        ]);
        let expected = [("data", "d"), ("http", "off"), ("public_url", "https://a,https://b")];
        assert_eq!(arguments.settings(), expected.map(|(key, value)| (key, value.to_owned())));
    }
}
