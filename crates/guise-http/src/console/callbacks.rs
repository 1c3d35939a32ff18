//! Where an app may have accounts led back to, once they decided whether it may act for them.

use axum::extract::{Path, State};
use axum::response::Response;
use guise_domain::CallbackUrl;

use super::apps::{Typed, app_page, own};
use super::{Posted, see};
use crate::error::Refusal;
use crate::state::Guise;

/// `POST /apps/{id}/callbacks`
pub(crate) async fn add(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    Posted { signed, form }: Posted,
) -> Result<Response, Refusal> {
    let app = own(&guise, &signed, &id).await?;
    let text = form.get("callback").unwrap_or_default().trim();
    let added = match text.parse::<CallbackUrl>() {
        _ if app.revoked => Err("The app is revoked.".to_owned()),
        Err(rule) => Err(format!("The callback {rule}.")),
        Ok(callback) if callback.has_query() => {
            Err("Leave the query out: whatever query an app puts behind a place is taken."
                .to_owned())
        }
        Ok(callback) => {
            let (owner, by) = (signed.account().id, signed.by(&guise)?);
            let added = guise.store().add_callback(owner, app.id, &callback, by).await?;
            added.map_err(|rule| format!("It was not added: {rule}."))
        }
    };
    match added {
        Ok(()) => Ok(see(&format!("/apps/{id}"))),
        Err(problem) => {
            let (callback, problem) = (text.to_owned(), Some(problem));
            app_page(&guise, &signed, app, Typed { callback, problem, ..Typed::default() }).await
        }
    }
}

/// `POST /apps/{id}/callbacks/remove`
pub(crate) async fn remove(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    Posted { signed, form }: Posted,
) -> Result<Response, Refusal> {
    let app = own(&guise, &signed, &id).await?;
    let callback = form.get("callback").unwrap_or_default().parse::<CallbackUrl>();
    let callback = callback.map_err(|rule| Refusal::Invalid(format!("callback: {rule}")))?;
    let (owner, by) = (signed.account().id, signed.by(&guise)?);
    if !guise.store().remove_callback(owner, app.id, &callback, by).await? {
        return Err(Refusal::NotFound);
    }
    Ok(see(&format!("/apps/{id}")))
}
