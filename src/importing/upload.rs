//! `POST /uploads`: a file, as the body of the request, streamed to disk.
//!
//! For the owner and staff, by a bearer token. The answer is `{"id": "upl_…"}`, to be handed to a
//! mutation.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::StreamExt as _;
use sea_orm::{EntityTrait, Set};
use serde_json::json;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use crate::app::App;
use crate::identity::{self, Action, Actor};
use crate::kernel::ids::UploadId;
use crate::kernel::problem::Fault;
use crate::platform::body::was_too_slow;
use crate::platform::uploads;

/// The way in for files.
pub fn uploads_router(app: App) -> Router {
    // The body is streamed, and counted here.
    Router::new().route("/uploads", post(receive)).layer(axum::extract::DefaultBodyLimit::disable()).with_state(app)
}

/// Why an upload was not taken.
enum Refusal {
    Fault(Fault),
    TooLarge(u64),
    Empty,
    BrokenOff,
    TooSlow,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

async fn receive(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    match take(&app, &headers, body).await {
        Ok(id) => (StatusCode::CREATED, Json(json!({ "id": id }))).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn take(app: &App, headers: &HeaderMap, body: Body) -> Result<UploadId, Refusal> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = match bearer.map(|value| value.split_once(' ')) {
        None => None,
        Some(Some((scheme, token))) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim()),
        Some(_) => return Err(Fault::Unauthenticated.into()),
    };
    let actor = identity::authenticate(app, bearer).await?;
    actor.may(Action::Upload)?;
    let most = app.config.limits.upload_bytes;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|size| size > most) {
        return Err(Refusal::TooLarge(most));
    }
    store(app, &actor, body, most).await
}

async fn store(app: &App, actor: &Actor, body: Body, most: u64) -> Result<UploadId, Refusal> {
    let id: UploadId = app.ids.secret_id();
    let path = uploads::make_folder(app).await?.join(format!("{id}.part"));
    let size = match write(&path, body, most).await {
        Ok(size) => size,
        Err(refusal) => {
            // What stays is removed with the old uploads.
            let _ = tokio::fs::remove_file(&path).await;
            return Err(refusal);
        }
    };
    tokio::fs::rename(&path, uploads::path(app, id)).await.map_err(failed)?;
    let row = uploads::entity::ActiveModel {
        id: Set(id),
        size: Set(i64::try_from(size).unwrap_or(i64::MAX)),
        created_at: Set(app.clock.now()),
    };
    let inserted = uploads::entity::Entity::insert(row).exec_without_returning(app.db.write()).await;
    inserted.map_err(Fault::from)?;
    tracing::info!(upload.id = %id, size, "took upload {id} of {size} bytes from {}", actor.label());
    Ok(id)
}

async fn write(path: &std::path::Path, body: Body, most: u64) -> Result<u64, Refusal> {
    let mut file = File::create(path).await.map_err(failed)?;
    let mut size = 0;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| if was_too_slow(&error) { Refusal::TooSlow } else { Refusal::BrokenOff })?;
        size += chunk.len() as u64;
        if size > most {
            return Err(Refusal::TooLarge(most));
        }
        file.write_all(&chunk).await.map_err(failed)?;
    }
    if size == 0 {
        return Err(Refusal::Empty);
    }
    // On disk before it is promised.
    file.sync_all().await.map_err(failed)?;
    Ok(size)
}

fn failed(error: std::io::Error) -> Refusal {
    Fault::Internal(error.into()).into()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code, message) = match self {
            Self::TooLarge(most) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "BAD_USER_INPUT", format!("an upload has at most {most} bytes"))
            }
            Self::Empty => (StatusCode::BAD_REQUEST, "BAD_USER_INPUT", "the body is empty".to_owned()),
            Self::BrokenOff => (StatusCode::BAD_REQUEST, "BAD_USER_INPUT", "the body broke off".to_owned()),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "TIMEOUT", "the body took too long to arrive".to_owned()),
            Self::Fault(Fault::Unauthenticated) => {
                (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", Fault::Unauthenticated.to_string())
            }
            Self::Fault(Fault::Forbidden) => (StatusCode::FORBIDDEN, "FORBIDDEN", Fault::Forbidden.to_string()),
            Self::Fault(fault @ (Fault::Unavailable(_) | Fault::Timeout)) => {
                tracing::error!(?fault, "an upload failed");
                (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "temporarily unavailable".to_owned())
            }
            Self::Fault(fault) => {
                tracing::error!(?fault, "an upload failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "internal error".to_owned())
            }
        };
        (status, Json(json!({ "error": { "code": code, "message": message } }))).into_response()
    }
}
