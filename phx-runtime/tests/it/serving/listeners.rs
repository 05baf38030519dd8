//! Where a server can listen.

use std::{io::ErrorKind, path::PathBuf};

use phx_runtime::server::{ListenAddress, Listener, ServeError};
use serde_json::Value;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream, UnixStream},
};

use super::{answer, builder, get, mirrored, run, start};
use crate::support::logs::Logs;

/// A path for a socket that no other test has.
fn socket_path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("phx-{}-{name}.sock", std::process::id()))
}

/// Whether that is why nobody can listen there.
fn is(error: &ServeError, kind: ErrorKind) -> bool {
    matches!(error, ServeError::Listen { source, .. } if source.kind() == kind)
}

#[tokio::test]
async fn an_address_is_text_a_pair_a_port_or_a_listener_that_exists() {
    let given = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let of_tokio = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    for listener in [
        Listener::from("127.0.0.1:0"),
        "localhost:0".to_owned().into(),
        ([127, 0, 0, 1], 0).into(),
        given.into(),
        of_tokio.into(),
    ] {
        let at = start(builder(), listener).await;
        let told = mirrored(TcpStream::connect(at).await.unwrap(), "").await;
        assert!(told["peer"].as_str().unwrap().contains("127.0.0.1:"), "{told}");
    }
    let server = builder().build().unwrap().bind(0).await.unwrap();
    assert!(server.address().ip().is_loopback());
}

#[tokio::test]
async fn an_address_that_is_none_is_told_when_the_server_starts() {
    let endpoint = builder().build().unwrap();
    for (text, kind) in [("127.0.0.1:99999", None), ("nonsense", Some(ErrorKind::InvalidInput))] {
        let error = endpoint.bind(text).await.unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
        assert!(kind.is_none_or(|wanted| is(&error, wanted)), "{error:?}");
    }
    let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let error = endpoint.bind(taken.local_addr().unwrap()).await.unwrap_err();
    assert!(is(&error, ErrorKind::AddrInUse), "{error:?}");
}

/// The test starts itself once more, by a shell that hands a socket over as systemd does: as the third
/// descriptor, to a process that is named.
#[cfg(unix)]
#[tokio::test]
async fn a_socket_that_systemd_listens_on_is_served() {
    const NAME: &str = "serving::listeners::a_socket_that_systemd_listens_on_is_served";
    const CHILD: &str = "PHX_TEST_LISTENS_FOR_SYSTEMD";
    if std::env::var_os(CHILD).is_some() {
        let endpoint = builder().build().unwrap();
        let given = Listener::systemd().unwrap();
        assert_eq!((given.len(), Listener::systemd().unwrap().len()), (1, 0));
        let server = endpoint.bind_all(given).await.unwrap();
        return server.run_service(endpoint.service()).await;
    }
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let at = listener.local_addr().unwrap();
    let test = format!("{NAME} --exact --nocapture");
    let mut child = std::process::Command::new("sh")
        .args(["-c", &format!("LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" {test} 3<&0")])
        .arg(std::env::current_exe().unwrap())
        .env(CHILD, "1")
        .stdin(std::os::fd::OwnedFd::from(listener))
        .spawn()
        .unwrap();
    // Whoever comes before the process is up waits.
    let told = mirrored(TcpStream::connect(at).await.unwrap(), "").await;
    assert!(told["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{told}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn one_server_listens_at_several_places() {
    let path = socket_path("several");
    let endpoint = builder().build().unwrap();
    let server = endpoint.bind_all(["127.0.0.1:0", "127.0.0.1:0"]).await.unwrap();
    let server = server.also(Listener::unix(&path)).await.unwrap();
    let addresses: Vec<_> = server.addresses().cloned().collect();
    run(server, &endpoint);
    let [first, second, unix] = &*addresses else { panic!("{addresses:?}") };
    for tcp in [first, second] {
        let stream = TcpStream::connect(tcp.socket_addr().unwrap()).await.unwrap();
        mirrored(stream, "").await;
    }
    assert_eq!(*unix, ListenAddress::Unix(Some(path.clone())));
    let told = mirrored(UnixStream::connect(&path).await.unwrap(), "").await;
    assert_eq!(told["peer"], Value::Null);
}

#[tokio::test]
async fn a_unix_socket_is_made_anew_over_one_that_was_left_and_removed_at_the_end() {
    let path = socket_path("anew");
    // A process that is gone leaves its socket behind.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let endpoint = builder().build().unwrap();
    let text = format!("unix:{}", path.display());
    let server = endpoint.bind(&*text).await.unwrap();
    assert_eq!(server.addresses().next().unwrap().to_string(), text);
    // One on which somebody listens is left alone, and so is what is no socket.
    let taken = endpoint.bind(Listener::unix(&path)).await.unwrap_err();
    assert!(is(&taken, ErrorKind::AddrInUse), "{taken:?}");
    drop(server);
    assert!(!path.exists());
    std::fs::write(&path, "somebody's").unwrap();
    assert!(endpoint.bind(Listener::unix(&path)).await.is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"somebody's");
    std::fs::remove_file(&path).unwrap();
}

const V1: &str = "PROXY TCP4 203.0.113.9 10.0.0.1 4711 443\r\n";

#[tokio::test]
async fn a_trusted_balancer_says_who_its_client_is() {
    let balanced = || Listener::from("127.0.0.1:0").proxy_protocol();
    let at = start(builder().trust_proxies(["127.0.0.1"]), balanced()).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(V1.as_bytes()).await.unwrap();
    assert_eq!(mirrored(stream, "").await["peer"], "203.0.113.9:4711");

    // Version 2, in as many pieces as it has bytes; the first request comes with its end.
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let v2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x09\x0a\0\0\x01\x12\x67\x01\xbb";
    for byte in v2 {
        stream.write_all(&[*byte]).await.unwrap();
    }
    assert_eq!(mirrored(stream, "").await["peer"], "203.0.113.9:4711");

    // The balancer itself looks whether the server lives.
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(b"PROXY UNKNOWN\r\n").await.unwrap();
    let told = mirrored(stream, "").await;
    assert!(told["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{told}");
}

#[tokio::test]
async fn nobody_else_gets_past_a_listener_that_expects_a_balancer() {
    let logs = Logs::from("debug");
    let balanced = || Listener::from("127.0.0.1:0").proxy_protocol();
    let health = get("/mirror/longpoll", "");
    let believing = start(builder().trust_proxies(["127.0.0.1"]), balanced()).await;
    let stream = TcpStream::connect(believing).await.unwrap();
    assert_eq!(answer(stream, &health).await, "", "a request without the protocol");
    let at = start(builder(), balanced()).await;
    assert!(logs.take().contains("`trust_proxies` names nobody"));
    let stream = TcpStream::connect(at).await.unwrap();
    assert_eq!(answer(stream, &format!("{V1}{health}")).await, "", "a client that is not trusted");
    assert!(logs.take().contains("with `trust_proxies` alone"));
}
