// A real Guise server in a folder of its own, and what its command line does.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
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
  const credentials = join(folder, "profiles.toml");
  const env = { ...process.env, GUISE_PROFILES: credentials, ...settings };
  const args = ["--data", data, "serve", "--http", "127.0.0.1:0", "--tls", "127.0.0.1:0"];
  const server = spawn(BINARY, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  server.stderr.pipe(createWriteStream(join(folder, "log")));
  const port = await listening(server);
  /** Runs a command on the server's data; what it prints as JSON. */
  const guise = async (...words) => {
    const { stdout } = await run(BINARY, ["--data", data, "--json", ...words], { env });
    return stdout.trim() ? JSON.parse(stdout) : null;
  };
  const url = `http://localhost:${port}`;
  /** An app and a token of an account, and what runs commands that sign with them. */
  const client = async (account, name = "Test", operator = "test") => {
    const app = await guise("app", "add", "--account", account, name);
    const add = ["token", "add", "--account", account, "--app", app.id, "--operator", operator];
    const token = await guise(...add, "--save", account);
    // The server's port was chosen by the system, which its configuration does not know.
    const kept = await readFile(credentials, "utf8");
    await writeFile(credentials, kept.replace(/^url = .*$/gm, `url = "${url}"`).replace(/^ca_file = .*$/gm, ""));
    return { app, token, run: (...words) => guise("--profile", account, ...words) };
  };
  const stop = async () => {
    server.kill();
    if (server.exitCode === null) await once(server, "exit");
    await rm(folder, { recursive: true });
  };
  return { url, folder, guise, client, stop };
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
