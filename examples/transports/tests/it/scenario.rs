//! Every transport plays the scenario of channels, as the built-in ones do.

use std::future::pending;

use phx_runtime::testing::scenario::{self, Line, PATH};
use phx_transports::{axum_websocket, events};

use crate::clients::{
    EventClient, LineClient, WebSocketClient, endpoint, joined, serve, serve_axum, serve_lines,
};

#[tokio::test]
async fn lines_over_tcp_play_the_scenario_of_channels() {
    let endpoint = endpoint();
    let address = serve_lines(&endpoint).await;
    scenario::play(&endpoint, async || LineClient::connect(address).await).await;
}

#[tokio::test]
async fn server_sent_events_play_the_scenario_of_channels() {
    let endpoint = endpoint();
    let address = serve(&endpoint, events::routes(endpoint.clone(), PATH)).await;
    scenario::play(&endpoint, async || EventClient::connect(address).await).await;
}

#[tokio::test]
async fn server_sent_events_under_the_server_of_axum_play_the_scenario_of_channels() {
    let endpoint = endpoint();
    let address = serve_axum(events::routes(endpoint.clone(), PATH)).await;
    scenario::play(&endpoint, async || EventClient::connect(address).await).await;
}

#[tokio::test]
async fn websocket_under_axum_plays_the_scenario_of_channels() {
    let endpoint = endpoint();
    let address = serve_axum(axum_websocket::routes(endpoint.clone(), PATH)).await;
    scenario::play(&endpoint, async || WebSocketClient::connect(address).await).await;
}

#[tokio::test]
async fn websocket_of_the_runtime_plays_the_scenario_of_channels() {
    let endpoint = endpoint();
    let server = endpoint.bind(([127, 0, 0, 1], 0)).await.unwrap();
    let address = server.address();
    tokio::spawn(server.stop_on(pending()).run(endpoint.routes()));
    scenario::play(&endpoint, async || WebSocketClient::connect(address).await).await;
}

#[tokio::test]
async fn a_line_break_in_a_message_of_one_transport_makes_no_message_of_another() {
    let endpoint = endpoint();
    let routes = events::routes(endpoint.clone(), PATH)
        .merge(axum_websocket::routes(endpoint.clone(), PATH));
    let at = serve(&endpoint, routes).await;
    let mut over_lines = joined(LineClient::connect(serve_lines(&endpoint).await).await).await;
    let mut over_events = joined(EventClient::connect(at).await).await;
    let mut sneaky = joined(WebSocketClient::connect(at).await).await;
    let forged = "{\"a\":\n[\"1\"],\r\"b\":\r\n[\"data: 2\"]\n}";
    sneaky.send(format!(r#"["1","2","scene:1","shout",{forged}]"#)).await;
    for client in [&mut over_lines as &mut dyn Hears, &mut over_events] {
        let heard = client.hears().await;
        let heard: serde_json::Value = serde_json::from_str(&heard).unwrap();
        assert_eq!(heard[4], serde_json::from_str::<serde_json::Value>(forged).unwrap());
    }
}

/// Clients of several kinds.
trait Hears {
    fn hears(&mut self) -> std::pin::Pin<Box<dyn Future<Output = String> + '_>>;
}

impl<L: Line> Hears for L {
    fn hears(&mut self) -> std::pin::Pin<Box<dyn Future<Output = String> + '_>> {
        Box::pin(async { self.receive().await.unwrap() })
    }
}
