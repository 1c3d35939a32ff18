//! Patience with a server that is busy, away, or has given all that a window holds.

use std::time::Duration;

use indicatif::ProgressBar;
use reqwest::StatusCode;
use tokio::time::sleep;

use super::Answer;

/// How long to wait before each further attempt, when the server fails or is away.
const PAUSES_MILLIS: [u64; 5] = [250, 500, 1000, 2000, 4000];
/// How long to wait for a window when the server does not say.
const WINDOW_SECONDS: u64 = 60;

/// Sends a request until it is answered, however often the limit has to be waited for: what is long does not fit into
/// one window. A server that fails or is away is asked a few times more. What is sent must do no harm twice.
pub(super) async fn patiently(
    bar: &ProgressBar,
    send: impl AsyncFn() -> anyhow::Result<Answer>,
) -> anyhow::Result<Answer> {
    let mut pauses = PAUSES_MILLIS.into_iter();
    loop {
        let answer = send().await;
        let pause = match &answer {
            Ok(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => {
                pauses = PAUSES_MILLIS.into_iter();
                let seconds = answer.header("retry-after").parse().unwrap_or(WINDOW_SECONDS);
                bar.set_message(format!("(the limit is used up; going on in {seconds} s)"));
                Some(Duration::from_secs(seconds))
            }
            Ok(answer) if !answer.status.is_server_error() => None,
            Err(error) if !error.is::<reqwest::Error>() => None,
            _ => {
                bar.set_message("(the server is busy or away; trying again)");
                pauses.next().map(Duration::from_millis)
            }
        };
        let Some(pause) = pause else { return answer };
        sleep(pause).await;
        bar.set_message("");
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

    use super::*;

    fn answer(status: u16) -> Answer {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("0"))]);
        Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: Vec::new() }
    }

    #[tokio::test]
    async fn limits_are_waited_for_and_failures_tried_again() {
        let told = [&[429; 20][..], &[503, 429, 500, 400]].concat();
        let calls = Cell::new(0);
        let send = async || Ok(answer(told[calls.replace(calls.get() + 1)]));
        let last = patiently(&ProgressBar::hidden(), send).await.unwrap();
        assert_eq!((last.status, calls.get()), (StatusCode::BAD_REQUEST, told.len()));
        let calls = Cell::new(0);
        let send = async || {
            calls.set(calls.get() + 1);
            anyhow::bail!("this is no URL")
        };
        assert!(patiently(&ProgressBar::hidden(), send).await.is_err());
        assert_eq!(calls.get(), 1);
    }
}
