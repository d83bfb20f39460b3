//! The floor for bytes: a bare axum handler, in a process of its own, that answers every request with
//! what the server answered.

use std::ffi::OsString;

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::any;

use super::drive::{self, Effort, Figures};
use super::usage::Process;
use super::wire::{Request, Wire};
use super::world;

/// The first argument that makes this program the floor.
pub const AS_FLOOR: &str = "as-floor";

/// Serves the bytes of a file: the arguments are its path and the address.
pub fn main(mut arguments: impl Iterator<Item = OsString>) -> anyhow::Result<()> {
    let path = arguments.next().context("no file")?;
    let address = arguments.next().and_then(|text| text.into_string().ok()).context("no address")?;
    let body = Bytes::from(std::fs::read(path)?);
    let answer = || async move { ([(CONTENT_TYPE, "application/json")], body) };
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await?;
        Ok(axum::serve(listener, Router::new().fallback(any(answer))).await?)
    })
}

/// Measures the floor for the answer that `url` gives to `request`.
pub async fn measure(url: &str, effort: Effort, request: &Request) -> anyhow::Result<Figures> {
    let body = Wire::connect(url, None).await?.send(request).await?.to_owned();
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), body)?;
    let (child, url) = world::floor(file.path()).await?;
    let process = Process::of(child.id().context("the floor is gone")?);
    drive::requests(process, &url, effort, std::slice::from_ref(request)).await
}
