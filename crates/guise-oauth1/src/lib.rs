//! OAuth 1.0a signatures (RFC 5849, HMAC-SHA1): signing and verifying.
