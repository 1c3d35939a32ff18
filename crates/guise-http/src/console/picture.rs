//! A picture that comes with a form, kept by a step of its own: it need not be chosen again when something else is wrong.

use bytes::Bytes;
use guise_domain::rate::Endpoint;
use guise_domain::{Admission, MediaId, ReplayKey};
use sha2::{Digest, Sha256};

use super::SignedIn;
use crate::error::Refusal;
use crate::media;
use crate::state::Guise;

/// Keeps the picture as an upload of the account.
///
/// # Errors
/// When the bytes are no picture, the limit is used up, or they cannot be kept.
pub(super) async fn keep(
    guise: &Guise,
    signed: &SignedIn,
    bytes: Bytes,
) -> Result<MediaId, Refusal> {
    let admission = beside(signed.admission(guise, Endpoint::MediaUpload)?, "picture");
    let kept = signed.admitted_once(media::keep(guise, &admission, bytes).await?)?;
    Ok(kept.map_err(Refusal::from)?.id())
}

/// All steps of one form are let in by it, each once: that of another `step` has a replay key of its own.
pub(super) fn beside(admission: Admission, step: &str) -> Admission {
    let hash = Sha256::new().chain_update(admission.replay.0).chain_update(step).finalize();
    let replay = hash.first_chunk().copied().map_or(admission.replay, ReplayKey);
    Admission { replay, ..admission }
}
