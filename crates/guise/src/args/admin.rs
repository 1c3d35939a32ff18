//! The commands that open the data folder's database, also while a server runs on it.

use clap::{Subcommand, ValueEnum};
use guise_domain::{
    Access, App, AppId, AppNameError, CallbackUrl, Operator, ReservedWord, ScreenName, WebUrl,
};

/// Accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account
    #[command(after_help = "Example:\n  guise account add shop")]
    Add {
        /// Its unique name: letters, digits and underscores
        name: ScreenName,
    },
    /// List all accounts
    #[command(after_help = "Example:\n  guise account list --json")]
    List,
    /// Show an account with what it demands of its profiles' names
    #[command(after_help = "Example:\n  guise account show shop")]
    Show {
        /// Its name
        name: ScreenName,
    },
    /// Set what an account demands of its new profiles
    #[command(after_help = "Example:\n  guise account set shop --kind-required on")]
    Set {
        /// Its name
        name: ScreenName,
        /// Whether each has to say who speaks: human, bot or ai
        #[arg(long, value_name = "ON|OFF")]
        kind_required: Option<Switch>,
        /// Whether none may be called by the account's own name
        #[arg(long, value_name = "ON|OFF")]
        own_name_reserved: Option<Switch>,
    },
    /// Reserve words that new names of an account's profiles may not contain
    #[command(after_help = "Example:\n  guise account reserve shop CEO \"Customer Care\"")]
    Reserve {
        /// The account's name
        name: ScreenName,
        /// Words; each stands for whatever looks like it
        #[arg(required = true, value_name = "WORD", value_parser = reserved_word)]
        words: Vec<ReservedWord>,
    },
    /// Allow words again that an account reserved
    #[command(after_help = "Example:\n  guise account unreserve shop CEO")]
    Unreserve {
        /// The account's name
        name: ScreenName,
        /// Words, or what looks like them
        #[arg(required = true, value_name = "WORD", value_parser = reserved_word)]
        words: Vec<ReservedWord>,
    },
    /// Set the password with which people sign in to an account's pages: asked for in a terminal, else the first line
    /// of standard input
    #[command(after_help = "Example:\n  guise account password shop")]
    Password {
        /// Its name
        name: ScreenName,
    },
    /// Print a link with which somebody chooses an account's password, once, within a day
    #[command(after_help = "Example:\n  guise account link shop")]
    Link {
        /// Its name
        name: ScreenName,
    },
    /// Close an account for good: its tokens open nothing any more, and nobody can sign in to it
    #[command(after_help = "Example:\n  guise account close shop")]
    Close {
        /// Its name
        name: ScreenName,
    },
    /// Let an account use custom profiles, as every new one may
    #[command(after_help = "Example:\n  guise account allow shop")]
    Allow {
        /// Its name
        name: ScreenName,
    },
    /// Keep an account from using custom profiles
    #[command(after_help = "Example:\n  guise account deny shop")]
    Deny {
        /// Its name
        name: ScreenName,
    },
}

/// Apps.
#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Register an app and print its consumer key and secret
    #[command(after_help = "Example:\n  guise app add \"Support desk\" --account shop")]
    Add {
        /// What people call it
        #[arg(value_parser = app_name)]
        name: String,
        /// The account that owns it
        #[arg(long, value_name = "NAME")]
        account: ScreenName,
        /// Where people read about it; shown beside the messages it sends
        #[arg(long, value_name = "URL", value_parser = url)]
        url: Option<String>,
    },
    /// List apps
    #[command(after_help = "Example:\n  guise app list --account shop")]
    List {
        /// Only this account's
        #[arg(long, value_name = "NAME")]
        account: Option<ScreenName>,
    },
    /// Let an app name who works with it, request by request, for the log
    #[command(after_help = "Example:\n  guise app trust 1234")]
    Trust {
        /// Its id
        id: AppId,
    },
    /// Keep an app from naming operators
    #[command(after_help = "Example:\n  guise app distrust 1234")]
    Distrust {
        /// Its id
        id: AppId,
    },
    /// Say where an app may have accounts led back to, once they allowed it
    #[command(
        subcommand,
        after_help = "Example:\n  guise app callback add 1234 https://app.example/done"
    )]
    Callback(CallbackCommand),
    /// Revoke an app for good: its requests are refused, whatever their token
    #[command(after_help = "Example:\n  guise app revoke 1234")]
    Revoke {
        /// Its id
        id: AppId,
    },
}

/// Where an app may have accounts led back to. An app without any such place can only have a PIN shown.
#[derive(Debug, Subcommand)]
pub(crate) enum CallbackCommand {
    /// Add a place; whatever query an app puts behind it is taken
    #[command(after_help = "Example:\n  guise app callback add 1234 https://app.example/done")]
    Add {
        /// The app's id
        app: AppId,
        /// Scheme, host, port and path, without a query; a scheme of the app's own will do
        url: CallbackUrl,
    },
    /// Remove a place
    #[command(after_help = "Example:\n  guise app callback remove 1234 https://app.example/done")]
    Remove {
        /// The app's id
        app: AppId,
        /// The place, as `list` prints it
        url: CallbackUrl,
    },
    /// List an app's places
    #[command(after_help = "Example:\n  guise app callback list 1234")]
    List {
        /// The app's id
        app: AppId,
    },
}

/// Access tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make an access token and print it with its secret
    #[command(after_help = "Example:\n  guise token add --account shop --app 1234 --save default")]
    Add {
        /// The account it acts for
        #[arg(long, value_name = "NAME")]
        account: ScreenName,
        /// The app it is given to, by id
        #[arg(long, value_name = "ID")]
        app: AppId,
        /// What it allows
        #[arg(long, value_enum, default_value = "dm")]
        access: AccessArg,
        /// Who works with it, for the log: a person or a shift
        #[arg(long, value_name = "LABEL")]
        operator: Option<Operator>,
        /// Keep it with the app's key as a profile for `guise call` and `guise profile`
        #[arg(long, value_name = "PROFILE")]
        save: Option<String>,
    },
    /// List access tokens
    #[command(after_help = "Example:\n  guise token list --account shop")]
    List {
        /// Only this account's
        #[arg(long, value_name = "NAME")]
        account: Option<ScreenName>,
    },
    /// Change what an access token allows
    #[command(after_help = "Example:\n  guise token change 1234-Ab3… --access read")]
    Change {
        /// The token, without its secret
        token: String,
        /// What it allows from now on
        #[arg(long, value_enum)]
        access: AccessArg,
    },
    /// Revoke an access token for good
    #[command(after_help = "Example:\n  guise token revoke 1234-Ab3…")]
    Revoke {
        /// The token, without its secret
        token: String,
    },
}

fn app_name(text: &str) -> Result<String, AppNameError> {
    App::parse_name(text)
}

fn url(text: &str) -> Result<String, String> {
    WebUrl::parse(text).map(|url| url.to_string()).map_err(|error| error.to_string())
}

fn reserved_word(text: &str) -> Result<ReservedWord, String> {
    ReservedWord::parse(text).map_err(|rule| rule.to_string())
}

/// A switch, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Yes
    On,
    /// No
    Off,
}

impl From<Switch> for bool {
    fn from(switch: Switch) -> Self {
        switch == Switch::On
    }
}

/// What a token allows, as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AccessArg {
    /// Read only
    Read,
    /// Read and write, but no direct messages
    Write,
    /// Read, write, and direct messages
    Dm,
}

impl From<AccessArg> for Access {
    fn from(access: AccessArg) -> Self {
        match access {
            AccessArg::Read => Self::Read,
            AccessArg::Write => Self::Write,
            AccessArg::Dm => Self::DirectMessages,
        }
    }
}
