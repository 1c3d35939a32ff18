//! An S3 bucket, as its address names it.

use std::collections::BTreeMap;
use std::time::Duration;

use guise_domain::limits::{BLOB_RETRIES_MAX, BLOB_RETRY_SECONDS, BLOB_SECONDS};
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, RetryConfig};
use url::Url;

use super::BlobError;

const FORM: &str = "must be like s3://bucket/prefix?region=eu-west-1&endpoint=https://s3.example";

/// Where in S3 blobs are kept: `s3://bucket[/prefix][?endpoint=URL][&region=NAME]`.
///
/// The credentials are those that the AWS tools take from the environment: `AWS_ACCESS_KEY_ID` and
/// `AWS_SECRET_ACCESS_KEY`, a web identity, or the machine's role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    name: String,
    prefix: Path,
    endpoint: Option<String>,
    region: Option<String>,
    text: String,
}

impl Bucket {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it, and the rule.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|_| FORM.to_owned())?;
        let name = url.host_str().unwrap_or_default();
        if url.scheme() != "s3" || name.is_empty() || url.fragment().is_some() {
            return Err(FORM.to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() || url.port().is_some() {
            return Err("must not hold credentials or a port: those of the environment are used, \
                        and a port belongs into endpoint"
                .to_owned());
        }
        let mut said: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        let mut take = |name: &str| said.remove(name).filter(|value| !value.is_empty());
        let (endpoint, region) = (take("endpoint"), take("region"));
        if let Some(name) = said.keys().next() {
            return Err(format!("{name} is unknown: {FORM}"));
        }
        if let Some(endpoint) = &endpoint {
            let url = Url::parse(endpoint).ok();
            let served = url.filter(|url| matches!(url.scheme(), "http" | "https"));
            served.ok_or("endpoint must be a URL such as https://s3.example.com")?;
        }
        let prefix = Path::from_url_path(url.path()).map_err(|error| error.to_string())?;
        Ok(Self { name: name.to_owned(), prefix, endpoint, region, text: text.to_owned() })
    }

    /// Its address as it was given.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.text
    }

    /// Its objects, below the prefix.
    pub(super) fn open(&self) -> Result<PrefixStore<AmazonS3>, BlobError> {
        let Self { name, prefix, endpoint, region, .. } = self;
        let retry = RetryConfig {
            max_retries: BLOB_RETRIES_MAX,
            retry_timeout: Duration::from_secs(BLOB_RETRY_SECONDS),
            ..RetryConfig::default()
        };
        let patience = Duration::from_secs(BLOB_SECONDS);
        let client = ClientOptions::new().with_timeout(patience).with_connect_timeout(patience / 6);
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(name)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_client_options(client)
            .with_retry(retry);
        if let Some(region) = region {
            builder = builder.with_region(region);
        }
        if let Some(endpoint) = endpoint {
            let plain = endpoint.starts_with("http:");
            builder = builder.with_endpoint(endpoint.trim_end_matches('/')).with_allow_http(plain);
        }
        Ok(PrefixStore::new(builder.build()?, prefix.clone()))
    }
}

impl std::fmt::Display for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, prefix, endpoint, .. } = self;
        let place = [name.as_str(), prefix.as_ref()];
        let place: Vec<&str> = place.into_iter().filter(|part| !part.is_empty()).collect();
        write!(f, "s3://{}", place.join("/"))?;
        endpoint.as_ref().map_or(Ok(()), |endpoint| write!(f, " at {endpoint}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_bucket_prefix_endpoint_and_region() {
        let bucket = Bucket::parse("s3://faces").unwrap();
        assert_eq!(bucket.to_string(), "s3://faces");
        let all = "s3://faces/eu/shop?endpoint=http://127.0.0.1:8333/&region=eu-west-1";
        let bucket = Bucket::parse(all).unwrap();
        assert_eq!(bucket.to_string(), "s3://faces/eu/shop at http://127.0.0.1:8333/");
        assert_eq!(bucket.region.as_deref(), Some("eu-west-1"));
        assert_eq!(bucket.prefix.as_ref(), "eu/shop");
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said() {
        for (text, says) in [
            ("faces", "must be like s3://"),
            ("https://faces", "must be like s3://"),
            ("s3://", "must be like s3://"),
            ("s3://faces#x", "must be like s3://"),
            ("s3://key:secret@faces", "must not hold credentials"),
            ("s3://faces:80", "must not hold credentials or a port"),
            ("s3://faces?style=path", "style is unknown"),
            ("s3://faces?endpoint=minio:9000", "endpoint must be a URL"),
        ] {
            let told = Bucket::parse(text).unwrap_err();
            assert!(told.contains(says), "{text}: {told}");
        }
    }
}
