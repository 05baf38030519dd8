import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Balancer } from "./balancer.js";
import { startServer } from "./server.js";
import { until } from "./until.js";

export const SECRET = "the same on every node of the tests";

/** One below those that the system gives to others, so that it stays free until somebody listens. */
async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(20_000 * Math.random());
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

/** A Redis of its own, which can be frozen, killed and started again. */
export class Redis {
  static async start({ tls = false } = {}) {
    const redis = new Redis();
    redis.port = await freePort();
    redis.folder = mkdtempSync(join(tmpdir(), "phx-cluster-"));
    redis.ports = ["--port", `${redis.port}`];
    if (tls) {
      const key = join(redis.folder, "key.pem");
      redis.certificate = join(redis.folder, "certificate.pem");
      certify(key, redis.certificate);
      redis.ports = ["--port", "0", "--tls-port", `${redis.port}`, "--tls-auth-clients", "no"];
      redis.ports.push("--tls-key-file", key, "--tls-cert-file", redis.certificate);
      redis.ports.push("--tls-ca-cert-file", redis.certificate);
    }
    await redis.run();
    return redis;
  }

  async run() {
    const options = ["--bind", "127.0.0.1", "--save", "", "--dir", this.folder];
    this.child = spawn("redis-server", [...this.ports, ...options], { stdio: "ignore" });
    this.child.once("error", (error) => {
      throw error;
    });
    const child = this.child;
    process.once("exit", () => child.kill("SIGKILL"));
    await until(() => accepts(this.port), () => "Redis listens");
  }

  signal(name) {
    this.child.kill(name);
  }

  async kill() {
    const gone = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGKILL");
    await gone;
  }

  async stop() {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Makes a key, and a certificate for this machine that vouches for itself. */
function certify(key, certificate) {
  const options = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
  options.push("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1");
  options.push("-addext", "basicConstraints=critical,CA:FALSE");
  execFileSync("openssl", ["req", "-x509", ...options, "-keyout", key, "-out", certificate], {
    stdio: "ignore",
  });
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true) || socket.destroy());
    socket.once("error", () => resolve(false));
  });
}

/** Three servers over one Redis, behind a balancer. */
export class Cluster {
  static async start() {
    const cluster = new Cluster();
    cluster.redis = await Redis.start();
    cluster.names = ["a", "b", "c"];
    cluster.nodes = await Promise.all(cluster.names.map((name) => cluster.startNode(name)));
    cluster.balancer = await Balancer.start(cluster.nodes);
    cluster.url = `${cluster.balancer.ws}/socket`;
    return cluster;
  }

  startNode(name) {
    const env = { CLUSTER: `redis://127.0.0.1:${this.redis.port}`, NODE: name, SECRET };
    return startServer(env, "conformance");
  }

  /** Where clients of one node connect. */
  urlOf(index) {
    return `${this.nodes[index].ws}/socket`;
  }

  async kill(index) {
    await this.nodes[index].stop("SIGKILL");
  }

  async startAgain(index) {
    this.nodes[index] = await this.startNode(this.names[index]);
  }

  async restart(index) {
    const old = this.nodes[index];
    const ended = old.stop();
    await ended;
    await this.startAgain(index);
  }

  async stop() {
    this.balancer.stop();
    await Promise.all(this.nodes.map((node) => node.stop("SIGKILL")));
    await this.redis.stop();
  }
}
