//! A Phoenix node as its neighbours over Redis see it.
//!
//! It is strict: what would crash a real node, or lead it astray, is noted as a crash even where a
//! real one would be lucky, since nobody has joined the topic.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use parking_lot::Mutex;
use serde_json::Value;
use tokio::{
    io::AsyncWriteExt,
    sync::{mpsc, watch},
    task::JoinHandle,
    time::Instant,
};

use super::{
    etf::{Etf, atom, bin, int, strukt, tuple},
    redis::{Connection, Reply, written},
    tracker::{Sent, Tracker},
};

const CHANNEL: &[u8] = b"phx:Elixir.MyApp.PubSub.Adapter";
/// How the topics of the shards begin.
const PRESENCE_TOPICS: &str = "phx_presence:Elixir.MyAppWeb.Presence_shard";
pub(super) const PERIOD: Duration = Duration::from_millis(100);

/// What a client of the node gets.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Frame {
    Text { topic: String, event: String, payload: Value },
    Binary { topic: String, event: String, payload: Vec<u8> },
}

/// Gone with its last handle, without a goodbye.
pub(super) struct PhoenixNode {
    name: Etf,
    is_old: bool,
    state: Arc<Mutex<State>>,
    outgoing: mpsc::UnboundedSender<Vec<u8>>,
    subscribed: watch::Receiver<u32>,
    tasks: Vec<JoinHandle<()>>,
}

struct State {
    name: Etf,
    is_old: bool,
    joined: BTreeMap<String, mpsc::UnboundedSender<Frame>>,
    /// One for each shard.
    trackers: Vec<Tracker>,
    shard_of: fn(&str) -> usize,
    disconnected: Vec<String>,
    crashes: Vec<String>,
}

impl Drop for PhoenixNode {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl PhoenixNode {
    /// A node of this name, which is an atom on new Erlangs and a binary on old ones.
    pub(super) async fn start(port: u16, name: &str, is_old: bool) -> Self {
        Self::start_with_shards(port, name, is_old, 1, |_| 0).await
    }

    /// The same with a `pool_size`, and what `phash2` says of topics then.
    pub(super) async fn start_with_shards(
        port: u16,
        name: &str,
        is_old: bool,
        shards: i128,
        shard_of: fn(&str) -> usize,
    ) -> Self {
        let name = if is_old { bin(name) } else { atom(name) };
        let vsn = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
        let vsn = i128::try_from(vsn).unwrap();
        let state = Arc::new(Mutex::new(State {
            name: name.clone(),
            is_old,
            joined: BTreeMap::new(),
            // Each starts at a moment of its own.
            trackers: (0..shards)
                .map(|shard| Tracker::new(name.clone(), vsn + shard, is_old, PERIOD))
                .collect(),
            shard_of,
            disconnected: Vec::new(),
            crashes: Vec::new(),
        }));
        let (outgoing, to_send) = mpsc::unbounded_channel();
        let (has_subscribed, mut subscribed) = watch::channel(0);
        let tasks = vec![
            tokio::spawn(listen(port, state.clone(), outgoing.clone(), has_subscribed)),
            tokio::spawn(publish(port, to_send)),
            tokio::spawn(beat(state.clone(), outgoing.clone())),
        ];
        subscribed.wait_for(|times| *times > 0).await.unwrap();
        Self { name, is_old, state, outgoing, subscribed, tasks }
    }

    /// Waits until it has subscribed so many times.
    pub(super) async fn subscribed(&self, times: u32) {
        self.subscribed.clone().wait_for(|now| *now >= times).await.unwrap();
    }

    /// What a client gets that has joined a topic.
    pub(super) fn join(&self, topic: &str) -> mpsc::UnboundedReceiver<Frame> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.state.lock().joined.insert(topic.to_owned(), sender);
        receiver
    }

    /// `Endpoint.broadcast`, for the other nodes alone.
    pub(super) fn broadcast(&self, topic: &str, event: &str, payload: Etf) {
        let to = tuple([atom("except"), self.name.clone()]);
        self.send(&to, topic, broadcast(topic, event, payload), "Elixir.Phoenix.Channel.Server");
    }

    /// `Phoenix.PubSub.direct_broadcast`.
    pub(super) fn direct_broadcast(&self, to: Etf, topic: &str, event: &str, payload: Etf) {
        let to = tuple([atom("only"), to]);
        self.send(&to, topic, broadcast(topic, event, payload), "Elixir.Phoenix.Channel.Server");
    }

    pub(super) fn send(&self, to: &Etf, topic: &str, message: Etf, dispatcher: &str) {
        self.send_raw(envelope(to, topic, message, dispatcher).encode(self.is_old));
    }

    pub(super) fn send_raw(&self, payload: Vec<u8>) {
        self.outgoing.send(payload).unwrap();
    }

    pub(super) fn track(&self, topic: &str, key: &str, meta: &[(&str, &str)]) {
        self.state.lock().tracker(topic).track(topic, key, meta);
    }

    pub(super) fn untrack(&self, topic: &str, key: &str) {
        self.state.lock().tracker(topic).untrack(topic, key);
    }

    pub(super) fn list(&self, topic: &str) -> BTreeMap<String, Vec<Value>> {
        self.state.lock().tracker(topic).list(topic)
    }

    /// How often it asked others for transfers.
    pub(super) fn questions(&self) -> u32 {
        self.state.lock().trackers.iter().map(|it| it.questions).sum()
    }

    /// The ids of sockets that it was told to disconnect.
    pub(super) fn disconnected(&self) -> Vec<String> {
        self.state.lock().disconnected.clone()
    }

    /// Ends in an orderly way.
    pub(super) fn say_goodbye(&self) {
        let state = self.state.lock();
        for (shard, tracker) in state.trackers.iter().enumerate() {
            state.send_all(&self.outgoing, shard, vec![tracker.goodbye()]);
        }
    }

    #[track_caller]
    pub(super) fn assert_never_crashed(&self) {
        let crashes = &self.state.lock().crashes;
        assert!(crashes.is_empty(), "a Phoenix node would have crashed: {crashes:#?}");
    }
}

fn envelope(to: &Etf, topic: &str, message: Etf, dispatcher: &str) -> Etf {
    let [mode, name] = to.as_tuple().unwrap() else { panic!("a mode and a name") };
    tuple([int(3), mode.clone(), name.clone(), bin(topic), message, atom(dispatcher)])
}

pub(super) fn broadcast(topic: &str, event: &str, payload: Etf) -> Etf {
    let fields = [("topic", bin(topic)), ("event", bin(event)), ("payload", payload)];
    strukt("Elixir.Phoenix.Socket.Broadcast", fields)
}

async fn listen(
    port: u16,
    state: Arc<Mutex<State>>,
    outgoing: mpsc::UnboundedSender<Vec<u8>>,
    has_subscribed: watch::Sender<u32>,
) {
    loop {
        if let Ok(mut connection) = Connection::open(port).await
            && connection.ask(&[b"SUBSCRIBE", CHANNEL]).await.is_ok()
        {
            has_subscribed.send_modify(|times| *times += 1);
            while let Ok(reply) = connection.reader.next().await {
                let Reply::Array(items) = reply else { panic!("a message, not {reply:?}") };
                let Some(Reply::Bytes(payload)) = items.into_iter().nth(2) else { continue };
                let mut state = state.lock();
                match state.hear(&payload) {
                    Ok((shard, answers)) => state.send_all(&outgoing, shard, answers),
                    Err(crash) => state.crashes.push(crash),
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Once in each period, as the tracker does.
async fn beat(state: Arc<Mutex<State>>, outgoing: mpsc::UnboundedSender<Vec<u8>>) {
    let mut interval = tokio::time::interval(PERIOD);
    loop {
        interval.tick().await;
        let mut state = state.lock();
        for shard in 0..state.trackers.len() {
            let sent = state.trackers[shard].period(Instant::now());
            state.send_all(&outgoing, shard, sent);
        }
    }
}

/// What cannot be published is lost.
async fn publish(port: u16, mut to_send: mpsc::UnboundedReceiver<Vec<u8>>) {
    loop {
        let Ok(Connection { mut reader, mut writer }) = Connection::open(port).await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let replies = tokio::spawn(async move {
            while let Ok(reply) = reader.next().await {
                assert!(!matches!(reply, Reply::Error), "{reply:?}");
            }
        });
        let mut payloads = Vec::new();
        loop {
            tokio::select! {
                count = to_send.recv_many(&mut payloads, 100) => if count == 0 { return },
                () = tokio::time::sleep(PERIOD) => {}
            }
            let commands = payloads.drain(..).map(|it| written(&[b"PUBLISH", CHANNEL, &it]));
            if replies.is_finished()
                || writer.write_all(&commands.collect::<Vec<_>>().concat()).await.is_err()
            {
                break;
            }
        }
        replies.abort();
    }
}

impl State {
    /// The tracker of the shard that a topic belongs to.
    fn tracker(&mut self, topic: &str) -> &mut Tracker {
        let shard = (self.shard_of)(topic);
        &mut self.trackers[shard]
    }

    fn send_all(&self, outgoing: &mpsc::UnboundedSender<Vec<u8>>, shard: usize, sent: Vec<Sent>) {
        for (only, message) in sent {
            let to = match only {
                Some(name) => tuple([atom("only"), name]),
                None => tuple([atom("except"), self.name.clone()]),
            };
            let topic = format!("{PRESENCE_TOPICS}{shard}");
            let message = envelope(&to, &topic, message, "Elixir.Phoenix.PubSub");
            // The node may have ended.
            let _ = outgoing.send(message.encode(self.is_old));
        }
    }

    /// What is answered, and for which shard.
    fn hear(&mut self, payload: &[u8]) -> Result<(usize, Vec<Sent>), String> {
        let term = Etf::decode(payload)?;
        let [version, mode, name, topic, message, dispatcher] = term.as_tuple()? else {
            return Err(format!("a message that is ignored: {term:?}"));
        };
        if *version != int(3) || !matches!(name, Etf::Atom(_) | Etf::Bin(_)) {
            return Err(format!("a message that is ignored: {term:?}"));
        }
        let is_for_me = match mode {
            Etf::Atom(mode) if mode == "except" => *name != self.name,
            Etf::Atom(mode) if mode == "only" => *name == self.name,
            _ => return Err(format!("a message that is ignored: {term:?}")),
        };
        let nothing = (0, Vec::new());
        if !is_for_me {
            return Ok(nothing);
        }
        let topic = topic.as_text()?;
        match dispatcher {
            Etf::Atom(module) if module == "Elixir.Phoenix.Channel.Server" => {
                if topic.starts_with("phx_presence:") {
                    return Err(format!("a broadcast that reaches a tracker: {message:?}"));
                }
                self.dispatch(topic, message)?;
                Ok(nothing)
            }
            Etf::Atom(module) if module == "Elixir.Phoenix.PubSub" => {
                let shard = topic.strip_prefix(PRESENCE_TOPICS).and_then(|it| it.parse().ok());
                let Some(shard) = shard else { return Ok(nothing) };
                let Some(tracker) = self.trackers.get_mut(shard) else {
                    return Err(format!("a shard that nobody has: {topic}"));
                };
                Ok((shard, tracker.hear(message, Instant::now())?))
            }
            other => Err(format!("a dispatcher that does not exist: {other:?}")),
        }
    }

    /// To the clients that have joined the topic.
    fn dispatch(&mut self, joined: &str, message: &Etf) -> Result<(), String> {
        let is_broadcast = *message.get("__struct__")? == atom("Elixir.Phoenix.Socket.Broadcast");
        if !is_broadcast || message.as_map()?.len() != 4 {
            return Err(format!("no broadcast: {message:?}"));
        }
        let topic = message.get("topic")?.as_text()?.to_owned();
        let event = message.get("event")?.as_text()?.to_owned();
        if event == "disconnect" {
            self.disconnected.push(joined.to_owned());
        }
        let frame = match message.get("payload")? {
            payload @ Etf::Map(_) => {
                let payload = payload.to_json()?;
                Frame::Text { topic, event, payload }
            }
            Etf::Tuple(parts) => match &parts[..] {
                [kind, Etf::Bin(payload)] if *kind == atom("binary") => {
                    if topic.len().max(event.len()) > 255 {
                        return Err("names too long for a binary frame".to_owned());
                    }
                    Frame::Binary { topic, event, payload: payload.clone() }
                }
                _ => return Err(format!("no payload: {parts:?}")),
            },
            payload => return Err(format!("no payload: {payload:?}")),
        };
        if let Some(client) = self.joined.get(joined) {
            // The test may not be interested any more.
            let _ = client.send(frame);
        }
        Ok(())
    }
}
