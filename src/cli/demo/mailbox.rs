//! A mail server that delivers nothing: it prints who would have got what.

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail longer than this is refused.
const LARGEST: u64 = 1 << 20;

/// Starts the server; its address as `CONSIGN_SMTP_URL` wants it. It ends with the process.
pub async fn start() -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("the demo's mailbox cannot listen")?;
    let address = listener.local_addr().context("the demo's mailbox has no address")?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                // A client that goes away in the middle is its own affair.
                let _ = converse(stream, |to, subject| println!("           mail     to {to}: {subject}")).await;
            });
        }
    });
    Ok(format!("smtp://{address}"))
}

/// One SMTP session (RFC 5321, the minimum of section 4.5.1).
async fn converse(stream: TcpStream, deliver: impl Fn(&str, &str)) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read).take(LARGEST);
    let mut to = Vec::new();
    write.write_all(b"220 demo ready\r\n").await?;
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
            "EHLO" => b"250-demo\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
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
                let subject = read_mail(&mut read).await?;
                to.drain(..).for_each(|to| deliver(&to, &subject));
                b"250 taken\r\n"
            }
            "QUIT" => return write.write_all(b"221 bye\r\n").await,
            _ => b"502 not known here\r\n",
        };
        write.write_all(answer).await?;
    }
}

/// Reads a mail to its final dot; its subject.
async fn read_mail(read: &mut (impl tokio::io::AsyncBufRead + Unpin)) -> std::io::Result<String> {
    let mut subject = String::new();
    let (mut in_headers, mut in_subject) = (true, false);
    let mut line = String::new();
    loop {
        line.clear();
        if read.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let text = line.trim_end_matches(['\r', '\n']);
        match text {
            "." => return Ok(decode(&subject)),
            "" => in_headers = false,
            _ if !in_headers => {}
            // A folded header goes on in a line that begins with a blank.
            _ if in_subject && text.starts_with([' ', '\t']) => subject.push_str(text),
            _ => {
                let header = text.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("subject"));
                in_subject = header.is_some();
                subject.push_str(header.map_or("", |(_, rest)| rest.trim()));
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::platform::config::Config;
    use crate::platform::mail::{Mailer, Message};

    #[tokio::test]
    async fn a_mail_of_ours_is_told_with_its_subject() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&got);
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            converse(stream, |to, subject| seen.lock().unwrap().push(format!("{to}|{subject}"))).await
        });
        let mailer = Mailer::new(&Config { smtp_url: Some(url.as_str().into()), ..Config::default() }).unwrap();
        let message = Message {
            to: "ada@example.com".to_owned(),
            subject: "Your order 1001 – thank you for shopping with us, dear Zoë, in this long subject line".to_owned(),
            text: "Hello\n.\nthere".to_owned(),
            message_id: "evt_1".to_owned(),
            date: chrono::DateTime::UNIX_EPOCH,
        };
        mailer.send(Some("shop@example.com"), message.clone()).await.expect("sent");
        drop(mailer);
        server.abort();
        assert_eq!(*got.lock().unwrap(), [format!("ada@example.com|{}", message.subject)]);
    }
}
