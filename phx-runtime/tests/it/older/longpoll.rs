//! Long-polling as older clients knew it.

use std::net::SocketAddr;

use http::{Method, StatusCode};
use phx_runtime::{Reason, json};
use serde_json::Value;

use super::start;
use crate::support::{
    clock::time_until,
    http_client::{Answer, get, request, send},
    raw_client::RawClient,
};

/// A client of 0.6 or 0.7, with the cookie that it was given.
struct Old {
    address: SocketAddr,
    path: &'static str,
    cookie: String,
}

impl Old {
    async fn open(address: SocketAddr, path: &'static str) -> Self {
        let opened = send(address, request(&Method::POST, path, &[], "")).await;
        assert_eq!((opened.http, &*opened.body), (StatusCode::OK, &b""[..]));
        let set = opened.header("set-cookie");
        assert!(set.ends_with(&format!("; Path={path}; HttpOnly; SameSite=Lax")), "{set}");
        Self { address, path, cookie: set.split(';').next().unwrap().to_owned() }
    }

    async fn ask(&self, method: &Method, body: &str) -> Answer {
        let cookies = format!("other=1; {}", self.cookie);
        send(self.address, request(method, self.path, &[("cookie", &cookies)], body)).await
    }

    async fn put(&self, topic: &str, event: &str, message: Value) -> StatusCode {
        let put = json!({ "channel": "rooms", "topic": topic, "event": event, "message": message });
        self.ask(&Method::PUT, &put.to_string()).await.http
    }

    async fn poll(&self) -> Answer {
        self.ask(&Method::GET, "").await
    }
}

#[tokio::test]
async fn a_client_of_0_7_opens_with_post_sends_with_put_and_fetches_arrays() {
    let mut fixture = start().await;
    let old = Old::open(fixture.address, "/0.7/poll").await;
    assert_eq!(fixture.endpoint.connections(), 1);
    assert_eq!(old.put("a", "join", json!({})).await, 200);
    assert_eq!(old.put("a", "echo", json!({ "n": 1 })).await, 200);
    fixture.endpoint.broadcast("room:a", "news", json!(2));
    let answer = old.poll().await;
    assert_eq!(
        (answer.http, answer.header("content-type")),
        (StatusCode::OK, "application/json; charset=utf-8")
    );
    let message = |event: &str, message: Value| json!({ "channel": "rooms", "topic": "a", "event": event, "message": message });
    assert_eq!(
        answer.json(),
        json!([message("echoed", json!({ "n": 1 })), message("news", json!(2))])
    );
    assert_eq!(old.put("a", "leave", json!({})).await, 200);
    assert_eq!(fixture.ends.recv().await, Some(("room:a".to_owned(), Reason::Left)));
}

#[tokio::test]
async fn a_client_of_0_8_opens_at_the_mount_where_its_websockets_are_and_sends_with_post() {
    let fixture = start().await;
    let Old { address, cookie, .. } = Old::open(fixture.address, "/0.8").await;
    assert_eq!(fixture.endpoint.connections(), 1);
    let old = Old { address, cookie, path: "/0.8/poll" };
    let post = async |topic: &str, event: &str, payload: Value| {
        let message = json!({ "topic": topic, "event": event, "payload": payload });
        old.ask(&Method::POST, &message.to_string()).await.http
    };
    assert_eq!(post("room:a", "echo", json!({})).await, 401, "not joined");
    assert_eq!(post("room:a", "join", json!("no")).await, 401, "refused");
    assert_eq!(post("room:a", "join", json!({})).await, 200);
    assert_eq!(post("room:a", "echo", json!(1)).await, 200);
    let answer = old.poll().await;
    let echoed = json!([{ "topic": "room:a", "event": "echoed", "payload": 1 }]);
    assert_eq!((answer.http, answer.json()), (StatusCode::OK, echoed));
    // Nobody opens a session where it polls, nor polls where it opens one; and others are as ever.
    let without = Old { cookie: String::new(), ..old };
    assert_eq!(without.poll().await.http, 410);
    assert_eq!(without.ask(&Method::POST, "{}").await.http, 410);
    let at_mount = Old { path: "/0.8", ..without };
    assert!(at_mount.ask(&Method::PUT, "").await.http.is_client_error());
    let other = send(address, request(&Method::POST, "/0.8?vsn=2.0.0", &[], "")).await;
    assert_eq!(
        (other.http, other.header("allow")),
        (StatusCode::METHOD_NOT_ALLOWED, "POST, OPTIONS")
    );
    let current = get(address, "/0.8/poll?vsn=2.0.0").await;
    assert_eq!(current.status(), 410);
    let mut client = RawClient::connect(address, "/0.8", "").await;
    client.send_text(r#"{"topic":"room:a","event":"join","payload":{}}"#).await;
    client.send_text(r#"{"topic":"room:a","event":"echo","payload":2}"#).await;
    let echoed = r#"{"topic":"room:a","event":"echoed","payload":2}"#;
    assert_eq!(client.frame().await.unwrap().text(), echoed);
}

#[tokio::test]
async fn a_client_of_0_7_is_told_401_for_what_it_may_not_do() {
    let fixture = start().await;
    let old = Old::open(fixture.address, "/0.7/poll").await;
    assert_eq!(old.put("a", "echo", json!({})).await, 401, "not joined");
    assert_eq!(old.put("a", "join", json!("no")).await, 401, "refused after a while");
    assert_eq!(old.put("a", "join", json!("later")).await, 200, "accepted after a while");
    assert_eq!(old.put("a", "leave", json!({})).await, 200);
    assert_eq!(old.put("a", "echo", json!({})).await, 401, "left");
    assert_eq!(old.ask(&Method::PUT, "no message").await.http, 400);
    let unknown = json!({ "channel": "nobody", "topic": "a", "event": "join", "message": {} });
    assert_eq!(old.ask(&Method::PUT, &unknown.to_string()).await.http, 401);
}

#[tokio::test]
async fn a_client_of_0_7_is_told_204_after_the_window_and_410_when_its_session_is_gone() {
    let fixture = start().await;
    let old = Old::open(fixture.address, "/0.7/short/poll").await;
    let (_, answer) = time_until(old.poll()).await;
    assert_eq!((answer.http, &*answer.body), (StatusCode::NO_CONTENT, &b""[..]));
    let forged = Old { cookie: "_phx_longpoll=forged".to_owned(), ..old };
    for answer in [forged.poll().await, forged.ask(&Method::PUT, "{}").await] {
        assert_eq!((answer.http, &*answer.body), (StatusCode::GONE, &b""[..]));
    }
    let nobody = get(fixture.address, "/0.7/short/poll").await;
    assert_eq!(nobody.http, StatusCode::GONE, "it does not open a session by polling");
}

#[tokio::test]
async fn a_client_of_today_on_the_same_mount_polls_as_ever() {
    let fixture = start().await;
    let opened = get(fixture.address, "/0.7/poll?vsn=2.0.0").await;
    let uri = format!("/0.7/poll?vsn=2.0.0&token={}", opened.token());
    let join = json!(["1", "1", "room:a", "phx_join", {}]).to_string();
    let posted = send(fixture.address, request(&Method::POST, &uri, &[], &join)).await;
    assert_eq!((posted.http, posted.status()), (StatusCode::OK, 200));
    let reply = r#"["1","1","room:a","phx_reply",{"status":"ok","response":{}}]"#;
    assert_eq!(get(fixture.address, &uri).await.messages(), [reply]);
    let put = send(fixture.address, request(&Method::PUT, &uri, &[], &join)).await;
    assert_eq!(put.http, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_client_of_0_10_reads_the_status_of_http() {
    let fixture = start().await;
    let opened = get(fixture.address, "/0.10/poll").await;
    assert_eq!(opened.http, StatusCode::GONE);
    let (token, sig) = (opened.token(), opened.json()["sig"].as_str().unwrap().to_owned());
    let uri = format!("/0.10/poll?token={token}&sig={sig}");
    let post = |event: &str| {
        let message = json!({ "topic": "room:a", "event": event, "payload": 1 }).to_string();
        send(fixture.address, request(&Method::POST, &uri, &[], &message))
    };
    assert_eq!(post("echo").await.http, 401);
    assert_eq!(post("join").await.http, 200);
    assert_eq!(post("echo").await.http, 200);
    let answer = get(fixture.address, &uri).await;
    let messages = json!([{ "topic": "room:a", "event": "echoed", "payload": 1 }]);
    assert_eq!(answer.http, StatusCode::OK);
    assert_eq!(answer.json(), json!({ "messages": messages, "token": token, "sig": sig }));
}

#[tokio::test]
async fn clients_of_0_14_and_1_3_get_messages_as_json_and_401_in_the_answer() {
    let fixture = start().await;
    for (path, has_sig) in [("/0.14/poll", true), ("/1.3/poll?vsn=1.0.0", false)] {
        let opened = get(fixture.address, path).await;
        assert_eq!((opened.http, opened.status()), (StatusCode::OK, 410));
        assert_eq!(opened.json()["sig"].is_string(), has_sig);
        let separator = if has_sig { '?' } else { '&' };
        let uri = format!("{path}{separator}token={}", opened.token());
        let post = |event: &str, payload: Value| {
            let (topic, reference) = ("room:a", "1");
            let message =
                json!({ "topic": topic, "event": event, "payload": payload, "ref": reference });
            send(fixture.address, request(&Method::POST, &uri, &[], &message.to_string()))
        };
        let refused = post("echo", json!({})).await;
        assert_eq!((refused.http, refused.status()), (StatusCode::OK, 401), "{path}");
        assert_eq!(post("phx_join", json!("no")).await.status(), 401);
        assert_eq!(post("phx_join", json!({})).await.status(), 200);
        let answer = get(fixture.address, &uri).await.json();
        let statuses = answer["messages"].as_array().unwrap().iter();
        let statuses: Vec<_> =
            statuses.map(|message| message["payload"]["status"].clone()).collect();
        assert_eq!(statuses, ["error", "error", "ok"], "what was refused is told in both ways");
    }
}
