//! One WebSocket that speaks `graphql-transport-ws`, with as little memory and work of our own as can be:
//! thousands of them share the machine with what they measure.

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// More than any head of an answer has.
const HEAD: usize = 2048;
/// How much is read at once.
const READ: usize = 512;

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A socket.
pub struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Socket {
    /// Opens a socket to `url`, an `http://` address, from the address `from`, if that is said.
    pub async fn open(url: &str, from: Option<SocketAddr>) -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if let Some(from) = from {
            socket.bind(from)?;
        }
        let mut stream = socket.connect(url.trim_start_matches("http://").parse()?).await.context(url.to_owned())?;
        stream.set_nodelay(true)?;
        let head = "GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                    sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
                    sec-websocket-protocol: graphql-transport-ws\r\n\r\n";
        stream.write_all(head.as_bytes()).await?;
        let mut it = Self { stream, buffer: Vec::with_capacity(HEAD) };
        let end = loop {
            it.read().await?;
            if let Some(end) = it.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let answer = String::from_utf8_lossy(&it.buffer[..end]).into_owned();
        ensure!(answer.starts_with("HTTP/1.1 101"), "{answer}");
        it.buffer.drain(..end);
        it.buffer.shrink_to(READ);
        Ok(it)
    }

    /// Opens a socket and greets as nobody in particular.
    pub async fn greet(url: &str, from: Option<SocketAddr>) -> anyhow::Result<Self> {
        let mut it = Self::open(url, from).await?;
        it.send(&json!({ "type": "connection_init" })).await?;
        let answer = it.next().await?;
        ensure!(answer.contains("connection_ack"), "{answer}");
        Ok(it)
    }

    /// Begins an operation.
    pub async fn subscribe(&mut self, id: usize, text: &str, variables: &Value) -> anyhow::Result<()> {
        let payload = json!({ "query": text, "variables": variables });
        self.send(&json!({ "type": "subscribe", "id": id.to_string(), "payload": payload })).await
    }

    /// Sends a message.
    pub async fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        self.write(TEXT, message.to_string().as_bytes()).await
    }

    /// The next text; answers pings on the way. A socket that was closed is an error.
    pub async fn next(&mut self) -> anyhow::Result<String> {
        loop {
            let Some((head, length)) = self.frame()? else {
                self.read().await?;
                continue;
            };
            let kind = self.buffer[0] & 0x0f;
            let content: Vec<u8> = self.buffer.drain(..head + length).skip(head).collect();
            match kind {
                TEXT => return Ok(String::from_utf8(content)?),
                PING => self.write(PONG, &content).await?,
                CLOSE => bail!("closed with {:?}", content.first_chunk().map(|code| u16::from_be_bytes(*code))),
                _ => {}
            }
        }
    }

    /// How long the head and the content of the first frame are, if all of it is here.
    fn frame(&self) -> anyhow::Result<Option<(usize, usize)>> {
        let [first, second, rest @ ..] = self.buffer.as_slice() else { return Ok(None) };
        ensure!(first & 0x80 != 0, "this server sends no message in pieces");
        let (head, length) = match (second & 0x7f, rest) {
            (126, [high, low, ..]) => (4, usize::from(u16::from_be_bytes([*high, *low]))),
            (126, _) => return Ok(None),
            (127, _) => bail!("a message of more than 64 KiB"),
            (length, _) => (2, usize::from(length)),
        };
        Ok((self.buffer.len() >= head + length).then_some((head, length)))
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        self.buffer.reserve(READ);
        ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server hung up");
        Ok(())
    }

    /// Sends a frame. Its mask, which every client's frame has, is zero.
    async fn write(&mut self, kind: u8, content: &[u8]) -> anyhow::Result<()> {
        let length = u16::try_from(content.len()).context("a message of more than 64 KiB")?;
        let mut frame = vec![0x80 | kind];
        match u8::try_from(length) {
            Ok(short) if short < 126 => frame.push(0x80 | short),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(length.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(content);
        Ok(self.stream.write_all(&frame).await?)
    }
}
