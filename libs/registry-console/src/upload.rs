//! A file that a form sends.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use registry_web::RequestContext;
use registry_web::body;
use registry_web::room::Holder;

use crate::answer;
use crate::api::Trouble;
use crate::console::Console;

/// Most bytes of a form with a file: the largest file, and what stands around it. What is larger is told by the API.
const UPLOAD_BYTES_MAX: usize = 5 * 1024 * 1024 + 64 * 1024;

/// A file, as somebody chose it.
#[derive(Debug, Default)]
pub struct Upload {
    /// What it is called there.
    pub name: String,
    /// What stands in it.
    pub bytes: Bytes,
}

impl FromRequest<Arc<Console>> for Upload {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Arc<Console>) -> Result<Self, Response> {
        let context = request.extensions().get::<RequestContext>();
        let holder = context.map_or(Holder::Unknown, RequestContext::holder);
        let mut place = console.bodies().enter(holder);
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let boundary = multer::parse_boundary(kind.unwrap_or_default());
        let sent = body::read(request.into_body(), UPLOAD_BYTES_MAX, &mut place).await;
        let sent = Bytes::from(sent.map_err(answer::unread)?);
        // What was sent by no such form holds no file.
        let Ok(boundary) = boundary else {
            return Ok(Self::default());
        };
        let read = file(sent, boundary).await;
        read.map_err(|_| answer::plain(&Trouble::Form))
    }
}

/// The first file of a form; an empty one if none was chosen.
async fn file(sent: Bytes, boundary: String) -> Result<Upload, multer::Error> {
    let whole = stream::once(async { Ok::<_, Infallible>(sent) });
    let mut parts = multer::Multipart::new(whole, boundary);
    while let Some(part) = parts.next_field().await? {
        if let Some(name) = part.file_name() {
            return Ok(Upload {
                name: name.to_owned(),
                bytes: part.bytes().await?,
            });
        }
    }
    Ok(Upload::default())
}
