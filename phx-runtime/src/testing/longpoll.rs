//! A client that polls: the requests of the stock client, answered by the endpoint's service.

use std::{future::poll_fn, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::future::select;
use http::{HeaderName, HeaderValue, Method, StatusCode, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use serde::Deserialize;
use tower_service::Service;

use super::{
    inbox::Inbox,
    line::Link,
    message::Received,
    over::{Asking, refusal},
    uplink::{FromClient, Step, uplink},
};
use crate::{
    connect::ConnectError,
    connection::Connection,
    log,
    wire::{Frame, Text},
};

const TOKEN: HeaderName = HeaderName::from_static("x-phoenix-longpoll-token");
const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-phoenix-authtoken");
const NDJSON: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// How often it is looked whether the server has given a session up.
const LOOK: Duration = Duration::from_millis(20);

/// An answer of the endpoint.
#[derive(Default, Deserialize)]
struct Answer {
    status: u16,
    #[serde(default)]
    token: String,
    #[serde(default)]
    messages: Vec<String>,
}

/// A client with a session.
struct Client {
    asking: Asking,
    token: String,
    inbox: Arc<Inbox>,
}

/// Connects.
pub(super) async fn connect(asking: Asking) -> Result<Link, ConnectError> {
    let opened = ask(&asking, Method::GET, None, Bytes::new()).await;
    if opened.status != 410 {
        let status = StatusCode::from_u16(opened.status).unwrap_or_default();
        return Err(refusal(status, ""));
    }
    let session = asking.endpoint.0.sessions.with_token(&opened.token);
    let connection = session.map(|session| session.connection().clone());
    let (inbox, (server, sent)) = (Arc::new(Inbox::default()), uplink());
    let client = Arc::new(Client { asking, token: opened.token, inbox: inbox.clone() });
    tokio::spawn(live(client, sent, connection));
    Ok(Link { inbox, server: Some(server), id: None })
}

/// Carries messages until the session ends, and waits until the server has cleaned up. A client that
/// goes says nothing: that it does not poll any more is all that a server learns.
async fn live(client: Arc<Client>, sent: FromClient, connection: Option<Connection>) {
    select(Box::pin(client.poll()), Box::pin(client.post(sent))).await;
    if let Some(connection) = connection {
        let (connections, mount) = (&client.asking.endpoint.0.connections, client.asking.mount);
        while connections.has(mount, &connection) {
            tokio::time::sleep(LOOK).await;
        }
    }
    client.inbox.close(None);
}

impl Client {
    /// Fetches messages until there is no session any more.
    async fn poll(&self) {
        loop {
            let answer = ask(&self.asking, Method::GET, Some(&self.token), Bytes::new()).await;
            match answer.status {
                200 => answer.messages.into_iter().for_each(|text| self.put(text)),
                204 => {}
                _ => return,
            }
        }
    }

    /// Sends messages until the client goes, in whichever way.
    async fn post(&self, mut sent: FromClient) {
        while let Step::Message { frame, taken } = poll_fn(|task| sent.poll(task)).await {
            let line = match frame {
                Frame::Text(text) => Bytes::from(text.to_string()),
                Frame::Binary(bytes) => STANDARD.encode(bytes).into(),
            };
            ask(&self.asking, Method::POST, Some(&self.token), line).await;
            // The test may have stopped to wait.
            let _ = taken.send(());
        }
    }

    fn put(&self, text: String) {
        let frame = Frame::Text(Text::from(text));
        match Received::read(&frame) {
            Some(message) => self.inbox.put(message),
            None => log::unreadable_frame(frame.len()),
        }
    }
}

/// Sends a request. Of an answer with an invalid body, the status of HTTP counts.
async fn ask(asking: &Asking, method: Method, token: Option<&str>, body: Bytes) -> Answer {
    let header = |name: HeaderName, value: &str| Some((name, HeaderValue::try_from(value).ok()?));
    let headers = [
        token.and_then(|token| header(TOKEN, token)),
        asking.auth_token().and_then(|token| header(AUTH_TOKEN, token)),
        (method == Method::POST).then_some((CONTENT_TYPE, NDJSON)),
    ];
    let request = asking.request(method, headers.into_iter().flatten(), body);
    let Ok(response) = asking.endpoint.service().call(request).await;
    let status = response.status().as_u16();
    let body = match response.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    serde_json::from_slice(&body).unwrap_or(Answer { status, ..Answer::default() })
}
