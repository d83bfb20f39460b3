//! A mail server that keeps what it is sent.

use std::collections::BTreeMap;
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

    /// Its parts, if it has several.
    pub fn parts(&self) -> Vec<Part> {
        let (head, body) = self.raw.split_once("\r\n\r\n").expect("a head");
        let boundary = head.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("parts");
        let mark = format!("--{boundary}");
        // Behind the last mark are two dashes.
        body.split(mark.as_str()).filter(|part| !part.starts_with("--")).filter_map(Part::read).collect()
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

/// A part of a mail that has several.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its headers, as they came.
    pub head: String,
    /// What is in it, with its transfer encoding undone.
    pub content: Vec<u8>,
}

impl Part {
    fn read(text: &str) -> Option<Self> {
        let (head, body) = text.trim_start_matches("\r\n").split_once("\r\n\r\n")?;
        let body = body.strip_suffix("\r\n").unwrap_or(body);
        let content = match head.to_ascii_lowercase() {
            it if it.contains("base64") => STANDARD.decode(body.split_whitespace().collect::<String>()).ok()?,
            it if it.contains("quoted-printable") => unquoted(body)?,
            _ => body.as_bytes().to_vec(),
        };
        Some(Self { head: head.to_owned(), content })
    }

    /// Its text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }
}

/// Undoes *quoted printable*.
fn unquoted(body: &str) -> Option<Vec<u8>> {
    let body = body.replace("=\r\n", "");
    let mut parts = body.split('=');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

/// How mails to an address fare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// There is no such mailbox.
    Refused,
    /// They are taken, and the server dies before it says so.
    TakenSilently,
}

/// The mail server of one test.
#[derive(Clone)]
pub struct Mails {
    /// Where it listens: `smtp://127.0.0.1:…`.
    pub url: String,
    kept: Arc<Mutex<Vec<Mail>>>,
    fates: Fates,
}

/// How mails fare, by the address they are to.
type Fates = Arc<Mutex<BTreeMap<String, Fate>>>;

impl Mails {
    /// Starts it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let kept = Arc::default();
        let fates = Fates::default();
        let (keep, decide) = (Arc::clone(&kept), Arc::clone(&fates));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&keep), Arc::clone(&decide)));
            }
        });
        Self { url, kept, fates }
    }

    /// How mails to `address` fare from now on.
    pub fn fare(&self, address: &str, fate: Option<Fate>) {
        let mut fates = self.fates.lock().expect("no test panics while it holds this");
        match fate {
            Some(fate) => drop(fates.insert(address.to_owned(), fate)),
            None => drop(fates.remove(address)),
        }
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

async fn converse(stream: TcpStream, keep: Arc<Mutex<Vec<Mail>>>, fates: Fates) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await.ok()?;
    let mut to = Vec::new();
    loop {
        let line = read_line(&mut stream).await?;
        let command = line.to_ascii_uppercase();
        let reply: &[u8] = if command.starts_with("EHLO") || command.starts_with("HELO") {
            b"250-test\r\n250 8BITMIME\r\n"
        } else if command.starts_with("RCPT TO:") {
            let address = line[8..].split('>').next()?.trim_start_matches([' ', '<']).to_owned();
            if fates.lock().ok()?.get(&address) == Some(&Fate::Refused) {
                b"550 no such mailbox\r\n"
            } else {
                to.push(address);
                b"250 ok\r\n"
            }
        } else if command == "DATA" {
            stream.write_all(b"354 go on\r\n").await.ok()?;
            let raw = read_data(&mut stream).await?;
            let silent = {
                let fates = fates.lock().ok()?;
                to.iter().any(|to| fates.get(to) == Some(&Fate::TakenSilently))
            };
            keep.lock().ok()?.push(Mail { to: std::mem::take(&mut to), raw });
            if silent {
                return None;
            }
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
