//! What a request meets before its socket does: over real connections, with handshakes by hand.

mod server;

mod auth_token;
mod connect_info;
mod intercepted;
mod levels;
mod limits;
mod logging;
mod longpoll;
mod merged_options;
mod origin;
mod panics;
mod params;
mod refusals;
mod session;
mod settings;
mod subprotocols;
