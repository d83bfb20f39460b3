//! A stand-in for a supplier's server of files: SSH and SFTP (version 3), with one user and one file.
//!
//! Written from the protocols (RFC 4253, 4252; draft-ietf-secsh-filexfer-02) by way of the library's server
//! side. What is against them, or names another file, is refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use russh::keys::{Algorithm, HashAlg, PrivateKey, PublicKey};
use russh::server::{self, Auth, ChannelOpenHandle, Config, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId};
use russh_sftp::protocol::{Attrs, Data, FileAttributes, Handle, OpenFlags, Status, StatusCode};
use tokio::net::TcpListener;

use super::{listen, locked};

/// The user's name.
pub const USER: &str = "store";
/// Where the file is.
const PATH: &str = "/out/stock list.csv";

/// The server, in a test's hands.
#[derive(Clone)]
pub struct Sftp {
    /// The address of the file.
    pub url: String,
    books: Arc<Mutex<Books>>,
}

/// What the server has, and what was asked of it.
pub struct Books {
    /// What lies there.
    pub file: Vec<u8>,
    /// When it was put there, in seconds.
    pub modified: u32,
    /// Who is let in with a password.
    pub password: Option<String>,
    /// Who is let in with a key.
    pub key: Option<PublicKey>,
    /// After so many bytes the user is thrown out, and not let in again.
    pub revoked_after: Option<u64>,
    /// How often somebody tried to log in.
    pub tried: usize,
    /// How often the file was begun to be read.
    pub read: usize,
    host_key: PrivateKey,
}

impl Sftp {
    /// Starts a server with a key of its own.
    pub async fn start() -> Self {
        let (listener, address) = listen().await;
        let books = Books {
            file: Vec::new(),
            modified: 1_000,
            password: None,
            key: None,
            revoked_after: None,
            tried: 0,
            read: 0,
            host_key: new_key(),
        };
        let books = Arc::new(Mutex::new(books));
        tokio::spawn(accept(listener, Arc::clone(&books)));
        Self { url: format!("sftp://{USER}@{address}/out/stock%20list.csv"), books }
    }

    /// What the server has; to be let go of before anything is awaited.
    pub fn books(&self) -> MutexGuard<'_, Books> {
        locked(&self.books)
    }

    /// Puts a file there, a minute after the last.
    pub fn put(&self, file: impl Into<Vec<u8>>) {
        let mut books = self.books();
        books.file = file.into();
        books.modified += 60;
    }

    /// The fingerprint of the server's key.
    pub fn fingerprint(&self) -> String {
        self.books().host_key.public_key().fingerprint(HashAlg::Sha256).to_string()
    }

    /// Gives the server another key; the one it had.
    pub fn change_key(&self, key: PrivateKey) -> PrivateKey {
        std::mem::replace(&mut self.books().host_key, key)
    }
}

/// A key pair nobody has seen.
pub fn new_key() -> PrivateKey {
    PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).expect("a key")
}

async fn accept(listener: TcpListener, books: Arc<Mutex<Books>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let config = Config {
            auth_rejection_time: Duration::ZERO,
            keys: vec![locked(&books).host_key.clone()],
            ..Config::default()
        };
        let client = Client { books: Arc::clone(&books), channels: HashMap::new() };
        tokio::spawn(async move {
            // A client may go away at any moment.
            if let Ok(session) = server::run_stream(Arc::new(config), stream, client).await {
                let _ = session.await;
            }
        });
    }
}

/// One connection.
struct Client {
    books: Arc<Mutex<Books>>,
    channels: HashMap<ChannelId, Channel<Msg>>,
}

impl Client {
    fn answer(&self, user: &str, is_known: impl Fn(&Books) -> bool) -> Auth {
        let mut books = locked(&self.books);
        books.tried += 1;
        if user == USER && is_known(&books) { Auth::Accept } else { Auth::reject() }
    }
}

impl server::Handler for Client {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        Ok(self.answer(user, |books| books.password.as_deref() == Some(password)))
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        Ok(self.answer(user, |books| {
            books.key.as_ref().is_some_and(|known| known.key_data() == key.public_key.key_data())
        }))
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        match self.channels.remove(&id).filter(|_| name == "sftp") {
            None => session.channel_failure(id),
            Some(channel) => {
                session.channel_success(id)?;
                let files = Files { books: Arc::clone(&self.books) };
                russh_sftp::server::run(channel.into_stream(), files).await;
                Ok(())
            }
        }
    }
}

/// The files, as one client sees them.
struct Files {
    books: Arc<Mutex<Books>>,
}

impl russh_sftp::server::Handler for Files {
    type Error = StatusCode;

    fn unimplemented(&self) -> StatusCode {
        StatusCode::OpUnsupported
    }

    async fn open(
        &mut self,
        id: u32,
        filename: String,
        flags: OpenFlags,
        _: FileAttributes,
    ) -> Result<Handle, StatusCode> {
        if flags.contains(OpenFlags::WRITE) {
            return Err(StatusCode::PermissionDenied);
        }
        if filename != PATH {
            return Err(StatusCode::NoSuchFile);
        }
        Ok(Handle { id, handle: filename })
    }

    async fn fstat(&mut self, id: u32, _: String) -> Result<Attrs, StatusCode> {
        let books = locked(&self.books);
        let attrs = FileAttributes {
            size: Some(books.file.len() as u64),
            mtime: Some(books.modified),
            atime: Some(books.modified),
            ..FileAttributes::empty()
        };
        Ok(Attrs { id, attrs })
    }

    async fn read(&mut self, id: u32, _: String, offset: u64, len: u32) -> Result<Data, StatusCode> {
        let mut books = locked(&self.books);
        books.read += usize::from(offset == 0);
        if books.revoked_after.is_some_and(|most| offset >= most) {
            (books.password, books.key) = (None, None);
            return Err(StatusCode::PermissionDenied);
        }
        let from = usize::try_from(offset).expect("a small file").min(books.file.len());
        // Servers may send less than they are asked for.
        let to = books.file.len().min(from + (len as usize).min(16 * 1024));
        if from == to { Err(StatusCode::Eof) } else { Ok(Data { id, data: books.file[from..to].to_vec() }) }
    }

    async fn close(&mut self, id: u32, _: String) -> Result<Status, StatusCode> {
        Ok(Status { id, status_code: StatusCode::Ok, error_message: String::new(), language_tag: "en".to_owned() })
    }
}
