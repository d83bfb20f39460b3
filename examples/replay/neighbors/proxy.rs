//! A proxy that spoils what a neighbor answers.

use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What is wrong with a neighbor; applies to open connections as to new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Every piece of an answer comes later.
    Delay(Duration),
    /// One byte a second.
    Trickle,
    /// The connection is reset after so many bytes of answers.
    Reset(usize),
    /// Takes everything and says nothing.
    Blackhole,
    /// Says something else.
    Garbage,
    /// Closes every connection at once.
    Down,
}

/// A proxy before one neighbor.
pub struct Proxy {
    port: u16,
    fault: watch::Sender<Fault>,
}

impl Proxy {
    /// Listens, and connects to `host:port` for everyone who comes.
    pub async fn before(target: String) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (fault, now) = watch::channel(Fault::None);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, target.clone(), now.clone()));
            }
        });
        Ok(Self { port, fault })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on this is wrong.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }
}

async fn relay(client: TcpStream, target: String, now: watch::Receiver<Fault>) {
    // Closing then resets, so that nobody waits for a polite end.
    let _ = SockRef::from(&client).set_linger(Some(Duration::ZERO));
    if *now.borrow() == Fault::Down {
        return;
    }
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut end = now.clone();
    tokio::select! {
        () = ask(from_client, to_server, now.clone()) => {}
        () = answer(from_server, to_client, now) => {}
        _ = end.wait_for(|fault| *fault == Fault::Down) => {}
    }
}

async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut now: watch::Receiver<Fault>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if now.wait_for(|fault| *fault != Fault::Blackhole).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut now: watch::Receiver<Fault>) {
    let mut buffer = vec![0; 16 * 1024];
    let mut told = 0;
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let bytes = &mut buffer[..length];
        let fault = *now.borrow_and_update();
        let passed = match fault {
            Fault::None | Fault::Down => to.write_all(bytes).await,
            Fault::Delay(delay) => {
                tokio::time::sleep(delay).await;
                to.write_all(bytes).await
            }
            Fault::Trickle => trickle(bytes, &mut to, &mut now).await,
            Fault::Reset(limit) if told + length > limit => return,
            Fault::Reset(_) => to.write_all(bytes).await,
            Fault::Blackhole => {
                let _ = now.wait_for(|fault| *fault != Fault::Blackhole).await;
                to.write_all(bytes).await
            }
            Fault::Garbage => {
                bytes.iter_mut().for_each(|byte| *byte = byte.wrapping_mul(31) ^ 0xA5);
                to.write_all(bytes).await
            }
        };
        if passed.is_err() {
            return;
        }
        told += length;
    }
}

/// One byte a second, until the fault is gone.
async fn trickle(bytes: &[u8], to: &mut OwnedWriteHalf, now: &mut watch::Receiver<Fault>) -> std::io::Result<()> {
    for (place, byte) in bytes.iter().enumerate() {
        if *now.borrow() != Fault::Trickle {
            return to.write_all(&bytes[place..]).await;
        }
        to.write_all(&[*byte]).await?;
        let _ = tokio::time::timeout(Duration::from_secs(1), now.wait_for(|fault| *fault != Fault::Trickle)).await;
    }
    Ok(())
}
