//! A client.

use std::{sync::Arc, time::Duration};

use thiserror::Error;

use super::{
    client_channel::ClientChannel,
    inbox::{Inbox, Missing, PATIENCE},
    line::{Dial, Line, Link, encoded},
    waiting::Waiting,
};
use crate::{
    channel::JoinError,
    connect::ConnectError,
    endpoint::Endpoint,
    message::{ToPayload, TopicName},
    wire::CloseCode,
};

/// How long it may take a server to find out that a client has gone, and to clean up. One whose clients
/// poll, or are silent, learns it by and by.
const ENDING: Duration = Duration::from_mins(10);

/// A connected client. Its connection closes with [`close`](Self::close), or when the client and
/// all its channels are dropped.
///
/// What happens to connections on their way can be tried with it: [`lose`](Self::lose) breaks its own,
/// [`fall_silent`](Self::fall_silent) is a phone in a tunnel, [`reconnect`](Self::reconnect) is what the
/// stock client does then, [`set_delay`](Self::set_delay) a slow line, and
/// [`set_repeated`](Self::set_repeated) somebody who sends everything twice.
///
/// ```
/// use std::time::Duration;
///
/// use phx_runtime::{assert_push, assert_reply, prelude::*, testing};
///
/// # struct User;
/// # #[socket("/socket", websocket)]
/// # #[channels(Room)]
/// # impl User {
/// #     #[connect]
/// #     fn connect() -> Result<Self, ConnectError> { Ok(Self) }
/// # }
/// # struct Room { user: String }
/// # #[channel("room:*")]
/// # impl Room {
/// #     #[join]
/// #     fn join(user: String) -> Result<Joined<Self>, JoinError> { Ok(Joined::new(Self { user }).then(())) }
/// #     #[handle_info]
/// #     fn after_join(&self, _: (), socket: &Socket, here: State<Presence>) -> Result<(), Fault> {
/// #         here.track(socket, &self.user, json!({}))?;
/// #         Ok(())
/// #     }
/// #     #[handle_in("say")]
/// #     fn say(&self, text: String, socket: &Socket) -> Reply {
/// #         socket.broadcast("said", text);
/// #         Reply::ack()
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let presence = Presence::new();
/// let builder = Endpoint::builder().socket::<User>().state(presence.clone());
/// let endpoint = builder.build().unwrap();
/// let mut ann = testing::connect::<User>(&endpoint, json!({})).await.unwrap();
/// let room = ann.join("room:1", "ann").await.unwrap();
/// assert_push!(room, "presence_diff", { "joins": { "ann": _ } });
///
/// // A lost connection: the server learns of it, and the client comes back into its rooms.
/// ann.lose().await.unwrap();
/// assert_eq!(presence.count("room:1"), 0);
/// ann.reconnect().await.unwrap();
/// assert_push!(room, "presence_diff", { "joins": { "ann": _ } });
///
/// // A phone in a tunnel: the client is back long before the server knows that it was away.
/// let tunnel = ann.fall_silent();
/// ann.reconnect().await.unwrap();
/// assert_push!(room, "presence_diff", { "joins": { "ann": _ } });
/// assert_eq!(presence.get("room:1", "ann").unwrap().metas().len(), 2);
/// tunnel.noticed().await.unwrap();
/// assert_eq!(presence.get("room:1", "ann").unwrap().metas().len(), 1);
///
/// // A slow line, and a message that is sent twice.
/// ann.set_delay(Duration::from_secs(2));
/// ann.set_repeated(true);
/// let sent = room.push("say", "hi").await;
/// assert_push!(room, "said", "hi");
/// assert_push!(room, "said", "hi");
/// assert_reply!(sent, ok);
/// # }
/// ```
pub struct Client {
    endpoint: Endpoint,
    id: Option<String>,
    line: Arc<Line>,
    dial: Dial,
}

impl Client {
    pub(super) fn new(endpoint: Endpoint, dial: Dial, link: Link) -> Self {
        Self { endpoint, id: link.id.clone(), line: Arc::new(Line::new(link)), dial }
    }

    /// The endpoint that it is connected to.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What the socket's `#[id]` said. Over long-polling a client does not get to know.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Joins a topic.
    ///
    /// # Errors
    ///
    /// The join is refused, or no channel serves the topic.
    ///
    /// # Panics
    ///
    /// Panics if the payload cannot be encoded, and if no answer comes.
    pub fn join(
        &self,
        topic: impl TopicName,
        payload: impl ToPayload,
    ) -> Waiting<'_, Result<ClientChannel, JoinError>> {
        let (topic, params) = (String::from(&*topic.into()), encoded("phx_join", &payload));
        Box::pin(async move {
            let membership = self.line.join(topic, params).await?;
            Ok(ClientChannel::new(self.line.clone(), membership))
        })
    }

    /// Closes the connection, and waits until all its channels have ended.
    ///
    /// # Panics
    ///
    /// Panics if they do not end.
    pub async fn close(self) {
        self.line.close();
        let inbox = self.line.inbox();
        // Of a client that has fallen silent the server hears nothing.
        if !inbox.is_deaf()
            && let Err(missing) = inbox.closed(ENDING).await
        {
            panic!("{missing}");
        }
    }

    /// Waits until the server closes the connection, and tells with which code.
    ///
    /// # Errors
    ///
    /// It does not.
    pub async fn closed(&self) -> Result<CloseCode, Missing> {
        let closed = self.line.inbox().closed(PATIENCE).await?;
        closed.code.ok_or_else(|| Missing::unwanted("the end of the connection, without a code,"))
    }

    /// Breaks the connection without closing it, and waits until the server has found that out and all
    /// its channels have ended, with [`Reason::Lost`](crate::Reason::Lost).
    ///
    /// # Errors
    ///
    /// They do not end.
    pub async fn lose(&self) -> Result<(), Missing> {
        self.line.break_off();
        self.line.inbox().closed(ENDING).await.map(drop)
    }

    /// Lets nothing pass from now on, in either direction, as if the client were in a tunnel. The
    /// server goes on as if it were there until its mount's `timeout` is over.
    pub fn fall_silent(&self) -> Silence {
        Silence(self.line.fall_silent())
    }

    /// Connects anew, with the parameters, token and headers of the first time, and joins again what it
    /// has joined and neither left nor been sent out of, each with the payload of then: what the stock
    /// client does when it finds its connection lost. Its channels go on, and have a new
    /// [`response`](ClientChannel::response); what it pushed in between is gone.
    ///
    /// # Errors
    ///
    /// The socket refuses, or a channel does.
    ///
    /// # Panics
    ///
    /// Panics if a join is not answered.
    pub async fn reconnect(&mut self) -> Result<(), ReconnectError> {
        let endpoint = self.endpoint.clone();
        self.reconnect_to(&endpoint).await
    }

    /// The same to another node, where a load balancer may send it.
    ///
    /// # Errors
    ///
    /// As for [`reconnect`](Self::reconnect).
    ///
    /// # Panics
    ///
    /// Panics if a join is not answered.
    pub async fn reconnect_to(&mut self, endpoint: &Endpoint) -> Result<(), ReconnectError> {
        self.endpoint = endpoint.clone();
        let link = (self.dial)(endpoint).await?;
        self.id.clone_from(&link.id);
        self.line.go_on_over(link);
        let rejoined = self.line.rejoin().await;
        rejoined.map_err(|(topic, error)| ReconnectError::Join { topic, error })
    }

    /// How long each message of the client is on its way from now on; none by default. Pushing does not
    /// wait for it. They stay in order.
    pub fn set_delay(&self, delay: Duration) {
        self.line.set_delay(delay);
    }

    /// Whether the server gets what the client pushes twice from now on, as from a client that did not
    /// hear that the first one arrived.
    pub fn set_repeated(&self, is_repeated: bool) {
        self.line.set_repeated(is_repeated);
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A connection over which nothing passes any more; made by [`Client::fall_silent`].
#[derive(Debug)]
pub struct Silence(Arc<Inbox>);

impl Silence {
    /// Waits until the server has noticed, and all channels of the connection have ended.
    ///
    /// # Errors
    ///
    /// It does not, within ten minutes.
    pub async fn noticed(&self) -> Result<(), Missing> {
        self.0.closed(ENDING).await.map(drop)
    }
}

/// Why a client did not come back as it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReconnectError {
    /// The socket does not let it in.
    #[error("the socket refuses: {0}")]
    Connect(#[from] ConnectError),
    /// A channel does not. The first of them is told; the others were joined again if they could.
    #[error("{topic:?} cannot be joined again: {error}")]
    Join {
        /// The topic.
        topic: String,
        /// What the channel said.
        error: JoinError,
    },
}
