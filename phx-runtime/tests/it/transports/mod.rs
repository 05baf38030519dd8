//! The one serving loop, through what is public: sockets that do anything, transports that do anything.

mod closing;
mod declared;
mod doors;
mod guards;
mod memory;
