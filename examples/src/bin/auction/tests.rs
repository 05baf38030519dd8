//! An auction from the first bid to the last second.

#![allow(clippy::unwrap_used, reason = "what a test cannot do fails it")]

use phx_runtime::{
    assert_push, assert_reply,
    prelude::*,
    refute_push,
    server::Builder,
    testing::{self, Over},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use warp::Filter;

use crate::{
    auction_channel::{AuctionChannel, Offer},
    auctions::{Auctions, Lot, Refused},
    bidder::{self, Bidder},
    clock,
    events::{Bid, Closed, Tick},
    routes::{self, Admin},
};

fn builder(auctions: &Auctions) -> Builder {
    crate::builder(auctions.clone(), Admin("secret".to_owned()))
}

fn endpoint() -> (Endpoint, Auctions) {
    let auctions = Auctions::default();
    (builder(&auctions).build().unwrap(), auctions)
}

async fn connect(endpoint: &Endpoint, name: &str) -> testing::Client {
    connect_over(Over::Memory, endpoint, name).await
}

async fn connect_over(over: Over, endpoint: &Endpoint, name: &str) -> testing::Client {
    let token = bidder::token(endpoint, name).unwrap();
    testing::client::<Bidder>(endpoint).over(over).auth_token(token).connect().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn only_who_has_a_token_connects() {
    let (endpoint, _) = endpoint();
    assert_eq!(connect(&endpoint, "ann").await.id(), Some("bidder:ann"));
    assert!(testing::client::<Bidder>(&endpoint).connect().await.is_err());
    let forged = testing::client::<Bidder>(&endpoint).auth_token("ann").connect().await;
    assert!(!forged.unwrap_err().is_fault());
}

#[testing::test(memory, websocket, longpoll)]
async fn the_highest_bid_wins_when_the_time_is_over(over: Over) {
    let (endpoint, auctions) = endpoint();
    let lot = auctions.open("A clock", 10, 3);
    let topic = AuctionChannel::topic(lot);
    tokio::spawn(clock::run(endpoint.clone()));
    let ann = connect_over(over, &endpoint, "ann").await.join(&topic, json!({})).await.unwrap();
    assert_push!(ann, "presence_state", { "ann": { "metas": [_] } });
    let bob = connect_over(over, &endpoint, "bob").await.join(&topic, json!({})).await.unwrap();
    assert_push!(ann, "presence_diff", { "joins": { "bob": _ }, "leaves": {} });

    assert_reply!(ann.push("bid", json!({ "amount": 9 })).await, error, { "reason": "too_low", "at_least": 10 });
    assert_reply!(ann.push("bid", json!({ "amount": 10 })).await, ok, { "by": "ann" });
    assert_push!(bob, Bid { amount: 10, by } if by == "ann");
    assert_reply!(bob.push("bid", json!({ "amount": 12 })).await, ok);
    assert_push!(ann, Bid { amount: 12, .. });

    assert_push!(ann, Tick { seconds: 2 });
    assert_push!(ann, Tick { seconds: 1 });
    let closed = assert_push!(ann, Closed { .. });
    assert_eq!(closed.sold, Some(Bid { by: "bob".to_owned(), amount: 12 }));
    refute_push!(ann, "tick");
    assert_reply!(ann.push("bid", json!({ "amount": 20 })).await, error, { "reason": "closed" });
}

#[tokio::test(start_paused = true)]
async fn a_lot_that_is_not_there_is_refused() {
    let (endpoint, _) = endpoint();
    let refused = connect(&endpoint, "ann").await.join("auction:9", json!({})).await.unwrap_err();
    assert_eq!(refused.reason(), "no_such_lot");
}

/// Whose telephone lost the connection comes back to the lot as it stands, and is there once.
#[tokio::test(start_paused = true)]
async fn a_bidder_whose_connection_is_lost_misses_no_bid() {
    let (endpoint, auctions) = endpoint();
    let lot = AuctionChannel::topic(auctions.open("A clock", 10, 300));
    let present = |endpoint: &Endpoint| endpoint.state::<Presence>().unwrap().keys(&lot);
    let mut ann = connect(&endpoint, "ann").await;
    let anns = ann.join(&lot, json!({})).await.unwrap();
    let bobs = connect(&endpoint, "bob").await.join(&lot, json!({})).await.unwrap();
    ann.lose().await.unwrap();
    assert_eq!(present(&endpoint), ["bob"]);
    assert_reply!(bobs.push("bid", json!({ "amount": 12 })).await, ok);
    ann.reconnect().await.unwrap();
    let now: serde_json::Value = anns.response().decode().unwrap();
    assert_eq!(now["best"], json!({ "by": "bob", "amount": 12 }));
    let present_again = assert_push!(anns, "presence_state", { "ann": _, "bob": _ });
    assert!(present_again.as_json().is_some());
    assert_reply!(anns.push("bid", json!({ "amount": 13 })).await, ok);
    assert_push!(bobs, Bid { amount: 13, .. });
}

/// A bid that arrives twice is no higher bid the second time.
#[tokio::test(start_paused = true)]
async fn a_bid_that_is_sent_twice_counts_once() {
    let (endpoint, auctions) = endpoint();
    let lot = AuctionChannel::topic(auctions.open("A clock", 10, 300));
    let ann = connect(&endpoint, "ann").await;
    let anns = ann.join(&lot, json!({})).await.unwrap();
    ann.set_repeated(true);
    let bid = anns.push("bid", json!({ "amount": 10 })).await;
    assert_reply!(bid, ok, { "amount": 10 });
    assert_reply!(bid, error, { "reason": "too_low", "at_least": 11 });
    assert_push!(anns, Bid { .. });
    refute_push!(anns, "bid");
}

#[tokio::test(start_paused = true)]
async fn bidders_of_two_servers_are_at_one_lot() {
    let auctions = Auctions::default();
    let lot = AuctionChannel::topic(auctions.open("A clock", 10, 300));
    let mut nodes = testing::cluster(2, |_| builder(&auctions)).await;
    let anns = connect(&nodes[0], "ann").await.join(&lot, json!({})).await.unwrap();
    let mut bob = connect(&nodes[1], "bob").await;
    let bobs = bob.join(&lot, json!({})).await.unwrap();
    let present = |node: &Endpoint| node.state::<Presence>().unwrap().keys(&lot);
    nodes.agree_on(["ann", "bob"], present).await.unwrap();
    assert_reply!(anns.push("bid", json!({ "amount": 10 })).await, ok);
    assert_push!(bobs, Bid { amount: 10, .. });

    nodes.stop(1).await;
    nodes.agree_on(["ann"], present).await.unwrap();
    bob.reconnect_to(&nodes[0]).await.unwrap();
    nodes.agree_on(["ann", "bob"], present).await.unwrap();
    assert_reply!(bobs.push("bid", json!({ "amount": 11 })).await, ok);
    assert_push!(anns, Bid { amount: 11, .. });
}

/// Handlers are plain methods.
#[tokio::test]
async fn a_bid_is_told_to_everybody() {
    let auctions = Auctions::default();
    let channel = AuctionChannel { lot: auctions.open("A clock", 10, 3), name: "ann".to_owned() };
    let socket = testing::socket(AuctionChannel::topic(channel.lot));
    let low = channel.bid(Offer { amount: 1 }, &socket, State(auctions.clone()));
    assert_eq!(low, Err(Refused::TooLow { at_least: 10 }));
    let mut everybody = socket.endpoint().subscribe(socket.topic());
    let bid = channel.bid(Offer { amount: 11 }, &socket, State(auctions.clone())).unwrap();
    let told = everybody.recv().await.unwrap();
    assert_eq!(*told.event(), "bid");
    assert_eq!(told.decode::<Bid>().unwrap(), bid);
    let Lot { best, .. } = auctions.lot(channel.lot).unwrap();
    assert_eq!(best, Some(bid));
}

#[tokio::test]
async fn the_auctioneer_opens_lots_and_nobody_else() {
    let (endpoint, auctions) = endpoint();
    let server = endpoint.bind(([127, 0, 0, 1], 0)).await.unwrap();
    let address = server.address();
    let serving = tokio::spawn({
        let routes = endpoint.routes().or(routes::all(endpoint.clone()));
        async move { server.run(routes).await }
    });
    let lot = r#"{"title":"A clock","price":10,"seconds":60}"#;
    for (authorization, status) in [("Bearer wrong", "401"), ("Bearer secret", "201")] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "POST /lots HTTP/1.1\r\nhost: {address}\r\nauthorization: {authorization}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{lot}",
            lot.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    assert_eq!(auctions.all().len(), 1);
    serving.abort();
}
