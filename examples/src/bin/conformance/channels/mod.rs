//! The channels, one file each.

mod bench;
mod custom;
mod echo;
mod info;
mod misc;
mod presence;
mod room;
mod room_lp;
mod small;

pub(crate) use self::{
    bench::BenchChannel,
    custom::CustomChannel,
    echo::EchoChannel,
    info::{InfoChannel, Remembered},
    misc::MiscChannel,
    presence::PresenceChannel,
    room::RoomChannel,
    room_lp::RoomLpChannel,
    small::{crash::CrashChannel, no_handlers::NoHandlersChannel, reject::RejectChannel},
};
