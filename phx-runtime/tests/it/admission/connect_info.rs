//! What `connect` is told of a request.

use phx_runtime::{
    Endpoint, json,
    options::{Mount, WebSocketOptions},
};

use crate::{
    admission::server::{User, info, serve, serve_user},
    support::handshake::{open, send},
};

#[tokio::test]
async fn everything_that_is_meant_for_connect_arrives() {
    let at = serve_user(WebSocketOptions::new()).await;
    let headers = [
        ("Host", "my.host:123"),
        ("X-Application", "Phoenix"),
        ("X-Dup", "one"),
        ("X-Dup", "two"),
        ("x-text", "grüße"),
        ("User-Agent", "foo/1.0"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("tracestate", "congo=t61rcWkgMzE"),
        ("baggage", "k=v"),
        ("Cookie", "a=b"),
        ("Authorization", "Bearer hunter2"),
    ];
    let answer = open(at, "/socket/websocket?vsn=2.0.0&a=%20b", &headers).await;
    let peer = answer.stream.local_addr().unwrap();
    let mut seen = answer.accepted().join("room:a", json!({})).await["response"].take();
    let debug = seen.as_object_mut().unwrap().remove("debug").unwrap();
    assert_eq!(
        seen,
        json!({
            "params": { "vsn": "2.0.0", "a": " b" },
            "peer": peer,
            "uri": "http://my.host:123/socket/websocket?vsn=2.0.0&a=%20b",
            "port": 123,
            "user_agent": "foo/1.0",
            "x_headers": [
                ["x-application", "Phoenix"],
                ["x-dup", "one"],
                ["x-dup", "two"],
                ["x-text", "grüße"],
            ],
            "trace_context_headers": [
                ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
                ["tracestate", "congo=t61rcWkgMzE"],
            ],
            "sec_websocket_headers": [
                ["sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="],
                ["sec-websocket-version", "13"],
            ],
            "auth_token": null,
            "session": null,
        })
    );
    let debug = debug.as_str().unwrap();
    assert!(!debug.contains("a=b") && !debug.contains("hunter2"), "{debug}");
}

#[tokio::test]
async fn what_was_not_sent_is_absent() {
    let at = serve_user(WebSocketOptions::new()).await;
    let seen = info(at, "/socket/websocket?vsn=2.0.0", &[]).await;
    assert_eq!(seen["user_agent"], json!(null));
    assert_eq!(seen["x_headers"], json!([]));
    assert_eq!(seen["trace_context_headers"], json!([]));
}

#[tokio::test]
async fn without_a_port_in_host_it_is_that_of_the_scheme() {
    let at = serve_user(WebSocketOptions::new()).await;
    let forwarded = [("Host", "my.host"), ("X-Forwarded-Port", "443")];
    let seen = info(at, "/socket/websocket?vsn=2.0.0", &forwarded).await;
    assert_eq!(seen["port"], 80);
    assert_eq!(seen["uri"], "http://my.host/socket/websocket?vsn=2.0.0");
}

#[tokio::test]
async fn path_variables_are_parameters_that_the_query_cannot_override() {
    let options = WebSocketOptions::new().path("/{path_var}/path");
    let mount = Mount::new("/custom/{socket_var}").websocket(options);
    let at = serve(Endpoint::builder().socket_at::<User>(mount)).await;
    let seen = info(at, "/custom/a%20b/nested/path?vsn=2.0.0&key=value", &[]).await;
    assert_eq!(
        seen["params"],
        json!({ "socket_var": "a%20b", "path_var": "nested", "vsn": "2.0.0", "key": "value" })
    );
    let seen = info(at, "/custom/123/456/path?vsn=2.0.0&path_var=mine", &[]).await;
    assert_eq!(seen["params"]["path_var"], "456");
}

#[tokio::test]
async fn queries_are_decoded_as_forms_are() {
    let at = serve_user(WebSocketOptions::new()).await;
    let target =
        "/socket/websocket?a=1+2&a=%C3%BC&b[]=1&c%5Bd%5D=2&e=%zz&vsn=1.0.0&vsn=2.0.0&VSN=9";
    let seen = info(at, target, &[]).await;
    assert_eq!(
        seen["params"],
        json!({ "a": "ü", "b": ["1"], "c": { "d": "2" }, "e": "%zz", "vsn": "2.0.0", "VSN": "9" })
    );
}

#[tokio::test]
async fn a_query_that_is_not_text_is_a_bad_request() {
    let at = serve_user(WebSocketOptions::new()).await;
    for query in ["a=%ff", "%ff=a", "vsn=2.0.0&a=%C3"] {
        let answer = open(at, &format!("/socket/websocket?{query}"), &[]).await;
        assert_eq!(answer.status, 400, "{query}");
    }
    // Bytes that were not encoded at all.
    let raw = b"GET /socket/websocket?a=\xff HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 13\r\n\r\n";
    assert_eq!(send(at, raw).await.status, 400);
}
