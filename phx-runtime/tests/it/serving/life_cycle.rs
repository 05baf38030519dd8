//! How a server begins and ends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use phx_runtime::{options::ServerOptions, server::BuildError};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
};

use super::{WEBSOCKET, answer, builder, get};
use crate::support::raw_client::RawClient;

#[tokio::test]
async fn a_server_that_is_about_to_end_says_so_while_it_still_takes_clients() {
    let options = ServerOptions::new()
        .liveness("/alive")
        .readiness("/ready")
        .drain_delay(Duration::from_hours(1));
    let endpoint = builder().server(options).build().unwrap();
    let server = endpoint.bind("127.0.0.1:0").await.unwrap();
    let at = server.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = server.stop_on(async { _ = stopped.await });
    let running = tokio::spawn(server.run_service(endpoint.service()));
    let status = async |path: &str| {
        let answer = answer(TcpStream::connect(at).await.unwrap(), &get(path, "")).await;
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    assert!(endpoint.is_ready());
    assert_eq!((status("/alive").await, status("/ready").await), ("200".into(), "200".into()));
    stop.send(()).unwrap();
    endpoint.draining().await;
    assert!(!endpoint.is_ready());
    assert_eq!((status("/alive").await, status("/ready").await), ("200".into(), "503".into()));
    let mut client = RawClient::connect(at, WEBSOCKET, "").await;
    assert!(client.frame().await.is_some());
    running.abort();
}

#[tokio::test]
async fn a_task_lives_as_long_as_the_server_and_may_end_in_order() {
    let (began, mut starts) = mpsc::unbounded_channel();
    let ended = Arc::new(AtomicUsize::new(0));
    let count = ended.clone();
    let endpoint = builder()
        .spawn(move |endpoint| async move {
            began.send(endpoint.is_ready()).unwrap();
            endpoint.draining().await;
            count.fetch_add(1, Ordering::Relaxed);
        })
        .spawn(|_| async { panic!("on purpose") })
        .build()
        .unwrap();
    let server = endpoint.bind("127.0.0.1:0").await.unwrap();
    assert!(starts.try_recv().is_err(), "it starts with the server");
    let (stop, stopped) = oneshot::channel::<()>();
    let server = server.stop_on(async { _ = stopped.await });
    let running = tokio::spawn(server.run_service(endpoint.service()));
    assert_eq!(starts.recv().await, Some(true));
    stop.send(()).unwrap();
    running.await.unwrap();
    assert_eq!(ended.load(Ordering::Relaxed), 1);
}

#[test]
fn a_path_that_no_request_can_have_is_refused() {
    let options = ServerOptions::new().readiness("ready");
    let built = builder().server(options).build();
    assert!(matches!(built, Err(BuildError::HealthPath { option: "readiness", .. })), "{built:?}");
}
