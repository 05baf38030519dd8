//! A whole server in one item, and channels inside of functions.

use phx_runtime::prelude::*;

#[socket("/demo", websocket)]
#[channels(room::Room)]
mod demo {
    use phx_runtime::prelude::*;

    #[assigns]
    #[derive(Debug)]
    pub struct Demo {
        pub(super) admin: bool,
    }

    #[connect]
    fn connect(params: Params) -> Result<Demo, ConnectError> {
        Ok(Demo { admin: params.get("admin").is_some() })
    }

    #[channel("room:{name}")]
    mod room {
        use phx_runtime::prelude::*;

        use super::Demo;

        #[assigns]
        pub enum Room {
            Open,
            Closed { by: String },
        }

        #[join]
        fn join(name: String, user: &Demo) -> Result<Room, JoinError> {
            if user.admin { Ok(Room::Closed { by: name }) } else { Ok(Room::Open) }
        }

        #[handle_in("state")]
        fn state(room: &Room) -> Result<String, ()> {
            match room {
                Room::Open => Err(()),
                Room::Closed { by } => Ok(by.clone()),
            }
        }

        impl Room {
            /// A function of the application's own is not generated again.
            pub fn topic(name: &str) -> String {
                format!("room:{name}")
            }
        }

        #[test]
        fn tests_may_stand_among_handlers() {
            assert_eq!(state(&Room::Closed { by: Room::topic("x") }), Ok("room:x".to_owned()));
        }
    }
}

#[test]
fn modules_nest() {
    assert!(!demo::Demo { admin: false }.admin);
    Endpoint::builder().socket::<demo::Demo>().build().unwrap();
}

#[test]
fn items_in_functions_can_be_channels() {
    struct Local;

    #[channel("local")]
    impl Local {
        #[join]
        fn join() -> Result<Self, JoinError> {
            Ok(Self)
        }
    }

    assert_eq!(Local::topic(), "local");
}
