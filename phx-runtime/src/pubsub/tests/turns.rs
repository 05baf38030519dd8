//! How much is done at a time, by whom, and how much is kept.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::{Chatter, Listener, message, settle};
use crate::{
    connection::Connection,
    message::Topic,
    pubsub::{Pace, Pass, Place, PubSub, Subscriber, pass::TURN},
};

/// Counts what it and others are handed.
struct Counter {
    place: Place,
    handed: Arc<AtomicUsize>,
}

impl Counter {
    fn subscribe_many(pubsub: &PubSub, topic: &Topic, count: usize) -> Arc<AtomicUsize> {
        let handed = Arc::new(AtomicUsize::new(0));
        for _ in 0..count {
            let counter = Self { place: Place::default(), handed: handed.clone() };
            pubsub.subscribe(topic, Arc::new(counter));
        }
        handed
    }
}

impl Subscriber for Counter {
    fn deliver(self: Arc<Self>, pass: &Pass, first: usize) {
        self.handed.fetch_add(pass.messages().len() - first, Ordering::Relaxed);
    }

    fn place(&self) -> &Place {
        &self.place
    }
}

/// A connection whose task handles what it has read.
fn reading() -> Connection {
    let connection = Connection::new(usize::MAX);
    connection.cork();
    connection
}

#[tokio::test]
async fn a_turn_hands_out_a_bounded_number_of_messages_times_subscribers() {
    const SUBSCRIBERS: usize = 300;
    const MESSAGES: usize = 2000;
    let (pubsub, topic, client) = (PubSub::new(), Topic::from("t"), reading());
    let handed = Counter::subscribe_many(&pubsub, &topic, SUBSCRIBERS);
    for _ in 0..MESSAGES {
        pubsub.publish(message(&topic, "m", None), Pace::BeforeFlushOf(&client));
    }
    assert_eq!(handed.load(Ordering::Relaxed), 0);
    let mut before = 0;
    let mut turns = 0;
    client.take_frames();
    while before < SUBSCRIBERS * MESSAGES {
        let now = handed.load(Ordering::Relaxed);
        assert!(now - before <= TURN, "{} in one turn", now - before);
        before = now;
        turns += 1;
        assert!(turns < 1000, "{now} were handed out");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_client_that_publishes_during_a_pass_is_heard_after_it_too() {
    const SUBSCRIBERS: usize = 300;
    let (pubsub, topic, client) = (PubSub::new(), Topic::from("t"), Connection::new(usize::MAX));
    let handed = Counter::subscribe_many(&pubsub, &topic, SUBSCRIBERS);
    let publish = || pubsub.publish(message(&topic, "m", None), Pace::BeforeFlushOf(&client));
    publish();
    assert!(handed.load(Ordering::Relaxed) < SUBSCRIBERS, "a pass goes on in a task");
    publish();
    settle().await;
    assert_eq!(handed.load(Ordering::Relaxed), 2 * SUBSCRIBERS);
    publish();
    settle().await;
    assert_eq!(handed.load(Ordering::Relaxed), 3 * SUBSCRIBERS);
}

#[tokio::test]
async fn what_a_client_has_put_off_leaves_with_what_another_one_publishes() {
    let (pubsub, topic) = (PubSub::new(), Topic::from("t"));
    let (busy, listener) = (reading(), Listener::new());
    pubsub.subscribe(&topic, listener.clone());
    pubsub.publish(message(&topic, "first", None), Pace::BeforeFlushOf(&busy));
    assert!(listener.heard().is_empty());
    pubsub.publish(message(&topic, "second", None), Pace::Now);
    assert_eq!(listener.heard(), ["first", "second"]);
    pubsub.publish(message(&topic, "third", None), Pace::BeforeFlushOf(&busy));
    // One that reads too comes to its end first.
    let other = reading();
    pubsub.publish(message(&topic, "fourth", None), Pace::BeforeFlushOf(&other));
    pubsub.publish(message(&topic, "fifth", None), Pace::BeforeFlushOf(&busy));
    assert!(listener.heard().is_empty());
    other.take_frames();
    assert_eq!(listener.heard(), ["third", "fourth", "fifth"]);
    busy.take_frames();
    assert!(listener.heard().is_empty());
}

#[tokio::test]
async fn messages_for_a_task_wait_for_one_task() {
    let (pubsub, topic) = (PubSub::new(), Topic::from("t"));
    let listener = Listener::new();
    pubsub.subscribe(&topic, listener.clone());
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for _ in 0..100 {
        pubsub.publish(message(&topic, "soon", None), Pace::Soon);
    }
    assert_eq!(tasks(), before + 1);
    assert!(listener.heard().is_empty());
    settle().await;
    assert_eq!(listener.heard().len(), 100);
}

#[tokio::test]
async fn a_client_whose_messages_wait_by_the_thousand_is_held_until_they_are_on_their_way() {
    let (pubsub, topic, client) = (PubSub::new(), Topic::from("t"), reading());
    let handed = Counter::subscribe_many(&pubsub, &topic, 1000);
    let mut count = 0;
    while !client.is_held() {
        pubsub.publish(message(&topic, "m", None), Pace::BeforeFlushOf(&client));
        count += 1;
        assert!(count < 10_000);
    }
    client.take_frames();
    assert!(client.is_held());
    while client.is_held() {
        tokio::task::yield_now().await;
    }
    while handed.load(Ordering::Relaxed) < 1000 * count {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_runtime_that_ends_during_a_pass_leaves_the_topic_to_others() {
    let (pubsub, topic) = (PubSub::new(), Topic::from("t"));
    let handed = Counter::subscribe_many(&pubsub, &topic, 1000);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { pubsub.publish(message(&topic, "m", None), Pace::Now) });
    drop(runtime);
    let given_up = handed.load(Ordering::Relaxed);
    assert!(given_up < 1000);
    pubsub.publish(message(&topic, "m", None), Pace::Now);
    assert_eq!(handed.load(Ordering::Relaxed), given_up + 1000);
}

#[tokio::test]
async fn a_topic_that_is_never_quiet_keeps_no_room_for_those_who_came_and_left() {
    let (pubsub, topic) = (PubSub::new(), Topic::from("t"));
    let chatter = Arc::new(Chatter {
        place: Place::default(),
        pubsub: pubsub.clone(),
        topic: topic.clone(),
        left: AtomicUsize::new(1_000_000),
    });
    pubsub.subscribe(&topic, chatter.clone());
    pubsub.publish(message(&topic, "first", None), Pace::Now);
    for _ in 0..100 {
        let guests: Vec<_> = (0..100).map(|_| Listener::new()).collect();
        for guest in &guests {
            pubsub.subscribe(&topic, guest.clone());
        }
        tokio::task::yield_now().await;
        for guest in &guests {
            pubsub.unsubscribe(&topic, &**guest);
        }
    }
    assert!(chatter.left.load(Ordering::Relaxed) > 0);
    assert_eq!(pubsub.subscribers(&topic), 1);
    let room = pubsub.room_in(&topic);
    assert!(room < 1000, "room for {room}");
    chatter.left.store(0, Ordering::Relaxed);
    settle().await;
}

#[tokio::test]
async fn a_topic_that_most_have_left_gives_their_room_back() {
    let (pubsub, topic) = (PubSub::new(), Topic::from("t"));
    let all: Vec<_> = (0..10_000).map(|_| Listener::new()).collect();
    for listener in &all {
        pubsub.subscribe(&topic, listener.clone());
    }
    for listener in &all[10..] {
        pubsub.unsubscribe(&topic, &**listener);
    }
    let room = pubsub.room_in(&topic);
    assert!(room <= 128, "room for {room}");
    pubsub.publish(message(&topic, "still here", None), Pace::Now);
    assert!(all[..10].iter().all(|listener| listener.heard() == ["still here"]));
}
