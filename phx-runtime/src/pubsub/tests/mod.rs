mod turns;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use parking_lot::Mutex;

use crate::{
    json,
    message::{Payload, Topic},
    pubsub::{Broadcast, Form, Pace, Pass, Place, PubSub, Subscriber},
    serializer::{Codec, Version},
};

/// Remembers what it got, and may do something when it gets it.
struct Listener {
    place: Place,
    heard: Mutex<Vec<String>>,
    on_message: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Listener {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            place: Place::default(),
            heard: Mutex::default(),
            on_message: Mutex::default(),
        })
    }

    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock())
    }
}

impl Subscriber for Listener {
    fn deliver(self: Arc<Self>, pass: &Pass, first: usize) {
        for message in &pass.messages()[first..] {
            if !message.is_from(&self.place) {
                self.heard.lock().push(message.event().to_string());
            }
        }
        let action = self.on_message.lock().take();
        if let Some(action) = action {
            action();
        }
    }

    fn place(&self) -> &Place {
        &self.place
    }
}

fn message(topic: &Topic, event: &str, author: Option<&Listener>) -> Broadcast {
    let author = author.map(|author| &author.place);
    Broadcast::new(topic.clone(), event, &Payload::of_value(&json!({})), author).unwrap()
}

/// Lets spawned passes run to their end.
async fn settle() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn only_subscribers_of_the_topic_get_a_message_and_its_author_does_not() {
    let (pubsub, here, there) = (PubSub::new(), Topic::from("here"), Topic::from("there"));
    let (ann, bob, eve) = (Listener::new(), Listener::new(), Listener::new());
    pubsub.subscribe(&here, ann.clone());
    pubsub.subscribe(&here, bob.clone());
    pubsub.subscribe(&there, eve.clone());
    pubsub.publish(message(&here, "one", None), Pace::Now);
    pubsub.publish(message(&here, "two", Some(&ann)), Pace::Now);
    settle().await;
    assert_eq!(ann.heard(), ["one"]);
    assert_eq!(bob.heard(), ["one", "two"]);
    assert!(eve.heard().is_empty());
}

#[tokio::test]
async fn messages_that_arrive_during_a_pass_leave_in_the_next() {
    let (pubsub, topic) = (PubSub::new(), Topic::from("t"));
    let ann = Listener::new();
    pubsub.subscribe(&topic, ann.clone());
    let (again, at) = (pubsub.clone(), topic.clone());
    *ann.on_message.lock() =
        Some(Box::new(move || again.publish(message(&at, "second", None), Pace::Now)));
    pubsub.publish(message(&topic, "first", None), Pace::Now);
    settle().await;
    assert_eq!(ann.heard(), ["first", "second"]);
}

/// Answers every message with one more, as a busy topic's other senders do.
struct Chatter {
    place: Place,
    pubsub: PubSub,
    topic: Topic,
    left: AtomicUsize,
}

impl Subscriber for Chatter {
    fn deliver(self: Arc<Self>, _: &Pass, _: usize) {
        if self.left.load(Ordering::Relaxed) > 0 {
            self.left.fetch_sub(1, Ordering::Relaxed);
            self.pubsub.publish(message(&self.topic, "more", None), Pace::Now);
        }
    }

    fn place(&self) -> &Place {
        &self.place
    }
}

#[tokio::test]
async fn who_sends_to_a_busy_topic_is_not_kept_for_as_long_as_it_is_busy() {
    let (pubsub, topic) = (PubSub::new(), Topic::from("t"));
    let chatter = Arc::new(Chatter {
        place: Place::default(),
        pubsub: pubsub.clone(),
        topic: topic.clone(),
        left: AtomicUsize::new(400),
    });
    pubsub.subscribe(&topic, chatter.clone());
    pubsub.publish(message(&topic, "first", None), Pace::Now);
    assert!(chatter.left.load(Ordering::Relaxed) > 0);
    settle().await;
    assert_eq!(chatter.left.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn who_leaves_during_a_pass_makes_nobody_else_miss_it() {
    let (pubsub, topic) = (PubSub::new(), Topic::from("t"));
    let all: Vec<_> = (0..1000).map(|_| Listener::new()).collect();
    for listener in &all {
        pubsub.subscribe(&topic, listener.clone());
    }
    // The first one takes out half of the list, some before and some after the pass's position.
    let (leaving, rest) = (pubsub.clone(), all.clone());
    let at = topic.clone();
    *all[300].on_message.lock() = Some(Box::new(move || {
        for listener in rest.iter().step_by(2) {
            leaving.unsubscribe(&at, &**listener);
        }
    }));
    pubsub.publish(message(&topic, "first", None), Pace::Now);
    settle().await;
    for listener in all.iter().skip(1).step_by(2) {
        assert_eq!(listener.heard(), ["first"]);
    }
    assert_eq!(pubsub.subscribers(&topic), 500);
    pubsub.publish(message(&topic, "second", None), Pace::Now);
    settle().await;
    for (number, listener) in all.iter().enumerate() {
        let expected: &[&str] = if number % 2 == 0 { &[] } else { &["second"] };
        let heard = listener.heard();
        assert!(heard.ends_with(&expected.iter().map(ToString::to_string).collect::<Vec<_>>()));
        assert_eq!(heard.iter().filter(|event| *event == "second").count(), expected.len());
    }
}

#[tokio::test]
async fn a_topic_is_forgotten_with_its_last_subscriber() {
    let (pubsub, topic) = (PubSub::new(), Topic::from("t"));
    let (ann, bob) = (Listener::new(), Listener::new());
    pubsub.subscribe(&topic, ann.clone());
    pubsub.subscribe(&topic, bob.clone());
    assert_eq!(pubsub.topics(), 1);
    pubsub.unsubscribe(&topic, &*ann);
    pubsub.unsubscribe(&topic, &*ann);
    assert_eq!((pubsub.topics(), pubsub.subscribers(&topic)), (1, 1));
    pubsub.unsubscribe(&topic, &*bob);
    assert_eq!(pubsub.topics(), 0);
}

#[test]
fn publishing_works_outside_of_a_runtime() {
    let (pubsub, topic) = (PubSub::new(), Topic::from("t"));
    let ann = Listener::new();
    pubsub.subscribe(&topic, ann.clone());
    pubsub.publish(message(&topic, "one", None), Pace::Now);
    assert_eq!(ann.heard(), ["one"]);
}

#[tokio::test]
async fn a_subscription_that_does_not_receive_misses_messages_and_is_told() {
    let (pubsub, topic) = (PubSub::new(), Topic::from("t"));
    let mut slow = crate::pubsub::Subscription::new(&pubsub, topic.clone());
    for _ in 0..1030 {
        pubsub.publish(message(&topic, "x", None), Pace::Now);
    }
    settle().await;
    let error = slow.recv().await.unwrap_err();
    assert_eq!((error.kind(), error.missed()), (crate::pubsub::SubscriptionErrorKind::Missed, 6));
    assert_eq!(slow.recv().await.unwrap().event(), "x");
    drop(slow);
    assert_eq!(pubsub.topics(), 0);
}

#[test]
fn a_broadcast_is_encoded_and_compressed_once_for_all_that_take_it_so() {
    let codecs = [Version::V1, Version::V2].map(Codec::Version);
    let (topic, body) = (Topic::from("t"), "words ".repeat(100));
    let message = |payload| Broadcast::new(topic.clone(), "e", &Payload::of_value(&payload), None);
    let frames = |pass: &Pass, form| pass.frames(pass.cut(&[]), form).clone();
    let long = Pass::new(vec![message(json!({ "body": body })).unwrap()]);
    let short = Pass::new(vec![message(json!({})).unwrap()]);
    for codec in &codecs {
        let [plain, compressed] = [false, true].map(|compressed| Form { codec, compressed });
        assert!(frames(&long, compressed).len() < frames(&long, plain).len() / 2);
        for form in [plain, compressed] {
            assert_eq!(frames(&long, form).as_ptr(), frames(&long, form).as_ptr());
        }
        // What is not worth compressing is not even copied.
        assert_eq!(frames(&short, plain).as_ptr(), frames(&short, compressed).as_ptr());
    }
}
