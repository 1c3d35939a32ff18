//! Every limit of Guise, in one place. `docs/limits.md` is printed from [`ALL`].

/// One row of the limits page.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The constant's name.
    pub name: &'static str,
    /// Its value.
    pub value: u64,
    /// What is counted.
    pub unit: &'static str,
    /// What it bounds.
    pub meaning: &'static str,
}

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $value:expr, $unit:literal;)*) => {
        $($(#[doc = $doc])+ pub const $name: $type = $value;)*

        /// Every limit, in the order of this file.
        pub const ALL: &[Limit] = &[$(Limit {
            name: stringify!($name),
            value: $name as u64,
            unit: $unit,
            meaning: concat!($($doc),+),
        }),*];
    };
}

limits! {
    /// A profile's name, counted in Unicode scalar values after NFC.
    PROFILE_NAME_CHARS_MAX: usize = 48, "characters";
    /// What a profile is called by its owner's systems.
    EXTERNAL_ID_CHARS_MAX: usize = 128, "characters";
    /// A word that profiles are found by.
    PROFILE_TAG_CHARS_MAX: usize = 32, "characters";
    /// Words that one profile is found by.
    PROFILE_TAGS_MAX: usize = 16, "tags";
    /// Words that an account, or the server, reserves.
    RESERVED_WORDS_MAX: usize = 100, "words";
    /// Those whom a new name looks like that are told.
    LOOKALIKES_MAX: u32 = 5, "profiles and accounts";
    /// Profiles whose names are checked at once.
    PROFILES_CHECKED_MAX: usize = 1000, "profiles";
    /// What people call an app.
    APP_NAME_CHARS_MAX: usize = 64, "characters";
    /// The label of the person or shift behind a change.
    OPERATOR_CHARS_MAX: usize = 64, "characters";
    /// What a caller names a request by, to be able to send it again.
    IDEMPOTENCY_KEY_CHARS_MAX: usize = 255, "characters";
    /// How long the answer to a request that named a key is kept.
    ANSWER_SECONDS: i64 = 86_400, "seconds";
    /// Apps of an account, revoked ones too, up to which it registers further ones on a page.
    APPS_ON_PAGES_MAX: usize = 200, "apps";
    /// Tokens of an account, revoked ones too, up to which it makes further ones on a page.
    TOKENS_ON_PAGES_MAX: usize = 200, "tokens";
    /// Where an account is led back to after deciding on an app.
    CALLBACK_BYTES_MAX: usize = 2048, "bytes";
    /// Such places of one app.
    CALLBACKS_MAX: usize = 10, "places";
    /// How long an account has to decide on an app, and that then to fetch its token.
    REQUEST_TOKEN_SECONDS: i64 = 900, "seconds";
    /// Wrong verifiers or PINs after which a request token is over.
    VERIFIER_TRIES_MAX: u32 = 5, "times";
    /// An account's screen name.
    SCREEN_NAME_CHARS_MAX: usize = 15, "characters";
    /// A password, at least.
    PASSWORD_CHARS_MIN: usize = 10, "characters";
    /// A password, counted in Unicode scalar values after NFC.
    PASSWORD_CHARS_MAX: usize = 256, "characters";
    /// Passwords that wait for being hashed.
    PASSWORDS_WAITING_MAX: usize = 32, "passwords";
    /// How long a session lasts, however much it is used.
    SESSION_SECONDS: i64 = 7 * 86_400, "seconds";
    /// How long a session lasts that is not used.
    SESSION_IDLE_SECONDS: i64 = 12 * 3600, "seconds";
    /// How exactly it is kept when a session was last used.
    SESSION_SEEN_SECONDS: i64 = 60, "seconds";
    /// How long a one-time link can be used.
    LINK_SECONDS: i64 = 86_400, "seconds";
    /// Wrong passwords for one account before the next attempt has to wait.
    ACCOUNT_ATTEMPTS_FREE: u32 = 5, "attempts";
    /// The longest that attempts for one account have to wait for one another.
    ACCOUNT_WAIT_SECONDS_MAX: i64 = 60, "seconds";
    /// Wrong passwords from one address before the next attempt has to wait.
    ADDRESS_ATTEMPTS_FREE: u32 = 20, "attempts";
    /// The longest that attempts from one address have to wait for one another.
    ADDRESS_WAIT_SECONDS_MAX: i64 = 900, "seconds";
    /// How long wrong passwords are remembered.
    ATTEMPTS_SECONDS: i64 = 3600, "seconds";
    /// How long a form that was sent is known, so that it is not taken twice.
    FORM_SECONDS: i64 = 3600, "seconds";
    /// A description for people who cannot see the picture.
    ALT_TEXT_CHARS_MAX: usize = 1000, "characters";
    /// Profiles or messages on one page of a list.
    PAGE_COUNT_MAX: u32 = 50, "items";
    /// Profiles that the page of a conversation offers to write under: the newest ones.
    PROFILES_OFFERED_MAX: u32 = 1000, "profiles";
    /// Profiles or messages on one page when the request does not say.
    PAGE_COUNT_DEFAULT: u32 = 20, "items";
    /// A still picture, as uploaded.
    PICTURE_BYTES_MAX: usize = 5 * 1024 * 1024, "bytes";
    /// An animated GIF, as uploaded.
    ANIMATION_BYTES_MAX: usize = 15 * 1024 * 1024, "bytes";
    /// One segment of a chunked upload.
    SEGMENT_BYTES_MAX: usize = 5 * 1024 * 1024, "bytes";
    /// Segments of one chunked upload; indices start at 0.
    SEGMENTS_MAX: u16 = 1000, "segments";
    /// How often segments are read anew when one is replaced while they are put together.
    ASSEMBLIES_MAX: usize = 5, "times";
    /// Accounts besides the uploader that may use an upload.
    ADDITIONAL_OWNERS_MAX: usize = 100, "accounts";
    /// A blob up to this size goes to a bucket in one request; a larger one in parts of it.
    BLOB_PART_BYTES: usize = 8 * 1024 * 1024, "bytes";
    /// How long a bucket may take to answer one request.
    BLOB_SECONDS: u64 = 30, "seconds";
    /// How often a request to a bucket is sent again.
    BLOB_RETRIES_MAX: usize = 4, "times";
    /// After how long it is not sent again.
    BLOB_RETRY_SECONDS: u64 = 20, "seconds";
    /// How long an upload can be used.
    UPLOAD_SECONDS: i64 = 86_400, "seconds";
    /// A message's text.
    MESSAGE_CHARS_MAX: usize = 10_000, "characters";
    /// Options of a quick reply.
    QUICK_REPLY_OPTIONS_MAX: usize = 20, "options";
    /// The label of a quick reply's option, or of a button.
    LABEL_CHARS_MAX: usize = 36, "characters";
    /// The description of a quick reply's option.
    OPTION_DESCRIPTION_CHARS_MAX: usize = 72, "characters";
    /// What a quick reply's option gives back to its sender.
    OPTION_METADATA_CHARS_MAX: usize = 1000, "characters";
    /// Buttons under a message.
    BUTTONS_MAX: usize = 3, "buttons";
    /// A web address: what a button opens, where an app is described.
    WEB_URL_BYTES_MAX: usize = 2048, "bytes";
    /// The id of a place.
    PLACE_ID_CHARS_MAX: usize = 64, "characters";
    /// How far back a list of messages reaches.
    MESSAGES_LISTED_SECONDS: i64 = 30 * 86_400, "seconds";
    /// Messages back that count against no limit, after the other party wrote.
    REPLIES_FREE_MAX: u32 = 5, "messages";
    /// How long after the other party wrote messages back may be free.
    REPLIES_FREE_SECONDS: i64 = 86_400, "seconds";
    /// How long somebody counts as typing after saying so.
    TYPING_SECONDS: u64 = 3, "seconds";
    /// Blocked accounts on one page.
    BLOCKS_PAGE_COUNT: u32 = 5000, "accounts";
    /// Streams of messages that are open at once.
    STREAMS_MAX: usize = 1024, "streams";
    /// Streams of one account that are open at once.
    STREAMS_OF_ACCOUNT_MAX: usize = 16, "streams";
    /// Accounts that one message mentions and that are looked up; further mentions are plain text.
    MENTIONS_MAX: usize = 100, "accounts";
    /// Signals that wait for a slow stream before it has to read the store instead.
    SIGNALS_WAITING_MAX: usize = 1024, "signals";
    /// After how long other nodes are listened to anew when the store did not answer.
    SIGNALS_AGAIN_SECONDS: u64 = 1, "seconds";
    /// How long a stream stays silent before it says that it is alive.
    STREAM_SILENCE_SECONDS: u64 = 15, "seconds";
    /// Accounts looked up at once.
    USERS_LOOKUP_MAX: usize = 100, "accounts";
    /// A form that signs somebody in.
    SIGN_IN_BYTES_MAX: usize = 16 * 1024, "bytes";
    /// A JSON body, or a form that carries no media.
    BODY_BYTES_MAX: usize = 512 * 1024, "bytes";
    /// A form that carries media in base64, which is a third longer than the media and escaped on top.
    MEDIA_FORM_BYTES_MAX: usize = 8 * 1024 * 1024, "bytes";
    /// The least a body must bring on average, so that nobody holds a place by trickling.
    BODY_BYTES_PER_SECOND_MIN: u64 = 8 * 1024, "bytes a second";
    /// What is still read of a body that nobody wants, so that its sender hears why.
    UNWANTED_BODY_BYTES_MAX: u64 = 16 * 1024 * 1024, "bytes";
    /// A body up to this length is verified where it was read; a longer one would keep other requests waiting.
    VERIFIED_AT_ONCE_BYTES_MAX: usize = 64 * 1024, "bytes";
    /// Bodies with media that are in memory at once.
    MEDIA_BODIES_MAX: usize = 64, "bodies";
    /// Such bodies of senders nobody knows yet, because the credentials are inside.
    UNKNOWN_MEDIA_BODIES_MAX: usize = 8, "bodies";
    /// A multipart body: an animation, with room for the other fields.
    MULTIPART_BYTES_MAX: usize = 16 * 1024 * 1024, "bytes";
    /// Fields of a multipart body or a form with media.
    FORM_FIELDS_MAX: usize = 32, "fields";
    /// A picture's pixels, before any of them is decoded.
    PICTURE_PIXELS_MAX: u64 = 50_000_000, "pixels";
    /// A picture's longer side.
    PICTURE_SIDE_MAX: u32 = 16_384, "pixels";
    /// Memory for decoding one picture.
    PICTURE_DECODE_BYTES_MAX: u64 = 512 * 1024 * 1024, "bytes";
    /// An animation's width.
    ANIMATION_WIDTH_MAX: u32 = 1280, "pixels";
    /// An animation's height.
    ANIMATION_HEIGHT_MAX: u32 = 1080, "pixels";
    /// An animation's frames.
    ANIMATION_FRAMES_MAX: usize = 350, "frames";
    /// Pictures that wait for being decoded.
    PICTURES_WAITING_MAX: usize = 64, "pictures";
    /// A picture that is kept in memory after it was served.
    PICTURE_CACHED_BYTES_MAX: usize = 256 * 1024, "bytes";
    /// A path.
    PATH_BYTES_MAX: usize = 2048, "bytes";
    /// Headers of one request.
    HEADER_BYTES_MAX: usize = 64 * 1024, "bytes";
    /// Requests at once on one HTTP/2 connection.
    HTTP2_STREAMS_MAX: u32 = 200, "requests";
    /// Arrays and objects inside one another in a JSON body.
    JSON_DEPTH_MAX: usize = 32, "levels";
    /// The highest node number in an id.
    NODE_MAX: u16 = 1023, "node";
    /// A file that a team is imported from.
    TEAM_BYTES_MAX: usize = 16 * 1024 * 1024, "bytes";
    /// One line of such a file.
    TEAM_LINE_BYTES_MAX: usize = 16 * 1024, "bytes";
    /// What is wrong, or would change, with such a file and is listed for people.
    TEAM_LISTED_MAX: usize = 50, "lines";
    /// Requests at once while a team is imported or exported.
    TEAM_REQUESTS_MAX: usize = 4, "requests";
    /// Rows that are put into another store in one transaction while an installation is moved.
    ROWS_MOVED_AT_ONCE: u32 = 2000, "rows";
    /// Tables that are copied at once.
    TABLES_MOVED_AT_ONCE: usize = 4, "tables";
    /// Pictures that are copied at once.
    BLOBS_MOVED_AT_ONCE: usize = 16, "files";
    /// Changes that may be left to move when the old store stops taking any.
    CHANGES_LEFT_MAX: u64 = 1000, "rows";
    /// How often changes are moved, should they not become fewer, before that.
    PASSES_MAX: u32 = 20, "times";
    /// Jobs that wait for the store before new ones are turned away.
    WRITER_QUEUE_MAX: usize = 4096, "jobs";
    /// Jobs that share one commit.
    COMMIT_GROUP_MAX: usize = 512, "jobs";
    /// Lines of the log that wait to be written before those who write more wait too.
    LOG_BYTES_WAITING_MAX: usize = 1024 * 1024, "bytes";
    /// How long a node's number in ids is kept for it when it is not heard of.
    NODE_LEASE_SECONDS: i64 = 20, "seconds";
    /// How often a node says that it still has its number.
    NODE_RENEWED_SECONDS: u64 = 5, "seconds";
    /// When it says so again after the database did not answer.
    NODE_AGAIN_SECONDS: u64 = 1, "seconds";
    /// How far ahead of the ids that a node keeps its number is closed to others' ids.
    NODE_AHEAD_SECONDS: i64 = 10, "seconds";
    /// How often a step is run when others are in its way, before its caller is turned away.
    STEP_TRIES_MAX: u32 = 5, "times";
    /// How long a connection to the database may take.
    CONNECT_SECONDS_MAX: u64 = 5, "seconds";
    /// How long a step waits for a connection to the database.
    CONNECTION_WAIT_SECONDS_MAX: u64 = 5, "seconds";
    /// How long the database may leave what was sent unacknowledged before the connection is given up.
    CONNECTION_SILENT_SECONDS_MAX: u64 = 10, "seconds";
    /// How long one statement may take, or wait for a lock, and how long a transaction may stand still.
    STATEMENT_SECONDS_MAX: u64 = 10, "seconds";
    /// How long another process's change to credentials may go unnoticed.
    CREDENTIALS_STALE_MILLIS: u64 = 50, "milliseconds";
    /// A consumer key or a token. What is longer was not issued by us, and is not looked up.
    CREDENTIAL_BYTES_MAX: usize = 128, "bytes";
    /// Requests that the inspector remembers of one account's apps.
    INSPECTED_REQUESTS_MAX: usize = 200, "requests";
    /// Memory for the requests of all accounts that the inspector remembers; the oldest make room.
    INSPECTED_BYTES_MAX: usize = 32 * 1024 * 1024, "bytes";
    /// What the inspector keeps of a body, of an answer, and of a request's headers.
    INSPECTED_TEXT_BYTES_MAX: usize = 8 * 1024, "bytes";
    /// What is kept of a refused request to explain its signature; of a longer one nothing is.
    INSPECTED_SIGNED_BYTES_MAX: usize = 16 * 1024, "bytes";
    /// Signatures that are explained at once.
    DIAGNOSES_MAX: usize = 2, "requests";
    /// Credentials held in memory.
    CREDENTIALS_CACHED_MAX: usize = 10_000, "tokens";
    /// Read windows held in memory: one for each token and endpoint in use.
    READ_WINDOWS_MAX: usize = 100_000, "windows";
    /// Servers up to which reads that several count together exceed a limit by a tenth at most.
    NODES_COUNTING_MAX: u32 = 10, "servers";
    /// How long windows of reads are kept after their end, for servers whose clocks are behind.
    READ_WINDOW_KEPT_SECONDS: i64 = 3600, "seconds";
    /// How long a read waits for others of its token that are being counted.
    READ_WAIT_SECONDS_MAX: u64 = 5, "seconds";
    /// Last uses of apps and tokens held in memory until they are kept.
    LAST_USES_MAX: usize = 100_000, "apps and tokens";
    /// Signatures of reads remembered against repetition.
    READ_REPLAYS_MAX: usize = 4_000_000, "requests";
}
