//! From a request token that was allowed to an access token, once.

use guise_domain::limits::VERIFIER_TRIES_MAX;
use guise_domain::{
    Access, Account, AccountId, Action, AppAdmission, Entry, ExchangeError, NewToken, Operator,
    Token, VerifierHash,
};

use crate::accounts::by_id;
use crate::credentials::changed;
use crate::error::{Queried, impossible};
use crate::log::add;
use crate::query::{Columns, bytes, known, one};
use crate::step::Step;
use crate::tokens::{CHANGE_ACCESS, create, read_token};

const ALLOWED: &str = "SELECT account, operator, access, verifier FROM request_tokens
    WHERE token = $1 AND app = $2 AND state = 'allowed' AND until > $3
    FOR UPDATE";
const GUESSED: &str = "UPDATE request_tokens
    SET wrong = wrong + 1, state = CASE WHEN wrong + 1 >= $2 THEN 'over' ELSE state END
    WHERE token = $1";
const USED: &str = "UPDATE request_tokens SET state = 'over' WHERE token = $1";
const LIVING: &str =
    "SELECT token, account, app, secret, access, operator, created_at, revoked, last_used_at
    FROM tokens WHERE account = $1 AND app = $2 AND NOT revoked AND operator IS NULL
    ORDER BY created_at DESC, token DESC LIMIT 1";

/// What an account allowed.
struct Allowed {
    account: AccountId,
    operator: Option<Operator>,
    access: Access,
    verifier: VerifierHash,
}

/// Exchanges `token` within a step, or counts a wrong verifier.
pub(crate) async fn exchange(
    step: &Step,
    admission: &AppAdmission,
    token: &str,
    verifier: VerifierHash,
    new: NewToken,
) -> Queried<Result<(Token, Account), ExchangeError>> {
    let Some(allowed) = allowed(step, admission, token).await? else {
        return Ok(Err(ExchangeError));
    };
    if verifier != allowed.verifier {
        step.execute(GUESSED, (token, i64::from(VERIFIER_TRIES_MAX))).await?;
        return Ok(Err(ExchangeError));
    }
    step.execute(USED, (token,)).await?;
    step.lock(allowed.account).await?;
    let account = by_id(&step.db, allowed.account).await?.filter(|account| !account.closed);
    let Some(account) = account else { return Ok(Err(ExchangeError)) };
    let token = give(step, admission, allowed, new).await?;
    Ok(token.map(|token| (token, account)).ok_or(ExchangeError))
}

/// What was allowed, locked: of those who come with one token at once, one is first.
async fn allowed(step: &Step, admission: &AppAdmission, token: &str) -> Queried<Option<Allowed>> {
    let AppAdmission { app, now, .. } = admission;
    one(&step.db, ALLOWED, (token, app.get(), now.millis()), |row| {
        let operator: Option<&str> = row.at(1)?;
        Ok(Allowed {
            account: AccountId::new(row.at(0)?),
            operator: operator.map(|label| label.parse().map_err(impossible)).transpose()?,
            access: known(row, 2, Access::parse)?,
            verifier: VerifierHash::from_bytes(bytes(row, 3)?),
        })
    })
    .await
}

/// The token that the app has already, as it is allowed now, or else a new one. `None` when the app is revoked.
async fn give(
    step: &Step,
    admission: &AppAdmission,
    allowed: Allowed,
    new: NewToken,
) -> Queried<Option<Token>> {
    let Allowed { account, operator, access, .. } = allowed;
    let app = admission.app;
    let living = one(&step.db, LIVING, (account.get(), app.get()), |row| read_token(row, 0));
    let (token, action) = match living.await? {
        Some(token) if token.access == access => return Ok(Some(token)),
        Some(token) => {
            let row = (account.get(), &token.token, access.as_str());
            step.execute(CHANGE_ACCESS, row).await?;
            changed(step).await?;
            (Token { access, ..token }, Action::TokenChanged)
        }
        None => match create(step, account, NewToken { access, app, ..new }).await? {
            Some(token) => (token, Action::TokenCreated),
            None => return Ok(None),
        },
    };
    let (id, subject) = (admission.entry, app.get());
    let line = Entry { id, app: Some(app), operator, action, subject, revision: None };
    add(step, account, &line)?;
    Ok(Some(token))
}
