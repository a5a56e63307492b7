import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { hostRuntimes } from "./host.ts";
import { makeFolders, run, runtimeContract } from "./runtime.contract.ts";

runtimeContract("the host runtime", hostRuntimes);

it("[R20] the host runtime reports that it is no sandbox, and still passes on no secret", async () => {
  const folders = makeFolders();
  process.env["DECKHAND_TEST_SECRET"] = "secret";
  try {
    const factory = hostRuntimes(folders.options);
    const status = await factory.status(folders.root);
    assert.deepEqual([status.kind, status.proven], ["host", false]);
    assert.match(status.sentence, /no sandbox/);
    await using runtime = await factory.create({
      workspace: join(folders.root, "workspace"),
      home: join(folders.root, "home"),
    });
    assert.equal(runtime.kind, "host");
    assert.doesNotMatch((await run(runtime, "env")).output, /SECRET|secret/);
  } finally {
    delete process.env["DECKHAND_TEST_SECRET"];
    folders.remove();
  }
});
