//! Whose requests are signed.

use std::path::Path;

use anyhow::Context;
use guise_oauth1::{Credentials, Signer};
use serde::Deserialize;

use crate::client::Server;

/// The credentials of one app with one account's token.
#[derive(Clone, Deserialize)]
pub(crate) struct Keys {
    consumer_key: String,
    consumer_secret: String,
    token: String,
    token_secret: String,
}

impl Keys {
    /// Those in the file, or else the one in the environment.
    ///
    /// # Errors
    /// There are none, or they cannot be read.
    pub(crate) fn read(file: Option<&Path>) -> anyhow::Result<Vec<Self>> {
        let Some(path) = file else { return Ok(vec![Self::from_environment()?]) };
        let shown = path.display();
        let text = std::fs::read(path).with_context(|| format!("{shown} cannot be read"))?;
        let keys: Vec<Self> = serde_json::from_slice(&text).with_context(|| {
            format!("{shown} is no array of {{consumer_key, consumer_secret, token, token_secret}}")
        })?;
        anyhow::ensure!(!keys.is_empty(), "{shown} holds no keys");
        Ok(keys)
    }

    fn from_environment() -> anyhow::Result<Self> {
        let read = |name: &str| {
            std::env::var(name)
                .with_context(|| format!("{name} is not set, and there is no --keys"))
        };
        Ok(Self {
            consumer_key: read("GUISE_CONSUMER_KEY")?,
            consumer_secret: read("GUISE_CONSUMER_SECRET")?,
            token: read("GUISE_TOKEN")?,
            token_secret: read("GUISE_TOKEN_SECRET")?,
        })
    }

    /// Signs requests to `path`, which includes its query. A form is not signed: none of ours is one.
    pub(crate) fn signer(&self, server: &Server, method: &str, path: &str) -> Signer {
        let credentials = Credentials {
            consumer_key: &self.consumer_key,
            consumer_secret: &self.consumer_secret,
            token: Some(&self.token),
            token_secret: &self.token_secret,
        };
        Signer::new(&credentials, method, &format!("http://{}{path}", server.host), None, &[])
    }
}
