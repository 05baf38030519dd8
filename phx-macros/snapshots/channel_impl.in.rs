#[channel("room:{room_id}", "dm:{room_id}", log_join = "debug")]
impl<T: Store> RoomChannel<T> {
    #[join]
    async fn join(
        room_id: RoomId,
        params: JoinParams,
        user: &UserSocket,
        store: State<T>,
    ) -> Result<Joined<Self>, JoinError> {
        store.room(room_id, user, params).await
    }

    /// Posts a message.
    #[handle_in("new_msg")]
    async fn new_msg(&mut self, msg: NewMsg, socket: &Socket) -> Reply {
        socket.broadcast("new_msg", msg);
        Reply::ack()
    }

    #[handle_in("typing_start", "typing_stop")]
    fn typing(&self, _: Payload, event: Event) {
        self.note(event);
    }

    #[cfg(feature = "export")]
    #[handle_in("export")]
    fn export(&self, _: Payload, reply: ReplyRef) {
        self.export(reply);
    }

    #[handle_out("new_msg")]
    fn hide_muted(&self, msg: Message, socket: &Socket) {
        socket.push("new_msg", msg);
    }

    #[handle_info]
    async fn after_join(&mut self, _: AfterJoin, presence: State<Presence>) {
        presence.track(self).await;
    }

    #[terminate]
    fn bye(&mut self, reason: Reason) {
        self.leave(reason);
    }
}
