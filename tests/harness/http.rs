//! HTTP/1.1 as far as an API server and its clients speak it.
//!
//! Takes a [`Wire`], gives whole requests and answers and the pieces of an endless one.
//! Separate, and not a library's, because faults are made of exactly what libraries hide:
//! when a connection ends, and which bytes were sent before.

use std::fmt::Write;
use std::io;

use crate::wire::Wire;

/// A head longer than this is no request of ours.
const LONGEST_HEAD: usize = 1 << 18;
const LONGEST_BODY: usize = 1 << 28;

/// Header names as they came, with their values.
pub(crate) type Headers = Vec<(String, String)>;

/// The value of the first header of that name, in any case.
pub(crate) fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    let named = |(found, _): &&(String, String)| found.eq_ignore_ascii_case(name);
    headers.iter().find(named).map(|(_, value)| value.as_str())
}

/// A request with its whole body.
#[derive(Clone, Debug)]
pub(crate) struct HttpRequest {
    pub(crate) method: String,
    /// Path and query, as they came.
    pub(crate) target: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl HttpRequest {
    /// The request's bytes, with the body's length in place of what headers said of it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            let framing = ["content-length", "transfer-encoding"];
            if !framing.iter().any(|other| name.eq_ignore_ascii_case(other)) {
                let _ = write!(head, "{name}: {value}\r\n");
            }
        }
        if !self.body.is_empty() || header(&self.headers, "content-length").is_some() {
            let _ = write!(head, "content-length: {}\r\n", self.body.len());
        }
        [head.as_bytes(), b"\r\n", &self.body].concat()
    }
}

/// An answer with its whole body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl HttpResponse {
    /// An answer of the given media type.
    pub(crate) fn new(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type".into(), media_type.into())], body: body.into() }
    }

    /// The answer's bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = head_of(self.status, &self.headers);
        let _ = write!(head, "content-length: {}\r\n\r\n", self.body.len());
        [head.as_bytes(), &self.body].concat()
    }
}

/// The head of an answer that is sent piece by piece.
pub(crate) fn chunked_head(media_type: &str) -> Vec<u8> {
    let headers = vec![("content-type".to_owned(), media_type.to_owned())];
    let head = head_of(200, &headers) + "transfer-encoding: chunked\r\n\r\n";
    head.into_bytes()
}

/// A piece of such an answer; an empty one ends it.
pub(crate) fn chunk(piece: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()
}

fn head_of(status: u16, headers: &Headers) -> String {
    let mut head = format!("HTTP/1.1 {status} {}\r\n", phrase(status));
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        410 => "Gone",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

/// Reads messages from a connection, one after the other.
pub(crate) struct Messages {
    wire: Wire,
    /// What was read beyond the last message.
    rest: Vec<u8>,
}

impl Messages {
    pub(crate) fn new(wire: Wire) -> Self {
        Self { wire, rest: Vec::new() }
    }

    /// The next request; nothing when the other end has closed the connection between two.
    pub(crate) fn request(&mut self) -> io::Result<Option<HttpRequest>> {
        let Some((line, headers)) = self.head()? else {
            return Ok(None);
        };
        let mut words = line.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Err(io::Error::other(format!("no HTTP request: {line:?}")));
        };
        let body = self.body(&headers, false)?;
        Ok(Some(HttpRequest { method: method.into(), target: target.into(), headers, body }))
    }

    /// The next answer's status and headers.
    pub(crate) fn answer_head(&mut self) -> io::Result<(u16, Headers)> {
        let (line, headers) = self.head()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no HTTP answer: {line:?}")))?;
        Ok((status, headers))
    }

    /// The next answer, to the end of its body.
    pub(crate) fn answer(&mut self) -> io::Result<HttpResponse> {
        let (status, headers) = self.answer_head()?;
        let body = self.body(&headers, !matches!(status, 101 | 204 | 304))?;
        Ok(HttpResponse { status, headers, body })
    }

    /// The next piece of a chunked body; an empty one is the end.
    pub(crate) fn chunk(&mut self) -> io::Result<Vec<u8>> {
        let line = self.line()?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let length = usize::from_str_radix(digits, 16)
            .map_err(|_| io::Error::other(format!("no length of a chunk: {line:?}")))?;
        let piece = self.exactly(length)?;
        self.line()?;
        Ok(piece)
    }

    fn head(&mut self) -> io::Result<Option<(String, Headers)>> {
        let end = loop {
            if let Some(end) = find(&self.rest, b"\r\n\r\n") {
                break end;
            }
            if self.rest.len() > LONGEST_HEAD {
                return Err(io::Error::other("the head of a message is too long"));
            }
            if !self.more()? {
                let nothing = self.rest.is_empty();
                return if nothing { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        };
        let head: Vec<u8> = self.rest.drain(..end + 4).collect();
        let head = String::from_utf8_lossy(&head[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default().to_owned();
        let pair = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        };
        Ok(Some((first, lines.filter_map(pair).collect())))
    }

    fn body(&mut self, headers: &Headers, until_end: bool) -> io::Result<Vec<u8>> {
        if let Some(coding) = header(headers, "transfer-encoding") {
            if !coding.eq_ignore_ascii_case("chunked") {
                return Err(io::Error::other(format!("transfer coding {coding}")));
            }
            let mut body = Vec::new();
            loop {
                let piece = self.chunk()?;
                if piece.is_empty() {
                    return Ok(body);
                }
                body.extend(piece);
            }
        }
        match header(headers, "content-length") {
            Some(length) => {
                let length = length.parse().map_err(io::Error::other)?;
                self.exactly(length)
            }
            None if until_end => {
                while self.more()? {}
                Ok(std::mem::take(&mut self.rest))
            }
            None => Ok(Vec::new()),
        }
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = find(&self.rest, b"\r\n") {
                let line: Vec<u8> = self.rest.drain(..end + 2).collect();
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if self.rest.len() > LONGEST_HEAD || !self.more()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        if length > LONGEST_BODY {
            return Err(io::Error::other(format!("a body of {length} bytes")));
        }
        while self.rest.len() < length {
            if !self.more()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.rest.drain(..length).collect())
    }

    fn more(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 16_384];
        let count = self.wire.read(&mut buffer)?;
        self.rest.extend_from_slice(&buffer[..count]);
        Ok(count > 0)
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
