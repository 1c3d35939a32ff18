//! Signatures that others computed: the vendor's documentation, RFC 5849, and unmodified clients.

use guise_oauth1::{Credentials, Presented, Request, SigningKey, percent_encode, sign};

struct Vector {
    method: &'static str,
    url: &'static str,
    form: Option<&'static str>,
    credentials: Credentials<'static>,
    timestamp: u64,
    nonce: &'static str,
    version: Option<&'static str>,
    signature: &'static str,
}

impl Vector {
    fn holds(&self) -> bool {
        self.presents(self.signature) && !self.presents("AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    }

    fn presents(&self, signature: &str) -> bool {
        let (base_url, query) = self.url.split_once('?').unwrap_or((self.url, ""));
        let token = self
            .credentials
            .token
            .map_or(String::new(), |token| format!(r#"oauth_token="{}", "#, percent_encode(token)));
        let version =
            self.version.map_or(String::new(), |version| format!(r#", oauth_version="{version}""#));
        let header = format!(
            r#"OAuth realm="Photos", oauth_consumer_key="{}", {token}oauth_signature_method="HMAC-SHA1", oauth_timestamp="{}",oauth_nonce="{}"{version}, oauth_signature="{}""#,
            percent_encode(self.credentials.consumer_key),
            self.timestamp,
            percent_encode(self.nonce),
            percent_encode(signature),
        );
        let request = Request {
            method: self.method,
            query,
            form: self.form.map(str::as_bytes),
            authorization: Some(&header),
        };
        let Ok(presented) = Presented::parse(&request) else { return false };
        assert_eq!(presented.consumer_key(), self.credentials.consumer_key);
        assert_eq!(presented.token(), self.credentials.token);
        assert_eq!((presented.timestamp(), presented.nonce()), (self.timestamp, self.nonce));
        let key = SigningKey::new(self.credentials.consumer_secret, self.credentials.token_secret);
        presented.verify(&key, base_url)
    }
}

const DOCUMENTED: Credentials<'_> = Credentials {
    consumer_key: "xvz1evFS4wEEPTGEFPHBog",
    consumer_secret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    token: Some("370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
    token_secret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
};

const CAPTURED: Credentials<'_> = Credentials {
    consumer_key: "ckey",
    consumer_secret: "csecret",
    token: Some("atoken"),
    token_secret: "tsecret",
};

fn documented(
    method: &'static str,
    url: &'static str,
    form: Option<&'static str>,
    signature: &'static str,
) -> Vector {
    Vector {
        method,
        url,
        form,
        credentials: DOCUMENTED,
        timestamp: 1_318_622_958,
        nonce: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        version: Some("1.0"),
        signature,
    }
}

#[test]
fn the_vendors_documented_signatures_hold_and_are_made() {
    for vector in [
        documented(
            "POST",
            "https://api.twitter.com/1/statuses/update.json?include_entities=true",
            Some("status=Hello%20Ladies%20%2B%20Gentlemen%2C%20a%20signed%20OAuth%20request%21"),
            "tnnArxj06cWHq44gCs1OSKk/jLY=",
        ),
        documented(
            "POST",
            "https://api.twitter.com/1/statuses/update.json?include_entities=true",
            Some("status=Hello+Ladies+%2b+Gentlemen,+a+signed+OAuth+request!"),
            "tnnArxj06cWHq44gCs1OSKk/jLY=",
        ),
        documented(
            "POST",
            "https://api.twitter.com/1.1/custom_profiles/new.json",
            None,
            "KhoJPMShJszSGIHy4yz7XVKslF0=",
        ),
        documented(
            "GET",
            "https://api.twitter.com/1.1/custom_profiles/list.json?count=2&cursor=MTIzNDU2Nzg",
            None,
            "G+gmBQi/LUrcB+MyQtFqkW6dr3w=",
        ),
        documented(
            "DELETE",
            "https://api.twitter.com/1.1/custom_profiles/destroy.json?id=100001",
            None,
            "kH/WZkYcIb4u/Uw7wbI8PiFsV5g=",
        ),
    ] {
        assert!(vector.holds(), "{} {}", vector.method, vector.url);
        let form = vector.form.map(str::as_bytes);
        let header = sign(
            &vector.credentials,
            vector.method,
            vector.url,
            form,
            vector.timestamp,
            vector.nonce,
            &[],
        );
        assert!(header.contains(&percent_encode(vector.signature)), "{header}");
    }
}

#[test]
fn signatures_of_real_clients_hold() {
    for vector in [
        Vector {
            method: "POST",
            url: "https://127.0.0.1:18443/1.1/direct_messages/indicate_typing.json?recipient_id=1",
            form: Some(""),
            credentials: CAPTURED,
            timestamp: 1_795_495_269,
            nonce: "1047624016820282291795495269",
            version: Some("1.0"),
            signature: "tkmkD5EJPRsIBs60y2rr8Bd9SLo=",
        },
        Vector {
            method: "POST",
            url: "http://upload.localhost:18080/1.1/media/upload.json",
            form: Some(
                "command=INIT&media_type=image%2Fjpeg&total_bytes=3004&media_category=dm_image&shared=true",
            ),
            credentials: CAPTURED,
            timestamp: 1_795_495_269,
            nonce: "7189562740356312021795495269",
            version: Some("1.0"),
            signature: "vxkhTmQR8QoycZEq9SBHQycgb7Y=",
        },
        Vector {
            method: "POST",
            url: "https://api.x.com/oauth/access_token",
            form: Some("oauth_token=rtok&oauth_verifier=1234567"),
            credentials: Credentials { token: Some("rtok"), token_secret: "rsecret", ..CAPTURED },
            timestamp: 1_795_495_336,
            nonce: "7Xnj_mXl11byqCrlEkUW3upw44Hc9ulr",
            version: Some("1.0"),
            signature: "ifpZQQ1xH04iSkz7tG9xph5UXBA=",
        },
        Vector {
            method: "DELETE",
            url: "https://127.0.0.1:18443/1.1/custom_profiles/destroy.json",
            form: Some("id=100001"),
            credentials: CAPTURED,
            timestamp: 1_795_495_481,
            nonce: "WfTcvRo0f2Mu2xsljNBQJECC0RrUhuLR602xorpM",
            version: Some("1.0"),
            signature: "IDJSZmXdqfVcl5VnKhAtsWmU7zA=",
        },
    ] {
        let found = [Some("1.0"), None, Some("1.0A")]
            .into_iter()
            .any(|version| Vector { version, ..copy(&vector) }.holds());
        assert!(found, "{} {}", vector.method, vector.url);
    }
}

fn copy(vector: &Vector) -> Vector {
    Vector { ..*vector }
}

/// RFC 5849 §1.2: the request for a protected resource.
#[test]
fn the_rfcs_own_request_holds() {
    let client = Credentials {
        consumer_key: "dpf43f3p2l4k3l03",
        consumer_secret: "kd94hf93k423kf44",
        token: None,
        token_secret: "",
    };
    let photo = Vector {
        method: "GET",
        url: "http://photos.example.net/photos?file=vacation.jpg&size=original",
        form: None,
        credentials: Credentials {
            token: Some("nnch734d00sl2jdk"),
            token_secret: "pfkkdhi9sl3r4s00",
            ..client
        },
        timestamp: 137_131_202,
        nonce: "chapoH",
        version: None,
        signature: "MdpQcU8iPSUjWoN/UDMsK2sui9I=",
    };
    assert!(photo.holds());
}
