import { once } from "node:events";
import { connect, createServer } from "node:net";

/** A proxy that takes turns between servers, as far as they accept. */
export class Balancer {
  /** `servers` may change later. */
  static async start(servers) {
    const balancer = new Balancer();
    balancer.servers = servers;
    balancer.turn = 0;
    balancer.taken = servers.map(() => 0);
    balancer.proxy = createServer((client) => balancer.forward(client));
    balancer.proxy.listen(0, "127.0.0.1");
    await once(balancer.proxy, "listening");
    balancer.ws = `ws://127.0.0.1:${balancer.proxy.address().port}`;
    return balancer;
  }

  /** Connects a client to the server whose turn it is, or to the first after it that accepts. */
  forward(client, turn = this.turn++, triesLeft = this.servers.length) {
    const index = turn % this.servers.length;
    const server = connect(this.servers[index].port, "127.0.0.1");
    server.once("connect", () => {
      this.taken[index] = (this.taken[index] ?? 0) + 1;
      client.pipe(server).pipe(client);
    });
    server.on("error", () => {
      const isRefused = server.bytesRead === 0 && !server.connecting && !server.bytesWritten;
      if (isRefused && triesLeft > 1) this.forward(client, turn + 1, triesLeft - 1);
      else client.destroy();
    });
    client.on("error", () => server.destroy());
    client.once("close", () => server.destroy());
  }

  stop() {
    this.proxy.close();
  }
}
