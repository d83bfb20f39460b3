//! A Redis of a test's own, which it may stop, flush and spoil.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::aio::MultiplexedConnection;

/// A Redis of this test's own; it ends with this value.
pub struct Redis {
    process: Child,
    port: u16,
    /// Where it listens.
    pub url: String,
}

impl Redis {
    /// Starts one and waits until it answers.
    pub async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let redis = Self { process: spawn(port), port, url: format!("redis://127.0.0.1:{port}") };
        redis.answers().await;
        redis
    }

    /// Starts it again after it was killed, empty.
    pub async fn restart(&mut self) {
        // Gone already.
        let _ = self.process.wait();
        self.process = spawn(self.port);
        self.answers().await;
    }

    async fn answers(&self) {
        let client = redis::Client::open(self.url.as_str()).expect("a Redis URL");
        for _ in 0..100 {
            if client.get_multiplexed_async_connection().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("Redis does not start");
    }

    /// A connection of the test's own.
    pub async fn connect(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.url.as_str()).expect("a Redis URL");
        client.get_multiplexed_async_connection().await.expect("Redis answers")
    }

    /// Sends it a signal, such as `-STOP`.
    pub fn signal(&self, signal: &str) {
        let line = format!("kill {signal} {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &line]).status().expect("a shell runs").success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(port: u16) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.stdout(Stdio::null()).spawn().expect("redis-server runs")
}
