//! Messages for all connections of an owner.

use phx_runtime::{
    cluster::{Cluster, Hub},
    endpoint::Broadcast,
    prelude::*,
};
use serde::Serialize;

use crate::support::{http_client, patience::eventually, raw_client::RawClient, server};

struct User {
    name: String,
}

#[socket("/socket", websocket, longpoll)]
#[channels(Own)]
impl User {
    #[connect]
    fn connect(params: Params) -> Result<Self, ConnectError> {
        Ok(Self { name: params.get("name").unwrap_or("nobody").to_owned() })
    }

    #[id]
    fn id(&self) -> String {
        format!("user:{}", self.name)
    }
}

/// A channel whose topic may be the id of a connection.
struct Own;

#[channel("user:*")]
impl Own {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

/// Without channels.
struct Pager;

#[socket("/pager", websocket)]
impl Pager {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[id]
    fn id(&self) -> &'static str {
        "user:ann"
    }

    #[init]
    fn init(&self) -> &'static str {
        "ready"
    }

    #[handle_info]
    fn page(&self, page: Broadcast) -> String {
        format!("{} {}", page.topic(), page.event())
    }
}

#[event("invoice")]
#[derive(Serialize)]
struct Invoice {
    euros: u32,
}

fn builder() -> phx_runtime::server::Builder {
    Endpoint::builder().socket::<User>().socket::<Pager>()
}

async fn connected(at: std::net::SocketAddr, query: &str) -> RawClient {
    let path = format!("/socket/websocket?{query}");
    let mut client = RawClient::connect(at, &path, "").await;
    // Answered by the session, which is there then.
    client.send_text(if query.contains("vsn=2") { HEARTBEAT } else { HEARTBEAT_V1 }).await;
    assert!(client.frame().await.unwrap().text().contains("phx_reply"));
    client
}

const HEARTBEAT: &str = r#"[null,"9","phoenix","heartbeat",{}]"#;
const HEARTBEAT_V1: &str = r#"{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"9"}"#;

#[tokio::test]
async fn what_is_pushed_to_an_id_reaches_each_of_its_connections_once() {
    let endpoint = builder().build().unwrap();
    let at = server::serve(&endpoint).await;
    let mut ann = connected(at, "vsn=2.0.0&name=ann").await;
    let mut old = connected(at, "vsn=1.0.0&name=ann").await;
    let mut bob = connected(at, "vsn=2.0.0&name=bob").await;
    let mut pager = RawClient::connect(at, "/pager/websocket", "").await;
    assert_eq!(pager.frame().await.unwrap().text(), "ready");
    ann.send_text(r#"["1","1","user:ann","phx_join",{}]"#).await;
    assert!(ann.frame().await.unwrap().text().contains("phx_reply"));

    endpoint.push_to("user:ann", "notice", json!({ "text": "hi" }));
    endpoint.push_event_to("user:ann", Invoice { euros: 7 });
    let pushes = [
        r#"[null,null,"user:ann","notice",{"text":"hi"}]"#,
        r#"[null,null,"user:ann","invoice",{"euros":7}]"#,
    ];
    for push in pushes {
        assert_eq!(ann.frame().await.unwrap().text(), push);
    }
    // The channel of that topic had no part in it.
    ann.send_text(HEARTBEAT).await;
    assert!(ann.frame().await.unwrap().text().starts_with(r#"[null,"9","phoenix""#));
    for event in ["notice", "invoice"] {
        let frame = old.frame().await.unwrap();
        let message: serde_json::Value = serde_json::from_str(frame.text()).unwrap();
        assert_eq!((&message["topic"], &message["event"]), (&json!("user:ann"), &json!(event)));
        assert_eq!(pager.frame().await.unwrap().text(), format!("user:ann {event}"));
    }
    bob.send_text(HEARTBEAT).await;
    assert!(bob.frame().await.unwrap().text().contains("phx_reply"));
}

#[tokio::test]
async fn what_is_pushed_to_an_id_reaches_long_polling_clients_and_other_nodes() {
    let hub = Hub::new();
    let node = || {
        let cluster = Cluster::adapter(hub.adapter());
        builder().secret("the same on every node of the tests").cluster(cluster).build().unwrap()
    };
    let (here, there) = (node(), node());
    here.join_cluster().await.unwrap();
    there.join_cluster().await.unwrap();
    eventually(|| !here.nodes().is_empty()).await;
    let at = server::serve(&there).await;
    let mut ann = connected(at, "vsn=2.0.0&name=ann").await;
    let polling = http_client::Client::open(at, "/socket/longpoll?vsn=2.0.0&name=ann").await;
    assert_eq!(polling.post(HEARTBEAT).await, 200);
    assert!(polling.receive(1).await[0].contains("phx_reply"));

    here.push_to("user:ann", "notice", json!({}));
    let push = r#"[null,null,"user:ann","notice",{}]"#;
    assert_eq!(ann.frame().await.unwrap().text(), push);
    assert_eq!(polling.receive(1).await, [push]);
}

/// Broadcasts, so it needs the endpoint.
#[derive(Clone)]
struct Office {
    endpoint: Endpoint,
    name: &'static str,
}

#[derive(Clone)]
struct Name(&'static str);

#[tokio::test]
async fn a_state_that_needs_the_endpoint_is_made_with_it() {
    struct Visitor;

    #[socket("/office", websocket)]
    impl Visitor {
        #[connect]
        fn connect(_: Params, office: State<Office>) -> Result<Self, ConnectError> {
            office.endpoint.broadcast("visits", "visited", json!({ "office": office.name }));
            Ok(Self)
        }
    }

    let endpoint = Endpoint::builder()
        .state_with(|endpoint| {
            let Name(name) = *endpoint.state::<Name>().unwrap();
            Office { endpoint: endpoint.clone(), name }
        })
        .state_with(|endpoint| endpoint.state::<Office>().unwrap().name.len())
        .state(Name("phx"))
        .socket::<Visitor>()
        .build()
        .unwrap();
    assert_eq!(*endpoint.state::<usize>().unwrap(), 3);
    let mut visits = endpoint.subscribe("visits");
    let info = ConnectInfo::new(
        phx_runtime::transport::TransportKind::Custom("mine"),
        Params::from_iter([("vsn", "2.0.0")]),
    );
    let visitor = endpoint.connect("/office", info).await.unwrap();
    assert_eq!(visits.recv().await.unwrap().payload().as_json(), Some(r#"{"office":"phx"}"#));
    drop(visitor);

    let last = Endpoint::builder().state_with(|_| 1_u8).state(2_u8).build().unwrap();
    assert_eq!(*last.state::<u8>().unwrap(), 2);
    let last = Endpoint::builder().state(2_u8).state_with(|_| 1_u8).build().unwrap();
    assert_eq!(*last.state::<u8>().unwrap(), 1);
}
