//! How many sessions there may be.

use std::time::Duration;

use http::{Method, StatusCode};
use phx_runtime::{
    options::{LongPollOptions, Mount},
    prelude::*,
    server::BuildError,
};

use super::sockets::start;
use crate::support::{
    everybody::User,
    http_client::{Client, get, request, send},
    logs::Logs,
    server::serve,
};

#[tokio::test]
async fn one_session_too_many_is_refused_until_another_ends() {
    for (mount, option) in [("/few", "max_sessions"), ("/few_each", "max_sessions_per_peer")] {
        let logs = Logs::from("warn");
        let mut fixture = start().await;
        let path = format!("{mount}/longpoll");
        let mut clients = Vec::new();
        for _ in 0..3 {
            clients.push(Client::open(fixture.address, &path).await);
        }
        for _ in 0..10 {
            // Neither is its socket asked, which would refuse with status 403.
            let refused = get(fixture.address, &format!("{path}?connect=refuse")).await;
            assert_eq!((refused.http, refused.status()), (StatusCode::SERVICE_UNAVAILABLE, 500));
            assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|after| after > 0));
            assert_eq!(refused.header("access-control-allow-origin"), "*");
        }
        let text = logs.take();
        assert!(text.lines().count() == 1 && text.contains(option), "{text}");
        assert_eq!(fixture.endpoint.connections(), 3);
        // Those who are in are served, and another mount has its own.
        assert_eq!(clients[0].post("a").await, 200);
        assert_eq!(clients[0].receive(1).await, ["a"]);
        Client::open(fixture.address, "/echo/longpoll").await;
        assert_eq!(clients[1].post("stop").await, 200);
        fixture.ends.recv().await.unwrap();
        while fixture.endpoint.connections() == 4 {
            tokio::task::yield_now().await;
        }
        Client::open(fixture.address, &path).await;
        assert_eq!(get(fixture.address, &path).await.http, StatusCode::SERVICE_UNAVAILABLE);
    }
}

#[tokio::test]
async fn clients_that_are_not_let_in_take_no_session() {
    let fixture = start().await;
    for connect in ["refuse", "fail"].into_iter().cycle().take(20) {
        let refused = get(fixture.address, &format!("/few/longpoll?connect={connect}")).await;
        assert_eq!(refused.http, StatusCode::OK);
    }
    let options = request(&Method::OPTIONS, "/few/longpoll", &[], "");
    assert_eq!(send(fixture.address, options).await.http, StatusCode::OK);
    Client::open(fixture.address, "/few/longpoll").await;
}

#[test]
fn limits_that_let_nobody_in_are_not_built() {
    let options = LongPollOptions::new;
    for (options, name) in [
        (options().max_backlog_total(0), "max_backlog_total"),
        (options().max_sessions(0), "max_sessions"),
        (options().max_sessions_per_peer(0), "max_sessions_per_peer"),
        (options().first_request_timeout(Duration::ZERO), "first_request_timeout"),
    ] {
        let mount = Mount::new("/socket").longpoll(options);
        let built = Endpoint::builder().socket_at::<User>(mount).build();
        assert!(matches!(built, Err(BuildError::Zero { option }) if option == name), "{name}");
    }
}

struct Set;

#[socket(
    "/set",
    longpoll(max_sessions = 1, max_sessions_per_peer = 20, first_request_timeout = "1.5s")
)]
impl Set {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

#[tokio::test]
async fn limits_are_set_in_the_attribute_as_well() {
    let endpoint = Endpoint::builder().socket::<Set>().build().unwrap();
    let at = serve(&endpoint).await;
    Client::open(at, "/set/longpoll").await;
    assert_eq!(get(at, "/set/longpoll").await.http, StatusCode::SERVICE_UNAVAILABLE);
}
