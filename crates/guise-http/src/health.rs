//! `/healthz` and `/readyz`, for whoever watches the process.

use axum::extract::State;

use crate::error::Refusal;
use crate::state::Guise;

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the store answers too.
pub(crate) async fn ready(State(guise): State<Guise>) -> Result<&'static str, Refusal> {
    guise.store().ready().await?;
    Ok("ready\n")
}
