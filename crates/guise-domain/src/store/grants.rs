//! Letting apps act for accounts, and apps for themselves.

use async_trait::async_trait;

use super::StoreError;
use crate::{
    Account, AccountId, AddCallbackError, Admission, Admitted, Allowance, App, AppAdmission, AppId,
    By, CallbackUrl, ExchangeError, NewRequestToken, NewToken, RequestToken, RequestTokenError,
    Sealed, Timestamp, Token, VerifierHash,
};

/// Letting apps act for accounts, and apps for themselves.
#[async_trait]
pub trait Grants {
    /// Lets an app have accounts led back to this place, with any query. Adding it again changes nothing.
    async fn add_callback(
        &self,
        owner: AccountId,
        app: AppId,
        callback: &CallbackUrl,
        by: By,
    ) -> Result<Result<(), AddCallbackError>, StoreError>;
    /// Takes a place from an app. `false` when the owner has no such app, or that no such callback.
    async fn remove_callback(
        &self,
        owner: AccountId,
        app: AppId,
        callback: &CallbackUrl,
        by: By,
    ) -> Result<bool, StoreError>;
    /// The places an app may have accounts led back to, by their text.
    async fn callbacks(&self, app: AppId) -> Result<Vec<String>, StoreError>;

    /// Counts a call of an app that a rule refused before it reached its own step.
    async fn count_for_app(&self, admission: &AppAdmission) -> Result<Admitted<()>, StoreError>;
    /// Keeps a request token, if its callback is a PIN or one of the app's.
    async fn create_request_token(
        &self,
        admission: &AppAdmission,
        new: NewRequestToken,
    ) -> Result<Admitted<Result<(), RequestTokenError>>, StoreError>;
    /// A request token, however far it has come, unless it was swept.
    async fn request_token(&self, token: &str) -> Result<Option<RequestToken>, StoreError>;
    /// Allows what a request token asks for. `false` when it is too late: it was decided on before, or is unknown or
    /// too old, or account or app are closed.
    async fn allow(&self, token: &str, allowance: Allowance) -> Result<bool, StoreError>;
    /// Refuses what a request token asks for. `false` when it is too late.
    async fn deny(&self, token: &str, now: Timestamp) -> Result<bool, StoreError>;
    /// Makes an app's allowed request token an access token, once: the newest living one of the account for the app that
    /// names no operator, with what was allowed now, or else `new`. After
    /// [`VERIFIER_TRIES_MAX`](crate::limits::VERIFIER_TRIES_MAX) wrong verifiers the request token is over.
    async fn exchange(
        &self,
        admission: &AppAdmission,
        token: &str,
        verifier: VerifierHash,
        new: NewToken,
    ) -> Result<Admitted<Result<(Token, Account), ExchangeError>>, StoreError>;
    /// Removes request tokens that ended before `now`; how many.
    async fn sweep_request_tokens(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Revokes the caller's token.
    async fn give_up_token(
        &self,
        admission: &Admission,
        token: &str,
    ) -> Result<Admitted<()>, StoreError>;

    /// The app with this id and the secret half of its bearer token, sealed for a name of its own, if it has one.
    async fn bearer(&self, app: AppId) -> Result<Option<(App, Option<Sealed>)>, StoreError>;
    /// Keeps the secret half of an app's bearer token, unless it has one; the one it has comes back.
    async fn keep_bearer(
        &self,
        admission: &AppAdmission,
        secret: Sealed,
    ) -> Result<Admitted<Sealed>, StoreError>;
    /// Revokes an app's bearer token, if that is the one it has.
    async fn revoke_bearer(
        &self,
        admission: &AppAdmission,
        secret: &Sealed,
    ) -> Result<Admitted<bool>, StoreError>;
}
