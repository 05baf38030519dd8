#[socket("/diary", websocket, longpoll)]
impl Diary {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self::default())
    }

    #[init]
    fn greet(&self) -> &'static str {
        "welcome"
    }

    #[handle_in]
    async fn entry(&mut self, text: &str, db: State<Db>) -> Result<(), Fault> {
        db.store(text).await
    }

    #[handle_in]
    fn attachment(&mut self, bytes: Bytes, connection: &Connection) -> Flow {
        self.attach(bytes, connection)
    }

    #[handle_control]
    fn control(&self, control: Control) {
        self.seen(control);
    }

    #[handle_info]
    fn heard(&self, news: Broadcast) -> String {
        news.event().to_string()
    }

    #[terminate]
    async fn close(&mut self, reason: Reason) {
        self.save(reason).await;
    }
}
