//! The end of a move: the folder is sealed, the last changes are moved, and the database is in charge.

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use guise_postgres::moving::Stage;

use super::Move;
use super::pass::Compare;

impl Move<'_> {
    /// Moves the last changes while nobody can make others; how long that took. When it fails the folder takes changes
    /// again.
    pub(super) async fn switch(&mut self, proof: Option<Vec<u8>>) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.source.seal(&self.address)?;
        let last = tokio::select! {
            last = self.pass(Compare::Moved) => last,
            _ = tokio::signal::ctrl_c() => Err(anyhow!("stopped")),
        };
        let highest_id = match last {
            Ok((_, highest_id)) => highest_id,
            Err(error) => return Err(self.unsealed(error)),
        };
        if let Err(error) = self.target.complete(highest_id, proof.as_deref()).await {
            // The answer may be lost, and not what it told of.
            match self.target.stage().await {
                Ok(Stage::Moved(_)) => {}
                Ok(_) => return Err(self.unsealed(error.into())),
                Err(_) => {
                    let unknown = "the database did not say whether it is in charge now, so the folder takes no changes: \
                                   run the command again as soon as it answers";
                    return Err(error).context(unknown);
                }
            }
        }
        let sealed = began.elapsed();
        self.source.finish().context("all is moved; run the command again")?;
        Ok(sealed)
    }

    fn unsealed(&mut self, error: anyhow::Error) -> anyhow::Error {
        match self.source.unseal() {
            Ok(()) => error.context("the folder takes changes again, and is in charge"),
            Err(failed) => error.context(format!(
                "the folder takes no changes: run the command again, or with --abandon ({failed})"
            )),
        }
    }
}
