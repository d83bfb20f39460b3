//! A mail server that keeps what it is sent.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail as it arrived.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Headers and body, as they came.
    pub raw: String,
}

impl Mail {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default();
        let prefix = format!("{}:", name.to_ascii_lowercase());
        let line = head.split("\r\n").find(|line| line.to_ascii_lowercase().starts_with(&prefix))?;
        Some(line[prefix.len()..].trim().to_owned())
    }

    /// The whole mail with its transfer encodings undone, good enough to search in.
    pub fn text(&self) -> String {
        let unfolded = self.raw.replace("=\r\n", "").replace("=3D", "=").replace("=3d", "=");
        let blocks = self.raw.split("\r\n\r\n").filter_map(|block| {
            let packed: String = block.split_whitespace().collect();
            STANDARD.decode(packed).ok().and_then(|bytes| String::from_utf8(bytes).ok())
        });
        blocks.fold(unfolded, |text, block| text + "\n" + &block)
    }

    /// The word that follows `mark` in the text.
    #[track_caller]
    pub fn word_after(&self, mark: &str) -> String {
        let text = self.text();
        let at = text.find(mark).unwrap_or_else(|| panic!("no {mark} in {text}")) + mark.len();
        let word = |letter: &char| letter.is_ascii_alphanumeric() || "-_.".contains(*letter);
        text[at..].chars().take_while(word).collect()
    }
}

/// The mail server of one test.
#[derive(Clone)]
pub struct Mails {
    /// Where it listens: `smtp://127.0.0.1:…`.
    pub url: String,
    kept: Arc<Mutex<Vec<Mail>>>,
}

impl Mails {
    /// Starts it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let kept = Arc::default();
        let keep = Arc::clone(&kept);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&keep)));
            }
        });
        Self { url, kept }
    }

    /// All mails so far.
    pub fn all(&self) -> Vec<Mail> {
        self.kept.lock().expect("no test panics while it holds this").clone()
    }

    /// The mails to `address`, oldest first.
    pub fn to(&self, address: &str) -> Vec<Mail> {
        self.all().into_iter().filter(|mail| mail.to.iter().any(|to| to == address)).collect()
    }
}

async fn converse(stream: TcpStream, keep: Arc<Mutex<Vec<Mail>>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await.ok()?;
    let mut to = Vec::new();
    loop {
        let line = read_line(&mut stream).await?;
        let command = line.to_ascii_uppercase();
        let reply: &[u8] = if command.starts_with("EHLO") || command.starts_with("HELO") {
            b"250-test\r\n250 8BITMIME\r\n"
        } else if command.starts_with("RCPT TO:") {
            to.push(line[8..].split('>').next()?.trim_start_matches([' ', '<']).to_owned());
            b"250 ok\r\n"
        } else if command == "DATA" {
            stream.write_all(b"354 go on\r\n").await.ok()?;
            let raw = read_data(&mut stream).await?;
            keep.lock().ok()?.push(Mail { to: std::mem::take(&mut to), raw });
            b"250 kept\r\n"
        } else if command == "QUIT" {
            stream.write_all(b"221 bye\r\n").await.ok()?;
            return None;
        } else {
            b"250 ok\r\n"
        };
        stream.write_all(reply).await.ok()?;
    }
}

async fn read_data(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut raw = String::new();
    loop {
        let line = read_line(stream).await?;
        if line == "." {
            return Some(raw);
        }
        raw += line.strip_prefix('.').unwrap_or(&line);
        raw += "\r\n";
    }
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let count = stream.read_line(&mut line).await.ok()?;
    (count > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}
