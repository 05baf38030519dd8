import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const STARTS_WITHIN_MS = 60_000;

/**
 * Runs one of the example servers on a free port. `EXAMPLES` is the folder of the programs; without
 * it what `test.sh` has built is taken.
 */
export async function startServer(env = {}, program = "chat") {
  const built = new URL("../../../../target/clients", import.meta.url).pathname;
  const child = spawn(`${process.env.EXAMPLES ?? built}/${program}`, [], {
    env: { ...process.env, HOST: "127.0.0.1", PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  // Should a test fail to stop it.
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);

  const output = [];
  const [scheme, port] = await new Promise((resolve, reject) => {
    const fail = (why) => {
      clearTimeout(timer);
      reject(new Error(`${why}\n${output.join("\n")}`));
    };
    const timer = setTimeout(fail, STARTS_WITHIN_MS, "the server printed no address");
    child.once("error", (error) => fail(`the server could not be started: ${error.message}`));
    child.once("exit", (code) => fail(`the server ended with code ${code}`));
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        output.push(line);
        const found = line.match(/(https?|tcp):\/\/127\.0\.0\.1:(\d+)/);
        if (!found) return;
        clearTimeout(timer);
        resolve([found[1], found[2]]);
      });
    }
  });

  return {
    port: Number(port),
    port,
    http: `${scheme}://127.0.0.1:${port}`,
    ws: `${scheme.replace("http", "ws")}://127.0.0.1:${port}`,
    output,
    /** Resolves to the exit code after a polite request to stop, when all of its output is here. */
    stop(signal = "SIGTERM") {
      process.off("exit", kill);
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const gone = new Promise((resolve) => child.once("close", resolve));
      child.kill(signal);
      return gone;
    },
  };
}
