//! The cookie that holds a session's ticket. Its name makes browsers insist that it is ours alone: sent over a secure
//! connection, to this host, and set by nobody else.

use guise_domain::Ticket;
use guise_domain::limits::SESSION_SECONDS;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::Refusal;

const NAME: &str = "__Host-guise";
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// The ticket that a request brings, if it has the form of one.
pub(crate) fn ticket(headers: &HeaderMap) -> Option<Ticket> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|one| one.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim() == NAME)?;
    value.trim().parse().ok()
}

/// The header that gives a browser its ticket.
///
/// # Errors
/// Never, in fact: a ticket is letters and digits.
pub(crate) fn set(ticket: &Ticket) -> Result<(HeaderName, HeaderValue), Refusal> {
    header(&format!("{NAME}={ticket}; Max-Age={SESSION_SECONDS}; {ATTRIBUTES}"))
}

/// The header that takes it away.
///
/// # Errors
/// Never, in fact.
pub(crate) fn clear() -> Result<(HeaderName, HeaderValue), Refusal> {
    header(&format!("{NAME}=; Max-Age=0; {ATTRIBUTES}"))
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), Refusal> {
    let value =
        HeaderValue::from_str(text).map_err(|error| Refusal::Internal(error.to_string()))?;
    Ok((SET_COOKIE, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(cookies: &[&[u8]]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(COOKIE, HeaderValue::from_bytes(cookie).unwrap());
        }
        ticket(&headers).map(|ticket| ticket.to_string())
    }

    #[test]
    fn the_ticket_is_found_among_others_and_odd_cookies_are_none() {
        let value = "A".repeat(43);
        let ours = format!("{NAME}={value}");
        for line in [ours.clone(), format!("a=b; {ours};c"), format!(" ;;=; x={NAME};{ours} ; d=")]
        {
            assert_eq!(found(&[line.as_bytes()]), Some(value.clone()), "{line}");
        }
        assert_eq!(found(&[b"a=b", ours.as_bytes()]), Some(value.clone()), "in a second header");
        let guise = format!("guise={value}");
        let long = format!("{NAME}={}", "A".repeat(10_000));
        for odd in [
            "",
            ";",
            "=",
            NAME,
            "__Host-guise=",
            "__Host-guise=\"\"",
            "__host-guise=A",
            &guise,
            &long,
            &format!("{NAME}={}", "=".repeat(43)),
        ] {
            assert_eq!(found(&[odd.as_bytes()]), None, "{odd:.60}");
        }
        assert_eq!(found(&[b"__Host-guise=\xff\xfe"]), None);
        let planted = format!("{NAME}=x; {ours}");
        assert_eq!(found(&[planted.as_bytes()]), None, "the first one counts");
    }
}
