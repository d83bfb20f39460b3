//! A server with one file, in a test's hands.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

/// The file; none: the server fails.
#[derive(Clone, Default)]
pub struct Shelf(Arc<Mutex<Option<String>>>);

impl Shelf {
    /// Serves until the test's runtime ends; the file's address.
    pub async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/goods.csv", listener.local_addr().expect("an address"));
        let router = Router::new().route("/goods.csv", get(serve)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    /// Puts another file there.
    pub fn put(&self, file: impl Into<String>) {
        *self.0.lock().expect("a lock") = Some(file.into());
    }

    /// Takes the file away.
    pub fn clear(&self) {
        *self.0.lock().expect("a lock") = None;
    }
}

async fn serve(State(shelf): State<Shelf>) -> Response {
    match shelf.0.lock().expect("a lock").clone() {
        Some(file) => file.into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
