//! The loopback port: takes connections, hands their requests on, and cuts them when told to.

use std::io;
use std::sync::Arc;

use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::Shared;
use super::errors::Problem;
use super::http::{Body, Cut, answer, full, problem_response};

/// Takes connections until the server is stopped.
pub async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    let mut stopped = shared.stopped.subscribe();
    loop {
        let accepted: io::Result<_> = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(connection(shared.clone(), stream));
            }
            Err(error) => tracing::warn!(%error, "the embedded mail server could not take a connection"),
        }
    }
}

async fn connection(shared: Arc<Shared>, stream: TcpStream) {
    // Without it each small answer waits for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let (mut restarts, mut stopped) = (shared.restarts.subscribe(), shared.stopped.subscribe());
    let service = service_fn(|request| serve(shared.clone(), request));
    let serving =
        http1::Builder::new().header_read_timeout(None).serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // An error here is a cut of ours, or a client that went away.
        _ = serving => {}
        _ = restarts.changed() => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

async fn serve(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, Cut> {
    let (head, body) = request.into_parts();
    let most = shared.options.limits.max_size_upload.max(shared.options.limits.max_size_request);
    // One octet more than is allowed is read, so that the limit itself can answer.
    match Limited::new(body, most.saturating_add(1)).collect().await {
        Ok(body) => answer(&shared, Request::from_parts(head, body.to_bytes())).await,
        Err(_) => {
            let problem =
                Problem { status: StatusCode::PAYLOAD_TOO_LARGE, ..Problem::limit("maxSizeRequest") };
            Ok(problem_response(&problem).map(full))
        }
    }
}
