//! From a request token that was allowed to an access token, once.

use guise_domain::limits::VERIFIER_TRIES_MAX;
use guise_domain::{
    Access, Account, AccountId, Action, AppAdmission, Entry, ExchangeError, NewToken, Operator,
    Token, VerifierHash,
};

use crate::accounts::by_id;
use crate::credentials::changed;
use crate::error::impossible;
use crate::log::add;
use crate::query::one;
use crate::tokens::{CHANGE_ACCESS, create, read_token};
use crate::writer::Step;

const ALLOWED: &str = "SELECT account, operator, access, verifier FROM request_tokens
    WHERE token = ?1 AND app = ?2 AND state = 'allowed' AND until > ?3";
const GUESSED: &str = "UPDATE request_tokens
    SET wrong = wrong + 1, state = CASE WHEN wrong + 1 >= ?2 THEN 'over' ELSE state END
    WHERE token = ?1";
const USED: &str = "UPDATE request_tokens SET state = 'over' WHERE token = ?1";
const LIVING: &str =
    "SELECT token, account, app, secret, access, operator, created_at, revoked, last_used_at
    FROM tokens WHERE account = ?1 AND app = ?2 AND revoked = 0 AND operator IS NULL
    ORDER BY created_at DESC, token DESC LIMIT 1";

/// What an account allowed.
struct Allowed {
    account: AccountId,
    operator: Option<Operator>,
    access: Access,
    verifier: VerifierHash,
}

/// Exchanges `token` within a step, or counts a wrong verifier.
pub(crate) fn exchange(
    step: &mut Step<'_>,
    admission: &AppAdmission,
    token: &str,
    verifier: VerifierHash,
    new: NewToken,
) -> rusqlite::Result<Result<(Token, Account), ExchangeError>> {
    let Some(allowed) = allowed(step, admission, token)? else { return Ok(Err(ExchangeError)) };
    if verifier != allowed.verifier {
        step.execute(GUESSED, (token, VERIFIER_TRIES_MAX))?;
        return Ok(Err(ExchangeError));
    }
    step.execute(USED, [token])?;
    let account = by_id(step.db, allowed.account)?.filter(|account| !account.closed);
    let Some(account) = account else { return Ok(Err(ExchangeError)) };
    Ok(give(step, admission, allowed, new)?.map(|token| (token, account)).ok_or(ExchangeError))
}

fn allowed(
    step: &Step<'_>,
    admission: &AppAdmission,
    token: &str,
) -> rusqlite::Result<Option<Allowed>> {
    let AppAdmission { app, now, .. } = admission;
    one(step.db, ALLOWED, (token, app.get(), now.millis()), |row| {
        let operator: Option<String> = row.get(1)?;
        let access: String = row.get(2)?;
        Ok(Allowed {
            account: AccountId::new(row.get(0)?),
            operator: operator.map(|label| label.parse().map_err(impossible)).transpose()?,
            access: Access::parse(&access).ok_or_else(|| impossible(format!("access {access}")))?,
            verifier: VerifierHash::from_bytes(row.get(3)?),
        })
    })
}

/// The token that the app has already, as it is allowed now, or else a new one. `None` when the app is revoked.
fn give(
    step: &mut Step<'_>,
    admission: &AppAdmission,
    allowed: Allowed,
    new: NewToken,
) -> rusqlite::Result<Option<Token>> {
    let Allowed { account, operator, access, .. } = allowed;
    let app = admission.app;
    let living = one(step.db, LIVING, (account.get(), app.get()), |row| read_token(row, 0))?;
    let (token, action) = match living {
        Some(token) if token.access == access => return Ok(Some(token)),
        Some(token) => {
            step.execute(CHANGE_ACCESS, (account.get(), &token.token, access.as_str()))?;
            changed(step)?;
            (Token { access, ..token }, Action::TokenChanged)
        }
        None => match create(step, account, NewToken { access, app, ..new })? {
            Some(token) => (token, Action::TokenCreated),
            None => return Ok(None),
        },
    };
    let (id, subject) = (admission.entry, app.get());
    let line = Entry { id, app: Some(app), operator, action, subject, revision: None };
    add(step, account, &line)?;
    Ok(Some(token))
}
