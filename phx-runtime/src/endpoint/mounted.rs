//! A mount of a built endpoint: its paths, its options, and how its socket is connected.

use std::{
    fmt,
    sync::{Arc, Once},
};

use super::path::MountPath;
use crate::{
    connect::{
        CustomSettings, Defaults, LongPollSettings, Mount, MountSettings, NoOrigin,
        TransportSettings, WebSocketSettings,
    },
    connection::BacklogLimits,
    serializer::{LongPollForm, Protocol},
};

/// A mount; `C` makes its sockets.
pub(crate) struct MountedWith<C> {
    /// Which of the endpoint's mounts it is.
    pub(crate) index: usize,
    pub(crate) mount: Arc<MountSettings>,
    /// Where transports from outside find it.
    pub(crate) path: MountPath,
    pub(crate) websocket: Option<Arc<MountedTransport<WebSocketSettings>>>,
    pub(crate) longpoll: Option<Arc<MountedTransport<LongPollSettings>>>,
    /// Where older clients open a session of long-polling, if not where they poll.
    pub(crate) opening: Option<MountPath>,
    pub(crate) custom: Option<Arc<MountedTransport<CustomSettings>>>,
    pub(crate) connector: C,
}

/// One transport of a mount. Those who answer a request hold it.
pub(crate) struct MountedTransport<T> {
    pub(crate) path: MountPath,
    pub(crate) settings: TransportSettings<T>,
    /// Used up once the log says that a client's token was not asked for.
    pub(crate) untaken_token: Once,
}

impl<T> MountedTransport<T> {
    fn new(path: MountPath, settings: TransportSettings<T>) -> Arc<Self> {
        Arc::new(Self { path, settings, untaken_token: Once::new() })
    }
}

impl<C> MountedWith<C> {
    /// # Errors
    ///
    /// The mount's `check_origin` names an invalid origin.
    pub(crate) fn new(
        index: usize,
        mount: &Mount,
        all: &Defaults,
        connector: C,
    ) -> Result<Self, NoOrigin> {
        let settings = MountSettings::new(mount);
        let websocket = WebSocketSettings::of(mount, all)?.map(|settings| {
            let path = MountPath::new(&mount.path, &settings.own.path);
            MountedTransport::new(path, settings)
        });
        let longpoll = LongPollSettings::of(mount, all)?.map(|settings| {
            let path = MountPath::new(&mount.path, &settings.own.path);
            MountedTransport::new(path, settings)
        });
        let opens_here = |protocol: &Protocol| protocol.long_poll == LongPollForm::CookieOfMount;
        let opening = longpoll.as_ref().and_then(|longpoll| {
            let opens_here = longpoll.settings.serializers.iter().any(opens_here);
            opens_here.then(|| MountPath::new(&mount.path, ""))
        });
        let custom = CustomSettings::of(mount, all)?
            .map(|settings| MountedTransport::new(MountPath::new(&mount.path, ""), settings));
        let path = MountPath::new(&mount.path, "");
        let mount = Arc::new(settings);
        Ok(Self { index, mount, path, websocket, longpoll, opening, custom, connector })
    }

    /// Where it answers, in the order in which requests are looked up.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &MountPath> {
        let websocket = self.websocket.iter().map(|transport| &transport.path);
        websocket.chain(self.longpoll.iter().map(|transport| &transport.path))
    }

    /// How far clients may be behind, on each transport.
    pub(crate) fn backlog_limits(&self) -> impl Iterator<Item = BacklogLimits> {
        let websocket = self.websocket.iter().map(|it| *it.settings.own.backlog);
        websocket.chain(self.longpoll.iter().map(|it| it.settings.own.backlog))
    }
}

impl<C> fmt::Debug for MountedWith<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mount.path)
    }
}
