//! A serializer from outside: `MessagePack`, as the examples have it. What decodes is encoded to something
//! that decodes to the same.

#![no_main]

#[path = "../../../examples/src/msgpack.rs"]
mod msgpack;

use libfuzzer_sys::fuzz_target;
use phx_runtime::{
    serializer::{Outgoing, Protocol},
    transport::Frame,
};

fuzz_target!(|data: &[u8]| {
    let protocol = Protocol::new(msgpack::MsgPack);
    let frame = Frame::binary(data.to_vec());
    let Ok(message) = protocol.decode(&frame) else { return };
    let push = Outgoing::push(message.topic(), message.event(), message.payload());
    // What is nested deeper than JSON may be is not sent.
    let Ok(Some(frame)) = protocol.encode(&push) else { return };
    let again = protocol.decode(&frame).unwrap();
    assert_eq!((again.topic(), again.event()), (message.topic(), message.event()));
    assert_eq!(again.payload(), message.payload());
});
