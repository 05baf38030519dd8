pub mod frame;
pub mod websocket;
