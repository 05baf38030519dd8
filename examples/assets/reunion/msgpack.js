// MessagePack for the stock client, `phoenix` on npm:
//
//   import * as msgpack from "@msgpack/msgpack";
//   const socket = new Socket(url, options(msgpack));
//
// A message is an array of five, as in version 2; bytes are MessagePack's own.

/** The client's options that make it speak MessagePack. */
export function options({ encode, decode }) {
  return {
    vsn: "3.0.0",
    encode({ join_ref, ref, topic, event, payload }, done) {
      const body = payload instanceof ArrayBuffer ? new Uint8Array(payload) : payload;
      return done(encode([join_ref ?? null, ref ?? null, topic, event, body]));
    },
    decode(raw, done) {
      const [join_ref, ref, topic, event, payload] = decode(new Uint8Array(raw));
      return done({ join_ref, ref, topic, event, payload });
    },
  };
}
