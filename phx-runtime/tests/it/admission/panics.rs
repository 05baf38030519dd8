//! Raw sockets that panic.

use std::{
    net::SocketAddr,
    task::{Context, Poll},
};

use futures_util::future::BoxFuture;
use phx_runtime::{
    ConnectError, Endpoint, Reason,
    channel::Info,
    options::{LongPollOptions, Mount, WebSocketOptions},
    socket::{ConnectRequest, RawConnect},
    transport::{CloseCode, Connection, Control, Flow, Frame, Handled, RawSocket},
};

use crate::{
    admission::server::serve_endpoint,
    support::{
        http_client::Client,
        logs::Logs,
        raw_client::{CLOSE, PING, RawClient, TEXT},
    },
};

/// More than the kernel takes at once, so that it is still under way when the socket ends.
const LARGE: usize = 8 << 20;

/// Panics in the method that the parameter `in` names.
struct Clumsy {
    place: String,
}

impl Clumsy {
    fn reached(&self, place: &str) {
        assert!(self.place != place, "stumbled in {place}");
    }
}

impl RawConnect for Clumsy {
    async fn connect(request: ConnectRequest) -> Result<Self, ConnectError> {
        Ok(Self { place: request.info().params().get("in").unwrap_or_default().to_owned() })
    }
}

impl RawSocket for Clumsy {
    fn init<'a>(&'a mut self, _: &'a Connection) -> Handled<'a> {
        self.reached("init");
        Flow::Continue.into()
    }

    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        self.reached("handle_in");
        match frame.as_bytes().as_ref() {
            b"large" => {
                connection.send(&Frame::binary(vec![7; LARGE]));
                return Flow::Stop(CloseCode::new(4001).unwrap()).into();
            }
            b"notify" => connection.notify(()),
            b"later" => {
                return Handled::later(async {
                    tokio::task::yield_now().await;
                    self.reached("later");
                    Flow::Continue
                });
            }
            _ => {}
        }
        Flow::Continue.into()
    }

    fn handle_control<'a>(&'a mut self, _: Control, _: &'a Connection) -> Handled<'a> {
        self.reached("handle_control");
        Flow::Continue.into()
    }

    fn handle_info<'a>(&'a mut self, _: Info, _: &'a Connection) -> Handled<'a> {
        self.reached("handle_info");
        Flow::Continue.into()
    }

    fn poll(&mut self, _: &mut Context<'_>, _: &Connection) -> Poll<Flow> {
        self.reached("poll");
        Poll::Pending
    }

    fn terminate<'a>(&'a mut self, _: Reason, _: &'a Connection) -> BoxFuture<'a, ()> {
        self.reached("terminate");
        Box::pin(async {
            self.reached("terminate at once");
            tokio::task::yield_now().await;
            self.reached("terminate later");
        })
    }
}

async fn start() -> (Endpoint, SocketAddr) {
    let mount = Mount::new("/clumsy").websocket(WebSocketOptions::new());
    let mount = mount.longpoll(LongPollOptions::new());
    serve_endpoint(Endpoint::builder().raw_socket::<Clumsy>(mount)).await
}

#[tokio::test]
async fn a_panic_of_a_socket_closes_it_with_1011_and_is_logged() {
    let logs = Logs::from("error");
    let (endpoint, at) = start().await;
    for (place, first, text, method) in [
        ("init", TEXT, "", "init"),
        ("handle_in", TEXT, "", "handle_in"),
        ("later", TEXT, "later", "Handled::later"),
        ("handle_control", PING, "", "handle_control"),
        ("handle_info", TEXT, "notify", "handle_info"),
        ("poll", TEXT, "", "poll"),
    ] {
        let path = format!("/clumsy/websocket?in={place}");
        let mut client = RawClient::connect(at, &path, "").await;
        client.send(first, text.as_bytes()).await;
        assert_eq!(client.closed_with().await, Some(1011), "{place}");
        let text = logs.take();
        let line = format!("a socket panicked method=\"{method}\"");
        assert!(text.contains(&line), "{place}: {text}");
        assert!(text.contains(&format!("fault=\"panicked: stumbled in {place}\"")), "{text}");
    }
    endpoint.drain().await;
    assert_eq!(endpoint.connections(), 0);
}

#[tokio::test]
async fn a_panic_while_a_socket_ends_costs_the_client_nothing_that_was_sent() {
    let logs = Logs::from("error");
    let (endpoint, at) = start().await;
    for place in ["terminate", "terminate at once", "terminate later"] {
        let path = format!("/clumsy/websocket?in={}", place.replace(' ', "%20"));
        let mut client = RawClient::connect(at, &path, "").await;
        client.send_text("large").await;
        assert_eq!(client.frame().await.unwrap().payload.len(), LARGE, "{place}");
        assert_eq!(client.frame().await.unwrap().close_code(), 4001, "{place}");
        client.send(CLOSE, &4001_u16.to_be_bytes()).await;
        assert!(client.frame().await.is_none());
        let text = logs.take();
        assert!(text.contains("a socket panicked method=\"terminate\""), "{place}: {text}");
    }
    endpoint.drain().await;
    assert_eq!(endpoint.connections(), 0);
}

#[tokio::test]
async fn a_panic_while_a_long_polling_session_ends_is_logged_too() {
    let logs = Logs::from("error");
    let (endpoint, at) = start().await;
    Client::open(at, "/clumsy/longpoll?in=terminate%20later").await;
    assert_eq!(endpoint.connections(), 1);
    endpoint.drain().await;
    assert_eq!(endpoint.connections(), 0);
    let text = logs.take();
    assert!(text.contains("a socket panicked method=\"terminate\""), "{text}");
    assert!(text.contains("stumbled in terminate later"), "{text}");
}
