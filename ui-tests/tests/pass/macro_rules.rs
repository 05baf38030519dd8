//! Parts of a channel may come out of a `macro_rules` macro.

use phx_runtime::{
    channel::{Channel, Pattern},
    prelude::*,
};

macro_rules! echo {
    ($name:ident, $topic:literal, $event:literal, $payload:ty, $socket:ty $(, $key:ident = $value:expr)*) => {
        struct $name;

        #[channel($topic $(, $key = $value)*)]
        impl $name {
            #[join]
            fn join() -> Result<Self, JoinError> {
                Ok(Self)
            }

            #[handle_in($event)]
            fn echo(&self, socket: $socket, payload: $payload) -> Reply {
                let Self = self;
                socket.push($event, &payload);
                Reply::ok(payload)
            }
        }
    };
}

echo!(Number, "number:*", "n", u8, &Socket);
echo!(Text, "text:*", "t", String, &Socket, log_join = "off", log_handle_in = false);

macro_rules! numbered {
    ($name:ident, $topic:literal, $number:ident) => {
        struct $name;

        #[channel($topic)]
        impl $name {
            #[join]
            fn join(id: u64, $number: u8) -> Result<Self, JoinError> {
                if id > u64::from($number) { Ok(Self) } else { Err(JoinError::new("small")) }
            }
        }
    };
}

numbered!(Numbered, "numbered:{id}:{least}", least);

macro_rules! sockets {
    ($($name:ident at $path:literal: $($channel:ty),*;)*) => {$(
        struct $name;

        #[socket($path, websocket)]
        #[channels($($channel),*)]
        impl $name {
            #[connect]
            fn connect() -> Result<Self, ConnectError> {
                Ok(Self)
            }
        }
    )*};
}

sockets! {
    One at "/one": Number;
    Both at "/both": Number, Text;
}

#[test]
fn what_came_out_is_as_if_it_was_written() {
    assert_eq!(Number::PATTERNS, [Pattern::new("number:*")]);
    assert_eq!(Numbered::topic(7, 3), "numbered:7:3");
    Endpoint::builder().socket::<One>().socket::<Both>().build().unwrap();
}
