//! Replicas among each other: whatever the network does, they come to know the truth.

mod messages;
mod network;
mod simulated;
