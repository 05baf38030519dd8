//! Generated code leans on nothing that the application could have renamed, hidden or shadowed. In a module without a
//! prelude, a `#[join]` has a path from the root in its signature.

mod without_prelude {
    #![no_implicit_prelude]
    #![allow(dead_code)]

    pub struct Option;
    pub struct Result;
    pub struct Box;
    pub struct Some;
    pub struct String;
    pub struct Vec;

    pub struct Sock;

    #[::phx_runtime::socket("/h", websocket(timeout = "1s"), longpoll, drainer(batch_size = 3))]
    #[channels(Hostile, inner::Module)]
    impl Sock {
        #[connect]
        fn connect(
            cx: ::phx_runtime::Params,
            requirements: &::phx_runtime::ConnectInfo,
        ) -> ::std::result::Result<Self, ::phx_runtime::ConnectError> {
            let _ = (cx, requirements);
            ::std::result::Result::Ok(Self)
        }

        #[id]
        fn id(&self) -> ::std::option::Option<::std::string::String> {
            let Self = self;
            ::std::option::Option::None
        }
    }

    pub struct Hostile {
        pub r#type: u8,
    }

    #[::phx_runtime::channel("h:{type}:{cx}", "i:{cx}:{type}", log_join = false)]
    impl Hostile {
        #[join]
        fn r#join(
            cx: u8,
            payload: ::phx_runtime::Payload,
            r#type: u8,
            params: ::phx_runtime::State<u8>,
        ) -> ::std::result::Result<Self, ::phx_runtime::JoinError> {
            let _ = (payload, params);
            ::std::result::Result::Ok(Self { r#type: r#type + cx })
        }

        #[handle_in("a")]
        async fn r#fn(
            &mut self,
            payload: ::phx_runtime::Payload,
            reply: &::phx_runtime::Socket,
            cx: &::phx_runtime::Topic,
            message: ::phx_runtime::Event,
        ) {
            let _ = (payload, reply, cx, message);
            ::std::future::ready(self.r#type).await;
        }

        #[handle_in("b")]
        fn clone(&mut self) -> ::phx_runtime::Reply {
            self.r#type += 1;
            ::phx_runtime::Reply::none()
        }

        #[handle_info]
        fn handle_in(&mut self, message: u8, reason: ::phx_runtime::State<u8>) {
            let _ = reason;
            self.r#type = message;
        }

        #[terminate]
        fn terminate(&mut self, cx: ::phx_runtime::Reason, reason: &::phx_runtime::Topic) {
            let _ = (cx, reason);
            self.r#type = 0;
        }
    }

    #[::phx_runtime::channel("m:{payload}")]
    pub mod inner {
        pub struct Box;

        #[assigns]
        pub struct Module;

        #[join]
        fn join(payload: u8) -> ::std::result::Result<Module, ::phx_runtime::JoinError> {
            let _ = payload;
            ::std::result::Result::Ok(Module)
        }

        #[handle_in("msg")]
        async fn msg(module: &Module, msg: ::phx_runtime::Payload, cx: &::phx_runtime::Socket) {
            let _ = (module, msg);
            ::std::future::ready(cx).await;
        }

        #[handle_in(_)]
        fn payload(module: &mut Module, payload: ::phx_runtime::Payload) {
            let _ = (module, payload);
        }
    }
}

mod shadowed {
    //! Names of the runtime that mean something else here.
    #![allow(dead_code, non_camel_case_types)]

    use ::phx_runtime::prelude::{ConnectError, JoinError};

    pub struct Channel;
    pub struct Context;
    pub struct Handling;
    pub struct Pattern;
    pub struct S;
    pub mod phx {
        pub struct Payload;
    }
    pub mod phx_runtime {}
    pub mod std {}
    pub mod core {}

    const fn run() {}
    const fn decode() {}

    #[::phx_runtime::socket("/s", websocket)]
    #[channels(Handling)]
    impl S {
        #[connect]
        fn connect() -> Result<Self, ConnectError> {
            run();
            Ok(Self)
        }
    }

    #[::phx_runtime::channel("s:{context}")]
    impl Handling {
        #[join]
        fn join(context: u8, user: &S) -> Result<Self, JoinError> {
            decode();
            let (_, S) = (context, user);
            Ok(Self)
        }
    }
}

mod other_macros {
    //! Macros of others that are called as marks are.

    use phx_runtime::prelude::*;
    use tokio::join;

    pub struct Both;

    #[channel("both")]
    impl Both {
        #[join]
        async fn join() -> Result<Self, JoinError> {
            let (one, two) = join!(std::future::ready(1), std::future::ready(2));
            if one < two { Ok(Self) } else { Err(JoinError::new("odd")) }
        }
    }
}

#[test]
fn hostile_surroundings_are_survived() {
    use phx_runtime::{Endpoint, channel::Channel};

    assert_eq!(other_macros::Both::PATTERNS.len(), 1);
    let endpoint = Endpoint::builder().state(1_u8).socket::<without_prelude::Sock>();
    endpoint.socket::<shadowed::S>().build().unwrap();
    assert_eq!(without_prelude::Hostile::topic(1, 2), "h:1:2");
    assert_eq!(without_prelude::inner::Module::topic(3), "m:3");
    assert_eq!(shadowed::Handling::topic(4), "s:4");
}
