//! What connections keep that have nothing to do, and those that ended.

use std::{
    net::{SocketAddr, TcpStream},
    sync::atomic::Ordering,
    time::Duration,
};

use allocation_counter::measure;

use crate::{
    client::{Client, Poller, SOCKET, frame, text},
    server::Server,
    sockets::watched,
};

#[test]
fn connections_that_ended_leave_no_byte_whatever_they_are_still_told() {
    let server = Server::start();
    let left = |times| {
        let all_over = async {
            while server.endpoint.connections() > 0 || watched::WATCHES.load(Ordering::Relaxed) > 0
            {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let connect = || {
            for _ in 0..times {
                let mut client = Client::connect(server.address, SOCKET);
                client.ask(&text(r#"["1","1","watched:a","phx_join",{}]"#));
                client.ask(&text(r#"["1","2","watched:a","watch",{}]"#));
            }
        };
        let (during, ()) = server.while_client(connect);
        let after = measure(|| server.runtime.block_on(all_over));
        during.bytes_current + after.bytes_current
    };
    left(20);
    let (once, twice) = (left(20), left(200));
    assert_eq!((once, twice), (0, 0));
}

/// What the allocator adds, and what the kernel holds, is not counted. The lists of all connections
/// and of the topic's subscribers are, as far as they grow meanwhile.
#[test]
fn an_idle_connection_with_one_topic_takes_few_bytes() {
    const TIMES: i64 = 200;
    let server = Server::start();
    let join = text(r#"["1","1","room:a","phx_join",{}]"#);
    let connect = || {
        let mut client = Client::connect(server.address, SOCKET);
        client.ask(&join);
        client
    };
    let open = || {
        let connect_all = || (0..TIMES).map(|_| connect()).collect::<Vec<_>>();
        let (opened, clients) = server.while_client(connect_all);
        let settled = measure(|| {
            server.runtime.block_on(async {
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
            });
        });
        ((opened.bytes_current + settled.bytes_current) / TIMES, clients)
    };
    let (_, _those_before) = open();
    let (bytes, _clients) = open();
    assert!(bytes <= 1400, "{bytes} bytes");
}

/// As above, over TLS.
#[cfg(feature = "tls")]
#[test]
fn an_idle_connection_over_tls_takes_few_bytes_more() {
    use tokio_rustls::rustls::{
        ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring,
    };

    const TIMES: i64 = 100;
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
    let tls = phx_runtime::server::TlsOptions::pem(certificate, key).build().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(ring::default_provider().into());
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = std::sync::Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    let server = Server::start();
    let address = server.encrypted(&tls);
    let join = text(r#"["1","1","room:a","phx_join",{}]"#);
    let open = || {
        let connect = |_| {
            let session = ClientConnection::new(config.clone(), "localhost".try_into().unwrap());
            let stream = TcpStream::connect(address).unwrap();
            let stream = StreamOwned::new(session.unwrap(), stream);
            let mut client = Client::over(stream, SOCKET);
            client.ask(&join);
            client
        };
        let (opened, clients) = server.while_client(|| (0..TIMES).map(connect).collect::<Vec<_>>());
        (opened.bytes_current / TIMES, clients)
    };
    let (_, _those_before) = open();
    let (bytes, _clients) = open();
    assert!(bytes <= 5200, "{bytes} bytes");
}

/// A session that is joined to one topic, its connection and its poll that waits there.
#[test]
fn a_waiting_poll_takes_few_bytes_with_all_that_belongs_to_it() {
    const TIMES: i64 = 200;
    let server = Server::start();
    let mut echo = server.client("/echo/websocket");
    let mut open = || {
        let open_all = || {
            let pollers = (0..TIMES).map(|_| Poller::join(server.address));
            let mut pollers: Vec<_> = pollers.collect();
            pollers.iter_mut().for_each(Poller::poll);
            // What comes later is answered later.
            (0..10).for_each(|_| echo.ask(&text("")));
            pollers
        };
        let (opened, pollers) = server.while_client(open_all);
        (opened.bytes_current / TIMES, pollers)
    };
    let (_, _those_before) = open();
    let (bytes, _pollers) = open();
    assert!(bytes <= 5500, "{bytes} bytes");
}

/// One that has asked for nothing yet, one that has its answer, and one whose request had a body.
#[test]
fn a_connection_between_requests_takes_few_bytes() {
    const TIMES: i64 = 100;
    let server = Server::start();
    let mut echo = server.client("/echo/websocket");
    let mut open = |ready: fn(SocketAddr) -> Poller| {
        let open_all = || {
            let clients: Vec<_> = (0..TIMES).map(|_| ready(server.address)).collect();
            // By then the server is done with all of them.
            (0..10).for_each(|_| echo.ask(&text("")));
            clients
        };
        let (opened, clients) = server.while_client(open_all);
        (opened.bytes_current / TIMES, clients)
    };
    // The session of a poller counts as well.
    for (ready, most) in [(Poller::connect as fn(SocketAddr) -> Poller, 2500), (Poller::join, 5000)]
    {
        let (_, _those_before) = open(ready);
        let (bytes, _clients) = open(ready);
        assert!(bytes <= most, "{bytes} bytes");
    }
}

#[test]
fn an_idle_connection_holds_nothing_of_what_it_carried() {
    let server = Server::start();
    let mut echo = server.client("/echo/websocket");
    let mut room = server.joined();
    let large = "x".repeat(50_000);
    let mut traffic = || {
        for _ in 0..3 {
            echo.ask(&text(&large));
            echo.ask(&[frame(0x01, b"in"), frame(0x89, b""), frame(0x80, b"parts")].concat());
            echo.read();
            for event in ["ack", "echo", "push"] {
                room.ask(&text(&format!(r#"["1","2","room:a","{event}",{{"body":"{large}"}}]"#)));
            }
        }
    };
    // What belongs to the thread is there after the first time.
    server.while_client(&mut traffic);
    let (info, ()) = server.while_client(&mut traffic);
    assert!(info.count_total > 20);
    assert_eq!((info.count_current, info.bytes_current), (0, 0));
}
