//! One connection to a server: HTTP/1.1, kept alive, with as little work of our own as can be, since
//! the load shares the machine with what it measures.

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// A connection.
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Sent with every request made here.
    token: Option<String>,
}

/// A request, ready to be sent.
pub type Request = Vec<u8>;

/// A GraphQL request.
pub fn operation(text: &str, variables: &Value, token: Option<&str>) -> Request {
    let body = json!({ "query": text, "variables": variables }).to_string();
    post("/graphql", "application/json", token, body.as_bytes())
}

/// A request of any kind.
fn post(path: &str, content_type: &str, token: Option<&str>, body: &[u8]) -> Request {
    let authorization = token.map_or_else(String::new, |token| format!("authorization: Bearer {token}\r\n"));
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\ncontent-type: {content_type}\r\n\
         content-length: {}\r\n{authorization}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

impl Wire {
    /// Connects to `url`, an `http://` address.
    pub async fn connect(url: &str, token: Option<&str>) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(url.trim_start_matches("http://")).await.context(url.to_owned())?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024), token: token.map(str::to_owned) })
    }

    /// Connects from the address `from`, as nobody in particular.
    pub async fn connect_from(url: &str, from: SocketAddr) -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(from)?;
        let stream = socket.connect(url.trim_start_matches("http://").parse()?).await.context(url.to_owned())?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024), token: None })
    }

    /// Sends a request and reads its answer's body. Any status but success and any error of GraphQL's is an
    /// error: what is refused fast must not be counted as fast.
    pub async fn send(&mut self, request: &[u8]) -> anyhow::Result<&str> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            self.read().await?;
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head])?.to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.with_context(|| format!("an answer without a length: {text}"))?.trim().parse()?;
        while self.buffer.len() < head + length {
            self.read().await?;
        }
        let body = std::str::from_utf8(&self.buffer[head..])?;
        if !text.starts_with("http/1.1 20") || body.contains("\"errors\":[{\"message\":") {
            bail!("{} {body}", text.lines().next().unwrap_or_default());
        }
        Ok(body)
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server hung up");
        Ok(())
    }

    /// Runs an operation; answers its one field. User errors are errors.
    pub async fn run(&mut self, text: &str, variables: &Value) -> anyhow::Result<Value> {
        let request = operation(text, variables, self.token.as_deref());
        let answer: Value = serde_json::from_str(self.send(&request).await?)?;
        let data = answer["data"].as_object().and_then(|data| data.values().next());
        let field = data.context("an answer without data")?;
        let refused = field["userErrors"].as_array().is_some_and(|errors| !errors.is_empty());
        ensure!(!refused, "{text}: {}", field["userErrors"]);
        Ok(field.clone())
    }

    /// Sends a file to `/uploads`; answers its id.
    pub async fn upload(&mut self, name: &str, content: &str) -> anyhow::Result<String> {
        let path = format!("/uploads?filename={name}");
        let request = post(&path, "text/csv", self.token.as_deref(), content.as_bytes());
        let answer: Value = serde_json::from_str(self.send(&request).await?)?;
        Ok(answer["id"].as_str().context("the upload has no id")?.to_owned())
    }
}
