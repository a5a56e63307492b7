import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { ended, Project } from "./project.test-kit.ts";

/** Prints how it was started. */
const probe = `console.log(JSON.stringify({
  cwd: process.cwd(), args: process.argv.slice(2), path: process.env.PATH, user: process.env.DECKHAND_USER_PATH,
  npm: Object.keys(process.env).filter((name) => name.startsWith("npm_")) }));`;

interface Printed {
  readonly cwd: string;
  readonly args: readonly string[];
  readonly path: string;
  readonly user: string;
  readonly npm: readonly string[];
}

/** Writes its arguments as the built page; fails if a source contains "broken". */
const vite = `import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
const out = process.argv[process.argv.indexOf("--outDir") + 1];
const page = readFileSync("index.html", "utf8");
if (page === "broken") { console.error("no such tag"); process.exit(1); }
mkdirSync(out); writeFileSync(out + "/index.html", page);`;

async function readyProject(t: TestContext): Promise<Project> {
  const project = new Project(t);
  project.write("cli/src/main.ts", probe);
  for (const path of ["client/a.ts", "protocol/a.ts"]) project.write(path, "");
  project.write("web/index.html", "one");
  await project.run(["scripts/setup.js"]);
  project.write("node_modules/vite/bin/vite.js", vite);
  project.write("node_modules/vite/package.json", '{"type":"module"}');
  return project;
}

test("[S6] bin/deckhand runs in the user's folder and returns the exit code", async (t) => {
  const project = await readyProject(t);
  const elsewhere = dirname(project.root);
  const result = await project.run([join(project.root, "bin/deckhand"), "run", "a task"], { cwd: elsewhere });
  const printed = JSON.parse(result.stdout) as Printed;
  assert.deepEqual([printed.cwd, printed.args, result.stderr], [elsewhere, ["run", "a task"], ""]);
  project.write("cli/src/main.ts", "process.exit(3)");
  assert.equal((await project.run([join(project.root, "bin/deckhand")])).code, 3);
  project.write("cli/src/main.ts", 'process.kill(process.pid, "SIGKILL")');
  assert.equal((await project.run([join(project.root, "bin/deckhand")])).code, 137);
});

test("[S6] the server gets the user's PATH without what npm and we prepended", async (t) => {
  const project = await readyProject(t);
  const own = [project.bin, dirname(process.execPath), "/somewhere/node_modules/.bin"].join(delimiter);
  const npms = [
    join(project.root, "node_modules/.bin"),
    "/node_modules/.bin",
    "/usr/lib/node_modules/npm/node_modules/@npmcli/run-script/lib/node-gyp-bin",
  ];
  const env = {
    PATH: [...npms, own].join(delimiter),
    INIT_CWD: dirname(project.root),
    npm_lifecycle_event: "deckhand",
    npm_config_registry: "http://127.0.0.1:1/",
  };
  const { stdout } = await project.run(["scripts/run.js", "deckhand"], { env });
  const printed = JSON.parse(stdout) as Printed;
  assert.equal(printed.user, own);
  assert.equal(printed.path, [dirname(process.execPath), join(project.root, "node_modules/.bin"), own].join(delimiter));
  assert.equal(printed.cwd, dirname(project.root));
  assert.deepEqual(printed.npm, ["npm_config_registry"]);
});

test("[S7] a start builds the web UI only if its sources have changed", async (t) => {
  const project = await readyProject(t);
  const start = () => project.run(["scripts/run.js", "start"]);
  const first = await start();
  assert.match(first.stderr, /Building the web UI/);
  assert.deepEqual((JSON.parse(first.stdout) as Printed).args, ["serve"]);
  assert.equal(project.read("web/dist/index.html"), "one");
  assert.equal((await start()).stderr, "");
  project.write("web/index.html", "two");
  assert.match((await start()).stderr, /Building/);
  assert.equal(project.read("web/dist/index.html"), "two");
  project.write("client/a.ts", "export {};");
  assert.match((await start()).stderr, /Building/);
});

test("[S7] a failed build stops the start, reports why and keeps the previous build", async (t) => {
  const project = await readyProject(t);
  await project.run(["scripts/run.js", "start"]);
  project.write("web/index.html", "broken");
  const { code, stderr } = await project.run(["scripts/run.js", "start"]);
  assert.equal(code, 1);
  assert.match(stderr, /The web UI could not be built:\nno such tag/);
  assert.equal(project.read("web/dist/index.html"), "one");
  assert.ok(!readdirSync(join(project.root, "node_modules")).some((name) => name.startsWith(".web-")));
});

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  test(`[S8] ${signal} reaches what was started, and its exit code comes back`, async (t) => {
    const project = await readyProject(t);
    project.write(
      "cli/src/main.ts",
      `process.on("${signal}", () => process.exit(7)); setInterval(() => {}, 1000); console.log("ready");`,
    );
    const child = project.start(["bin/deckhand"]);
    const end = ended(child);
    assert.ok(child.stdout);
    await once(child.stdout, "data");
    child.kill(signal);
    assert.equal((await end).code, 7);
  });
}

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  test(`[S8] what npm started ends with npm, also when that gets ${signal}`, async (t) => {
    const project = await readyProject(t);
    const manifest = JSON.parse(project.read("package.json")) as object;
    const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as object & {
      readonly scripts: object;
    };
    project.write("package.json", JSON.stringify({ ...manifest, scripts }));
    project.write(
      "cli/src/main.ts",
      `import { writeFileSync } from "node:fs";
      process.on("SIGTERM", () => { writeFileSync("ended", ""); process.exit(0); });
      setInterval(() => {}, 1000); console.log("ready");`,
    );
    const npm = project.start([realpathSync(join(project.bin, "npm")), "run", "--silent", "deckhand"]);
    assert.ok(npm.stdout);
    await once(npm.stdout, "data");
    // The pipe is closed when the last process that holds it is gone.
    const end = ended(npm);
    npm.kill(signal);
    await end;
    assert.ok(existsSync(join(project.root, "ended")));
  });
}

test("[S8] one Ctrl-C stops both servers of npm run dev, and the exit of either stops the other", async (t) => {
  const project = await readyProject(t);
  const endless = (name: string) => `import { writeFileSync } from "node:fs"; writeFileSync("${name}", "");
    for (const s of ["SIGTERM", "SIGINT"]) process.on(s, () => { writeFileSync("${name}-ended", ""); process.exit(0); });
    setInterval(() => {}, 1000); console.log("ready");`;
  project.write("cli/src/main.ts", endless("server"));
  project.write("node_modules/vite/bin/vite.js", endless("vite"));
  const child = project.start(["scripts/run.js", "dev"]);
  const end = ended(child);
  let seen = "";
  await new Promise<void>((resolve) => {
    child.stdout?.on("data", (data) => {
      seen += String(data);
      if (seen.split("ready").length === 3) resolve();
    });
  });
  child.kill("SIGINT");
  await end;
  for (const name of ["server-ended", "vite-ended"]) assert.ok(existsSync(join(project.root, name)), name);
  project.write("node_modules/vite/bin/vite.js", "process.exit(4)");
  assert.equal((await project.run(["scripts/run.js", "dev"])).code, 4);
});

test("[S8] an unknown command is answered with the known ones", async (t) => {
  const project = await readyProject(t);
  const { code, stderr } = await project.run(["scripts/run.js", "strat"]);
  assert.equal(code, 1);
  assert.match(stderr, /^usage: run\.js start\|/);
});
