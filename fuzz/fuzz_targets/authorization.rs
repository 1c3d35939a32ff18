//! Header, query and form as an attacker writes them: nothing panics, and nothing but the right key verifies.
#![no_main]

use guise_oauth1::{Presented, Request, SigningKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &[u8], bool)| {
    let (authorization, query, form, has_form) = input;
    let request = Request {
        method: "POST",
        query,
        form: has_form.then_some(form),
        authorization: (!authorization.is_empty()).then_some(authorization),
    };
    if let Ok(presented) = Presented::parse(&request) {
        let key = SigningKey::new("a secret", "that no input holds");
        assert!(!presented.verify(&key, "https://api.example.com/1.1/x.json"));
        let _ = presented.body_hash_matches(form);
    }
});
