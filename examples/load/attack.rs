//! Those who mean harm: each does one kind of it, over and over, as fast as it is let.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::hostile::address;
use super::socket::Socket;
use super::wire;

/// The first argument that makes this program the attackers.
pub const AS_ATTACKERS: &str = "as-attackers";
/// The pause between two trickles of a slow client.
const TRICKLE: Duration = Duration::from_secs(2);
/// The pause of an attacker that could not connect.
const PAUSE: Duration = Duration::from_millis(20);

/// The kinds.
const KINDS: [&str; 8] = ["bomb", "long", "slow", "silent", "sign-in", "flood", "garbage", "deaf"];

/// Attacks until it is killed: the arguments are the address of the server, how many, and the kind if
/// there is only one.
pub fn main(mut arguments: impl Iterator<Item = OsString>) -> anyhow::Result<()> {
    let mut next = || arguments.next().and_then(|text| text.into_string().ok());
    let url = next().context("no address")?;
    let count: usize = next().context("no number")?.parse()?;
    let only = next();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let attackers = (0..count).map(|number| {
            let kind = only.as_deref().unwrap_or(KINDS[number % KINDS.len()]);
            attack(&url, kind, number)
        });
        futures_util::future::join_all(attackers).await;
        Ok(())
    })
}

async fn attack(url: &str, kind: &str, number: usize) {
    for turn in 0_usize.. {
        let from = address(number);
        let done = match kind {
            "bomb" => post(url, from, |again| bomb(number, turn * 1000 + again)).await,
            "long" => post(url, from, |again| long(number, turn * 1000 + again)).await,
            "sign-in" => post(url, from, |again| sign_in(number, turn * 1000 + again)).await,
            "slow" => slow(url, from).await,
            "silent" => silent(url, from).await,
            "flood" => flood(url, from, number).await,
            "garbage" => garbage(url, from, turn).await,
            _ => deaf(url, from).await,
        };
        // Being cut off is what an attacker expects.
        if done.is_err() {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn connect(url: &str, from: SocketAddr) -> anyhow::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(from)?;
    Ok(socket.connect(url.trim_start_matches("http://").parse()?).await?)
}

/// Sends requests one after the other over one connection, whatever the answers.
async fn post(url: &str, from: SocketAddr, request: impl Fn(usize) -> wire::Request) -> anyhow::Result<()> {
    let mut stream = connect(url, from).await?;
    let mut buffer = vec![0; 64 * 1024];
    for again in 0..1000 {
        stream.write_all(&request(again)).await?;
        if stream.read(&mut buffer).await? == 0 {
            break;
        }
    }
    Ok(())
}

/// Fragments that each spread the next one twice, in a document that was never sent before.
fn bomb(number: usize, turn: usize) -> wire::Request {
    let mut text = format!("query B{number}x{turn} {{ ...f0 }}");
    for place in 0..120 {
        let next = place + 1;
        text += &format!(" fragment f{place} on Query {{ ...f{next} ...f{next} }}");
    }
    wire::operation(&(text + " fragment f120 on Query { __typename }"), &json!({}), None)
}

/// A document as long as may be, of as many fields as fit.
fn long(number: usize, turn: usize) -> wire::Request {
    let field = " products(first: 1) { nodes { id slug title } }";
    wire::operation(&format!("query L{number}x{turn} {{ {} }}", field.repeat(16_000 / field.len())), &json!({}), None)
}

fn sign_in(number: usize, turn: usize) -> wire::Request {
    let text = "mutation S($input: SessionCreateInput!) { sessionCreate(input: $input) { userErrors { code } } }";
    let input = json!({ "email": format!("victim-{number}-{}@example.com", turn % 7), "password": "not the password" });
    wire::operation(text, &json!({ "input": input }), None)
}

/// A request whose body never ends.
async fn slow(url: &str, from: SocketAddr) -> anyhow::Result<()> {
    let mut stream = connect(url, from).await?;
    let head = "POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{";
    stream.write_all(head.as_bytes()).await?;
    loop {
        tokio::time::sleep(TRICKLE).await;
        stream.write_all(b" ").await?;
    }
}

/// Connections that say nothing.
async fn silent(url: &str, from: SocketAddr) -> anyhow::Result<()> {
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(connect(url, from).await?);
    }
    let mut buffer = [0];
    ensure!(streams[0].read(&mut buffer).await? > 0, "cut off");
    Ok(())
}

/// Subscriptions, good and bad, as many as go into a socket.
async fn flood(url: &str, from: SocketAddr, number: usize) -> anyhow::Result<()> {
    let mut socket = Socket::greet(url, Some(from)).await?;
    for turn in 0..200 {
        let text = format!("subscription F{number}x{turn} {{ orderTracking(token: \"ott_{turn}\") {{ nothing }} }}");
        socket.subscribe(turn, &text, &json!({})).await?;
        socket.next().await?;
    }
    Ok(())
}

/// Messages that are none.
async fn garbage(url: &str, from: SocketAddr, turn: usize) -> anyhow::Result<()> {
    let mut socket = Socket::greet(url, Some(from)).await?;
    let text = if turn.is_multiple_of(2) { "[".repeat(60_000) } else { "\u{1}".repeat(60_000) };
    socket.send(&json!(text)).await?;
    socket.next().await?;
    Ok(())
}

/// Asks for much and reads nothing of it.
async fn deaf(url: &str, from: SocketAddr) -> anyhow::Result<()> {
    let mut stream = connect(url, from).await?;
    let text = "{ __schema { types { name description fields { name description } } } }";
    let request = wire::operation(text, &json!({}), None);
    loop {
        stream.write_all(&request).await?;
    }
}
