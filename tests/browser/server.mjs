// A real Guise server in a folder of its own, and what its command line does.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createWriteStream } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);
const BINARY = resolve(process.env.GUISE ?? "target/release/guise");

/** Starts the server; `url` is its address by plain HTTP on this machine. */
export async function start(settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), "guise-browser-"));
  const data = join(folder, "data");
  const env = { ...process.env, GUISE_PROFILES: join(folder, "profiles.toml"), ...settings };
  const args = ["--data", data, "serve", "--http", "127.0.0.1:0", "--tls", "127.0.0.1:0"];
  const server = spawn(BINARY, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  server.stderr.pipe(createWriteStream(join(folder, "log")));
  const port = await listening(server);
  /** Runs a command on the server's data; what it prints as JSON. */
  const guise = async (...words) => {
    const { stdout } = await run(BINARY, ["--data", data, "--json", ...words], { env });
    return stdout.trim() ? JSON.parse(stdout) : null;
  };
  const stop = async () => {
    server.kill();
    if (server.exitCode === null) await once(server, "exit");
    await rm(folder, { recursive: true });
  };
  return { url: `http://localhost:${port}`, folder, guise, stop };
}

async function listening(server) {
  for await (const line of createInterface({ input: server.stdout })) {
    const port = /^listening on .*http:\/\/.*:(\d+)$/.exec(line)?.[1];
    if (port) {
      server.stdout.resume();
      return port;
    }
  }
  throw new Error("the server did not start");
}
