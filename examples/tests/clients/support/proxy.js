import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const script = new URL("../../proxies/run.py", import.meta.url).pathname;

/** Runs a proxy with the configuration that the book shows, in front of a server's port. */
export async function startProxy(name, port) {
  const child = spawn("python3", [script, name, port], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value } = await lines.next();
  if (!value) throw new Error(`${name} did not start`);
  const [http, https] = value.split(" ");
  return {
    http,
    https,
    ws: https.replace("http", "ws"),
    async reload() {
      child.kill("SIGHUP");
      await lines.next();
    },
    stop() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end();
      return gone;
    },
  };
}

/** A certificate for this machine, and its end. */
export function certificate() {
  const folder = mkdtempSync(join(tmpdir(), "phx-chat-"));
  const TLS_CERT = join(folder, "cert.pem");
  const TLS_KEY = join(folder, "key.pem");
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"].concat(
      ["-days", "2", "-subj", "/CN=localhost", "-keyout", TLS_KEY, "-out", TLS_CERT],
    ),
    { stdio: "ignore" },
  );
  return { env: { TLS_CERT, TLS_KEY }, remove: () => rmSync(folder, { recursive: true }) };
}
