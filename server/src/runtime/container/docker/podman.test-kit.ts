/**
 * A private Podman for tests: a service on a socket, with storage and images in a temporary folder that is removed
 * afterwards. The images are built from this machine's programs, so no registry is needed: one has bash and coreutils,
 * the other only busybox.
 */
import { execFile, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Needed on machines where limits cannot be raised and cgroups are version 1. */
const containersConf = `
[containers]
default_ulimits = ["nofile=20000:20000","nproc=32768:32768"]
netns = "none"
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`;

/**
 * Runs the service. When stdin is closed, which also happens if this process is killed, ends everything in the folder
 * ($1). Podman's helper processes would otherwise wait five minutes for somebody to collect the exit code of an exec.
 */
const serviceScript = `
folder=$1
shift
podman "$@" system service --time=0 "unix://$folder/podman.sock" &
service=$!
cat >/dev/null
podman "$@" rm --all --force --time 0
kill "$service"
wait "$service"
for file in /proc/[0-9]*/cmdline; do
  pid=\${file#/proc/}
  pid=\${pid%/cmdline}
  [ "$pid" != $$ ] && grep -qsF "$folder/" "$file" && kill -s KILL "$pid"
done
grep -oE "$folder/[^ ]*" /proc/self/mountinfo | while read -r mount; do umount -l "$mount"; done
rm -rf "$folder"
`;

const programs =
  "bash cat chmod cmp cp cut date dd echo env expr false find grep head hostname id kill ln ls mkdir mkfifo mktemp mv nohup od " +
  "pkill printf ps pwd readlink realpath rm script sed seq setsid sleep sort stat stty tail tee test timeout touch tr true uniq wc xargs yes";

/** Contract tests that need a program that the bash image does not have. */
const needsMore = ["[O8]", "[O11]", "[R1] a virtual"];

export function withoutPrograms(title: string): string | undefined {
  return needsMore.some((start) => title.startsWith(start)) ? "the image has no python, git or vi" : undefined;
}

export interface Podman extends AsyncDisposable {
  readonly env: { readonly DOCKER_HOST: string };
  readonly socket: string;
  readonly bashImage: string;
  readonly shImage: string;
  /** Creates an image from what `make` puts into the folder. */
  makeImage(name: string, make: (root: string) => void | Promise<void>): Promise<string>;
  readonly podman: (...args: readonly string[]) => Promise<string>;
}

/** The reason why Podman cannot be used here, or false. */
export function noPodman(): string | false {
  if (process.platform !== "linux") return "Podman tests run only on Linux";
  if (process.getuid?.() !== 0) return "Podman tests need root, because they create containers for several users";
  const missing = ["podman", "runc", "busybox"].filter((name) => find(name) === undefined);
  return missing.length > 0 && `not installed: ${missing.join(", ")} (apt-get install podman runc busybox-static)`;
}

/** `registry` (`host:port`) is accessed without TLS. */
export async function startPodman(registry = "127.0.0.1:1"): Promise<Podman> {
  const folder = mkdtempSync(join(tmpdir(), "deckhand-podman-"));
  const socket = join(folder, "podman.sock");
  const conf = join(folder, "containers.conf");
  writeFileSync(conf, containersConf);
  const registries = join(folder, "registries.conf");
  writeFileSync(registries, `[[registry]]\nlocation = "${registry}"\ninsecure = true\n`);
  const env = { ...process.env, CONTAINERS_CONF: conf, CONTAINERS_REGISTRIES_CONF: registries };
  const place = ["--root", join(folder, "root"), "--runroot", join(folder, "run"), "--tmpdir", join(folder, "tmp")];
  const args = [...place, "--storage-driver", "vfs"];
  const podman = async (...more: readonly string[]) =>
    (await run("podman", [...args, ...more], { env, maxBuffer: 64 * 1024 * 1024 })).stdout;
  const makeImage: Podman["makeImage"] = async (name, make) => {
    const root = mkdtempSync(join(folder, "rootfs-"));
    chmodSync(root, 0o755);
    for (const each of ["bin", "etc", "usr"]) mkdirSync(join(root, each));
    await make(root);
    await run("tar", ["-C", root, "-cf", `${root}.tar`, "."]);
    const image = `localhost/deckhand-test/${name}:1`;
    await podman("import", "--change", "ENV PATH=/bin", `${root}.tar`, image);
    rmSync(root, { recursive: true });
    rmSync(`${root}.tar`);
    return image;
  };
  const bashImage = await makeImage("bash", makeBash);
  const shImage = await makeImage("sh", makeSh);
  const service = spawn("sh", ["-c", serviceScript, "sh", folder, ...args], {
    // conmon leaves a file "oom" in its working directory.
    cwd: folder,
    env,
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const deadline = performance.now() + 20_000;
  while (!existsSync(socket)) {
    if (performance.now() > deadline || service.exitCode !== null) throw new Error("Podman's service did not start");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    env: { DOCKER_HOST: `unix://${socket}` },
    socket,
    bashImage,
    shImage,
    makeImage,
    podman,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => service.once("exit", resolve));
      if (service.exitCode !== null) return;
      service.stdin.end();
      await ended;
    },
  };
}

async function makeBash(root: string): Promise<void> {
  symlinkSync("../bin", join(root, "usr", "bin"));
  const files = programs.split(" ").flatMap((name) => find(name) ?? []);
  for (const file of files) copyFileSync(file, join(root, "bin", file.slice(file.lastIndexOf("/") + 1)));
  symlinkSync("bash", join(root, "bin", "sh"));
  const { stdout } = await run("ldd", files).catch((error: unknown) => error as { stdout: string });
  for (const library of new Set(stdout.match(/\/[^\s():]+\.so[^\s()]*/g))) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
}

export async function makeSh(root: string): Promise<void> {
  const busybox = find("busybox") ?? "";
  copyFileSync(busybox, join(root, "bin", "busybox"));
  const { stdout } = await run(busybox, ["--list"]);
  for (const name of stdout.split("\n")) {
    if (name !== "" && name !== "busybox") symlinkSync("busybox", join(root, "bin", name));
  }
}

function find(program: string): string | undefined {
  return ["/bin", "/usr/bin", "/sbin", "/usr/sbin"]
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));
}
