//! A mail server that delivers nothing: it tells who would have got what.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail longer than this is refused.
const LARGEST: u64 = 1 << 20;

/// A mail somebody would have got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mail {
    /// Who.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its id, as its sender named it.
    pub message_id: String,
}

/// Starts the server and tells `deliver` of each mail; answers its address as `CONSIGN_SMTP_URL` wants
/// it. It ends with the process.
///
/// # Errors
/// When it cannot listen.
pub async fn mailbox(deliver: impl Fn(Mail) + Send + Sync + 'static) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("the mailbox cannot listen")?;
    let address = listener.local_addr().context("the mailbox has no address")?;
    let deliver = Arc::new(deliver);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let deliver = Arc::clone(&deliver);
            tokio::spawn(async move {
                // A client that goes away in the middle is its own affair.
                let _ = converse(stream, |mail| deliver(mail)).await;
            });
        }
    });
    Ok(format!("smtp://{address}"))
}

/// One SMTP session (RFC 5321, the minimum of section 4.5.1).
async fn converse(stream: TcpStream, deliver: impl Fn(Mail)) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read).take(LARGEST);
    let mut to = Vec::new();
    write.write_all(b"220 ready\r\n").await?;
    let mut line = String::new();
    loop {
        line.clear();
        read.set_limit(LARGEST);
        if read.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end();
        let verb = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "EHLO" => b"250-mailbox\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            "HELO" | "NOOP" | "MAIL" => b"250 ok\r\n",
            "RSET" => {
                to.clear();
                b"250 ok\r\n"
            }
            "RCPT" => {
                let address = command.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
                to.push(address.map_or("?", |(address, _)| address).to_owned());
                b"250 ok\r\n"
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mail = read_mail(&mut read).await?;
                to.drain(..).for_each(|to| deliver(Mail { to, ..mail.clone() }));
                b"250 taken\r\n"
            }
            "QUIT" => return write.write_all(b"221 bye\r\n").await,
            _ => b"502 not known here\r\n",
        };
        write.write_all(answer).await?;
    }
}

/// Reads a mail to its final dot.
async fn read_mail(read: &mut (impl tokio::io::AsyncBufRead + Unpin)) -> std::io::Result<Mail> {
    let mut mail = Mail::default();
    let (mut in_headers, mut in_subject) = (true, false);
    let mut line = String::new();
    loop {
        line.clear();
        if read.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let text = line.trim_end_matches(['\r', '\n']);
        match text {
            "." => return Ok(Mail { subject: decode(&mail.subject), ..mail }),
            "" => in_headers = false,
            _ if !in_headers => {}
            // A folded header goes on in a line that begins with a blank.
            _ if in_subject && text.starts_with([' ', '\t']) => mail.subject.push_str(text),
            _ => {
                let (name, value) = text.split_once(':').unwrap_or_default();
                in_subject = name.eq_ignore_ascii_case("subject");
                if in_subject {
                    value.trim().clone_into(&mut mail.subject);
                } else if name.eq_ignore_ascii_case("message-id") {
                    value.trim().clone_into(&mut mail.message_id);
                }
            }
        }
    }
}

/// Reads the words of RFC 2047 in base64, which is how lettre writes letters beyond ASCII.
fn decode(subject: &str) -> String {
    use base64::Engine as _;
    let word = |word: &str| {
        let text = word.strip_prefix("=?utf-8?b?").and_then(|rest| rest.strip_suffix("?="))?;
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(text).ok()?).ok()
    };
    let mut text = String::new();
    let mut was_encoded = true;
    for part in subject.split_whitespace() {
        let decoded = word(part);
        // Between two encoded words the blank is only there to part them.
        if !(text.is_empty() || was_encoded && decoded.is_some()) {
            text.push(' ');
        }
        was_encoded = decoded.is_some();
        text.push_str(&decoded.unwrap_or_else(|| part.to_owned()));
    }
    text
}
