//! Reads and verifies a signed request so many times: something to count instructions of.
//!
//! ```console
//! $ valgrind --tool=callgrind target/release/examples/verify 1000
//! ```

use guise_oauth1::{Credentials, Presented, Request, SigningKey, sign};

const URL: &str = "http://127.0.0.1:8080/1.1/custom_profiles/new.json";

fn main() -> Result<(), String> {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok());
    let count: u64 = count.ok_or("Usage: verify COUNT")?;
    let credentials = Credentials {
        consumer_key: "xvz1evFS4wEEPTGEFPHBog000",
        consumer_secret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw00000",
        token: Some("370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
        token_secret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE0000",
    };
    let key = SigningKey::new(credentials.consumer_secret, credentials.token_secret);
    for nonce in 0..count {
        let nonce = format!("kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4{nonce:08}");
        let header = sign(&credentials, "POST", URL, None, 1_318_622_958, &nonce, &[]);
        verify(&header, &key, &nonce)?;
    }
    Ok(())
}

/// Apart from the signing around it, so that its own instructions can be told.
#[inline(never)]
fn verify(header: &str, key: &SigningKey, nonce: &str) -> Result<(), String> {
    let request = Request { method: "POST", query: "", form: None, authorization: Some(header) };
    let presented = Presented::parse(&request).map_err(|error| error.to_string())?;
    if presented.nonce() == nonce && presented.verify(key, URL) {
        Ok(())
    } else {
        Err("the signature does not hold".to_owned())
    }
}
