//! HTTP/1.1 as lean as it gets: one connection, one request at a time, one buffer for answers.

use std::io::{Error, ErrorKind, Result};

use anyhow::Context;
use httparse::Status;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 64 << 20;
const HEADERS_MAX: usize = 64;

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// As in the URL: what is signed and sent as `Host`.
    pub(crate) host: String,
    /// What is connected to.
    address: String,
}

impl Server {
    /// The server at `http://HOST[:PORT]`.
    ///
    /// # Errors
    /// Any other URL.
    pub(crate) fn parse(url: &str) -> anyhow::Result<Self> {
        let host = url.strip_prefix("http://").with_context(|| match url.split_once("://") {
            Some(("https", _)) => {
                format!("{url}: TLS is not measured; give the server's plain http:// address")
            }
            _ => format!("{url}: an address begins with http://"),
        })?;
        let host = host.strip_suffix('/').unwrap_or(host);
        let wrong = host.is_empty() || host.contains(['/', '?', '#', '@', ' ']);
        anyhow::ensure!(!wrong, "{url}: an address is http://HOST:PORT, without a path");
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        let address = if has_port { host.to_owned() } else { format!("{host}:80") };
        Ok(Self { host: host.to_owned(), address })
    }
}

/// One connection, made when it is needed.
pub(crate) struct Connection {
    server: Server,
    stream: Option<TcpStream>,
    received: Vec<u8>,
    /// A body that came in chunks, put together.
    joined: Vec<u8>,
    content_type: String,
}

/// An answer, until the next request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) content_type: &'a str,
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    /// As much of the body as there is room for in a line.
    pub(crate) fn beginning(&self) -> String {
        let end = self.body.len().min(300);
        let text = String::from_utf8_lossy(self.body.get(..end).unwrap_or_default());
        text.split_whitespace().collect::<Vec<_>>().join(" ").replace(char::is_control, "?")
    }
}

/// How a body ends.
#[derive(Clone, Copy)]
enum Length {
    Bytes(usize),
    Chunks,
    /// With the connection.
    Open,
}

struct Head {
    status: u16,
    bytes: usize,
    length: Length,
    closes: bool,
}

impl Connection {
    pub(crate) fn new(server: Server) -> Self {
        let received = Vec::with_capacity(16 << 10);
        Self { server, stream: None, received, joined: Vec::new(), content_type: String::new() }
    }

    /// Connects, unless it is connected.
    pub(crate) async fn connect(&mut self) -> Result<()> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(&self.server.address).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        Ok(())
    }

    /// Sends a request, which is `head` and then `body`, and reads the answer; `bodiless` ones end with their head.
    /// After an error the connection is a new one.
    pub(crate) async fn exchange(
        &mut self,
        head: &[u8],
        body: &[u8],
        bodiless: bool,
    ) -> Result<Answer<'_>> {
        if self.stream.as_ref().is_some_and(is_over) {
            self.stream = None;
        }
        self.connect().await?;
        // Without a stream until the answer is whole: whatever goes wrong, the next one connects anew.
        let mut stream = self.stream.take().ok_or(ErrorKind::NotConnected)?;
        stream.write_all(head).await?;
        if !body.is_empty() {
            stream.write_all(body).await?;
        }
        self.received.clear();
        let head = loop {
            more(&mut stream, &mut self.received).await?;
            if let Some(head) = read_head(&self.received, bodiless, &mut self.content_type)? {
                break head;
            }
        };
        let in_chunks = matches!(head.length, Length::Chunks);
        match head.length {
            Length::Bytes(length) => {
                let whole = head.bytes.saturating_add(length);
                if whole > ANSWER_BYTES_MAX {
                    return Err(wrong("the answer is too long"));
                }
                while self.received.len() < whole {
                    more(&mut stream, &mut self.received).await?;
                }
                if self.received.len() > whole {
                    return Err(wrong("there is more than the answer"));
                }
            }
            Length::Chunks => {
                while !join(self.received.get(head.bytes..), &mut self.joined)? {
                    more(&mut stream, &mut self.received).await?;
                }
            }
            Length::Open => {
                stream.take(ANSWER_BYTES_MAX as u64).read_to_end(&mut self.received).await?;
                return Ok(self.answer(&head, false));
            }
        }
        if !head.closes {
            self.stream = Some(stream);
        }
        Ok(self.answer(&head, in_chunks))
    }

    fn answer(&self, head: &Head, in_chunks: bool) -> Answer<'_> {
        let after = self.received.get(head.bytes..).unwrap_or_default();
        let body = if in_chunks { &self.joined } else { after };
        Answer { status: head.status, content_type: &self.content_type, body }
    }
}

/// Whether the server has closed the connection, or sent what nobody asked for, since its last answer.
fn is_over(stream: &TcpStream) -> bool {
    !matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

fn wrong(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

/// Reads what has come, at least one byte.
async fn more(stream: &mut TcpStream, received: &mut Vec<u8>) -> Result<()> {
    if received.len() > ANSWER_BYTES_MAX {
        return Err(wrong("the answer is too long"));
    }
    if received.capacity() - received.len() < 4096 {
        received.reserve(received.capacity());
    }
    match stream.read_buf(received).await? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

/// The head of an answer once it is whole; its content type goes into `content_type`.
fn read_head(received: &[u8], bodiless: bool, content_type: &mut String) -> Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Response::new(&mut headers);
    let Ok(state) = parsed.parse(received) else { return Err(wrong("this is no HTTP/1.1")) };
    let Status::Complete(bytes) = state else { return Ok(None) };
    let status = parsed.code.unwrap_or_default();
    let mut head = Head { status, bytes, length: Length::Open, closes: parsed.version == Some(0) };
    content_type.clear();
    for header in parsed.headers {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        let value = std::str::from_utf8(header.value).unwrap_or_default();
        match header.name.len() {
            14 if is("content-length") => {
                let length = value.parse().map_err(|_| wrong("Content-Length is no number"))?;
                head.length = Length::Bytes(length);
            }
            17 if is("transfer-encoding") => head.length = Length::Chunks,
            12 if is("content-type") => content_type.push_str(value),
            10 if is("connection") => head.closes = value.eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    if bodiless || matches!(status, 204 | 304) {
        head.length = Length::Bytes(0);
    }
    Ok(Some(head))
}

/// Puts together a body in chunks; whether it is whole.
fn join(received: Option<&[u8]>, joined: &mut Vec<u8>) -> Result<bool> {
    let mut rest = received.unwrap_or_default();
    joined.clear();
    loop {
        let Ok(state) = httparse::parse_chunk_size(rest) else {
            return Err(wrong("a chunk has no size"));
        };
        let Status::Complete((begins, length)) = state else { return Ok(false) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let after = rest.get(begins..).unwrap_or_default();
        if length == 0 {
            // Trailers end as the head does.
            return Ok(after == b"\r\n" || after.ends_with(b"\r\n\r\n"));
        }
        let Some((chunk, after)) = after.split_at_checked(length) else { return Ok(false) };
        joined.extend_from_slice(chunk);
        match after {
            [b'\r', b'\n', after @ ..] => rest = after,
            [] | [b'\r'] => return Ok(false),
            _ => return Err(wrong("a chunk is longer than it says")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_named_by_their_plain_address() {
        let parsed = |url| Server::parse(url).map(|server| (server.host, server.address));
        let both = |host: &str, address: &str| (host.to_owned(), address.to_owned());
        assert_eq!(parsed("http://a:1/").unwrap(), both("a:1", "a:1"));
        assert_eq!(parsed("http://a").unwrap(), both("a", "a:80"));
        assert_eq!(parsed("http://[::1]").unwrap(), both("[::1]", "[::1]:80"));
        assert_eq!(parsed("http://[::1]:9").unwrap(), both("[::1]:9", "[::1]:9"));
        for wrong in ["https://a", "a:1", "http://", "http://a/b", "http://u@a", "http://a?b"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_head_says_how_the_body_ends() {
        let read = |text: &str, bodiless| {
            let mut content_type = String::new();
            let head = read_head(text.as_bytes(), bodiless, &mut content_type)?;
            Ok::<_, Error>(head.map(|head| {
                let length = match head.length {
                    Length::Bytes(bytes) => bytes.to_string(),
                    Length::Chunks => "chunks".to_owned(),
                    Length::Open => "open".to_owned(),
                };
                format!("{} {length} {content_type} {}", head.status, head.closes)
            }))
        };
        let whole = |text: &str, bodiless| read(text, bodiless).unwrap().unwrap();
        let json = "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nCONTENT-LENGTH: 7\r\n\r\n";
        assert_eq!(whole(json, false), "200 7 a/b false");
        assert_eq!(whole(json, true), "200 0 a/b false");
        assert!(read("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n", false).unwrap().is_none());
        let chunks = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        assert_eq!(whole(chunks, false), "200 chunks  false");
        assert_eq!(whole("HTTP/1.1 204 No Content\r\n\r\n", false), "204 0  false");
        assert_eq!(whole("HTTP/1.0 200 OK\r\n\r\n", false), "200 open  true");
        assert_eq!(whole("HTTP/1.1 200 OK\r\nConnection: Close\r\n\r\n", false), "200 open  true");
        assert!(read("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", false).is_err());
        assert!(read("SSH-2.0\r\n\r\n", false).is_err());
    }

    #[test]
    fn chunks_are_joined_however_they_come() {
        let text = b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
        let mut joined = Vec::new();
        for end in 0..text.len() {
            assert!(!join(text.get(..end), &mut joined).unwrap(), "{end}");
        }
        assert!(join(Some(text), &mut joined).unwrap());
        assert_eq!(joined, b"abc0123456789");
        assert!(join(Some(b"2\r\nabc\r\n"), &mut joined).is_err());
        assert!(join(Some(b"z\r\n"), &mut joined).is_err());
    }
}
