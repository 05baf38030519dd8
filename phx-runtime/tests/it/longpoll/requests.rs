//! Opening sessions, tokens, origins, methods.

use http::{Method, StatusCode};
use phx_runtime::json;

use crate::{
    longpoll::sockets::start,
    support::http_client::{Client, get, request, send},
};

#[tokio::test]
async fn the_first_request_opens_a_session_and_gives_its_token() {
    let fixture = start().await;
    let answer = get(fixture.address, "/echo/longpoll").await;
    assert_eq!(answer.http, StatusCode::OK);
    let token = answer.token();
    assert_eq!(answer.json(), json!({ "status": 410, "token": token, "messages": [] }));
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(fixture.endpoint.connections(), 1);
}

#[tokio::test]
async fn every_answer_to_a_poll_repeats_the_token_and_is_not_cached() {
    let fixture = start().await;
    let client = Client::open(fixture.address, "/echo/longpoll").await;
    client.post("a").await;
    let answer = client.poll().await;
    assert_eq!(answer.json(), json!({ "status": 200, "token": client.token, "messages": ["a"] }));
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn the_socket_sees_path_variables_and_query() {
    let fixture = start().await;
    let client = Client::open(fixture.address, "/in/a%20b/here?key=v+w&place2=x").await;
    // The rest of the path matters, the query of later requests does not.
    let client = Client { path: "/in/elsewhere/here?key=no".into(), ..client };
    assert_eq!(client.post("params").await, 200);
    assert_eq!(client.receive(1).await, ["longpoll - key=v w&place=a%20b&place2=x"]);
}

#[tokio::test]
async fn the_auth_token_is_a_header_of_the_first_request() {
    let fixture = start().await;
    let headers = [("x-phoenix-authtoken", "secret")];
    for (path, expected) in
        [("/echo/longpoll", "longpoll secret "), ("/small/longpoll", "longpoll - ")]
    {
        let open = request(&Method::GET, path, &headers, "");
        let token = send(fixture.address, open).await.token();
        let client = Client { address: fixture.address, path: path.into(), token };
        client.post("params").await;
        assert_eq!(client.receive(1).await, [expected]);
    }
}

#[tokio::test]
async fn a_token_may_be_in_the_query_but_one_in_the_header_wins() {
    let fixture = start().await;
    let client = Client::open(fixture.address, "/echo/longpoll").await;
    let in_query = format!("/echo/longpoll?token={}", client.token);
    let post = |uri: &str, headers: &[(&str, &str)]| {
        send(fixture.address, request(&Method::POST, uri, headers, "a"))
    };
    assert_eq!(post(&in_query, &[]).await.status(), 200);
    let header = [("x-phoenix-longpoll-token", client.token.as_str())];
    assert_eq!(post("/echo/longpoll?token=bogus", &header).await.status(), 200);
    assert_eq!(post(&in_query, &[("x-phoenix-longpoll-token", "bogus")]).await.status(), 410);
    assert_eq!(get(fixture.address, &in_query).await.messages(), ["a", "a"]);
}

#[tokio::test]
async fn without_a_good_token_a_post_finds_no_session_and_a_get_opens_one() {
    let fixture = start().await;
    let client = Client::open(fixture.address, "/echo/longpoll").await;
    let mut changed = client.token.clone();
    let end = if changed.pop() == Some('A') { 'B' } else { 'A' };
    changed.push(end);
    for token in ["", "bogus", changed.as_str()] {
        let stranger = Client { token: token.into(), ..client.clone() };
        assert_eq!(stranger.post("a").await, 410);
        let answer = stranger.poll().await;
        assert_eq!(answer.status(), 410);
        assert_ne!(answer.token(), client.token);
    }
    assert_eq!(
        send(fixture.address, request(&Method::POST, &client.path, &[], "a")).await.status(),
        410
    );
}

#[tokio::test]
async fn a_token_is_good_on_its_own_mount_only() {
    let fixture = start().await;
    let client = Client::open(fixture.address, "/echo/longpoll").await;
    let elsewhere = Client { path: "/small/longpoll".into(), ..client.clone() };
    assert_eq!(elsewhere.post("a").await, 410);
    assert_ne!(elsewhere.poll().await.token(), client.token);
    assert_eq!(client.post("a").await, 200);
}

#[tokio::test]
async fn refusals_and_failures_are_in_the_body_and_tell_nothing_of_the_inside() {
    let fixture = start().await;
    for (path, expected) in [
        ("/echo/longpoll?connect=refuse", json!({ "status": 403 })),
        ("/echo/longpoll?connect=fail", json!({ "status": 500 })),
        ("/socket/longpoll?vsn=123.1.1", json!({ "status": 403 })),
    ] {
        let answer = get(fixture.address, path).await;
        assert_eq!((answer.http, answer.json()), (StatusCode::OK, expected));
    }
    assert_eq!(fixture.endpoint.connections(), 0);
}

#[tokio::test]
async fn a_query_that_is_no_text_is_a_bad_request() {
    let fixture = start().await;
    for method in [Method::GET, Method::POST] {
        let bad = request(&method, "/echo/longpoll?a=%ff", &[], "");
        assert_eq!(send(fixture.address, bad).await.http, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn other_origins_are_refused_in_the_body_whatever_the_method() {
    let fixture = start().await;
    let evil = [("origin", "https://evil.com")];
    for method in [Method::GET, Method::POST, Method::OPTIONS, Method::PUT] {
        let refused = request(&method, "/strict/longpoll", &evil, "");
        let answer = send(fixture.address, refused).await;
        assert_eq!((answer.http, answer.json()), (StatusCode::OK, json!({ "status": 403 })));
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
    let good = [("origin", "https://example.com")];
    let opened = request(&Method::GET, "/strict/longpoll", &good, "");
    assert_eq!(send(fixture.address, opened).await.status(), 410);
    assert_eq!(get(fixture.address, "/strict/longpoll").await.status(), 410);
}

#[tokio::test]
async fn browsers_are_told_what_pages_of_other_origins_may_send() {
    let fixture = start().await;
    let wanted = [("access-control-request-headers", "content-type, x-foo")];
    for (headers, allowed) in [(&wanted[..], "content-type, x-foo"), (&[], "")] {
        let preflight = request(&Method::OPTIONS, "/echo/longpoll", headers, "");
        let answer = send(fixture.address, preflight).await;
        assert_eq!((answer.http, &answer.body[..]), (StatusCode::OK, &b""[..]));
        assert!(answer.headers.contains_key("access-control-allow-headers"));
        assert_eq!(answer.header("access-control-allow-headers"), allowed);
        assert_eq!(answer.header("access-control-allow-methods"), "get, post, options");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-max-age"), "3600");
    }
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let fixture = start().await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::HEAD] {
        let answer = send(fixture.address, request(&method, "/echo/longpoll", &[], "")).await;
        assert_eq!(answer.http, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.header("allow"), "GET, POST, OPTIONS");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
}

#[tokio::test]
async fn other_routes_get_their_requests_with_the_body() {
    let fixture = start().await;
    let elsewhere = request(&Method::POST, "/echo/longpoll/elsewhere", &[], "a body");
    assert_eq!(send(fixture.address, elsewhere).await.body, "a body");
}
