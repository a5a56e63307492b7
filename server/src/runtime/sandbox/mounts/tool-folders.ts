/**
 * Tools outside the system folders: the entries of the user's PATH, including those in the home folder, read-only. Only
 * what a tool needs is visible: never the whole home, a folder with credentials, another project, or what npm added to
 * PATH when it started the server.
 */
import { existsSync, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Mount } from "./mounts.ts";
import type { RuntimeOptions } from "../../runtime-options.ts";
import { protectedInHome, isIn } from "../workspace-policy.ts";

export interface Tools {
  readonly mounts: readonly Mount[];
  /** PATH inside. */
  readonly path: string;
  /** Variables that tell tools where they are installed, because HOME differs inside. */
  readonly env: Readonly<Record<string, string>>;
}

const system = ["/usr", "/bin", "/sbin", "/lib", "/lib64"];
const always = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/**
 * Known folders in a home, by the start of a PATH entry: what becomes visible (the first match counts), and the
 * variable that names it.
 */
const inHome: readonly {
  readonly entry: string;
  readonly show: readonly string[];
  readonly env?: Record<string, string>;
}[] = [
  { entry: ".pyenv", show: [".pyenv"], env: { PYENV_ROOT: ".pyenv" } },
  { entry: ".rbenv", show: [".rbenv"], env: { RBENV_ROOT: ".rbenv" } },
  { entry: ".nodenv", show: [".nodenv"], env: { NODENV_ROOT: ".nodenv" } },
  { entry: ".goenv", show: [".goenv"], env: { GOENV_ROOT: ".goenv" } },
  { entry: ".nvm", show: [".nvm"], env: { NVM_DIR: ".nvm" } },
  { entry: ".volta", show: [".volta"], env: { VOLTA_HOME: ".volta" } },
  { entry: ".asdf", show: [".asdf"], env: { ASDF_DATA_DIR: ".asdf" } },
  { entry: ".sdkman", show: [".sdkman/candidates"], env: { SDKMAN_DIR: ".sdkman" } },
  { entry: ".rvm", show: [".rvm"] },
  { entry: ".cargo/bin", show: [".cargo/bin", ".rustup"], env: { RUSTUP_HOME: ".rustup" } },
  { entry: ".bun/bin", show: [".bun/bin"] },
  { entry: ".deno/bin", show: [".deno/bin"] },
  { entry: "go/bin", show: ["go/bin"] },
  { entry: ".dotnet", show: [".dotnet"] },
  { entry: ".ghcup/bin", show: [".ghcup/bin", ".ghcup/ghc"] },
  { entry: ".npm-global", show: [".npm-global"] },
  { entry: ".local/share/fnm", show: [".local/share/fnm"] },
  { entry: ".local/share/pnpm", show: [".local/share/pnpm"] },
  { entry: ".local/share/mise", show: [".local/share/mise"] },
  { entry: ".local/bin", show: [".local/bin", ".local/share/pipx", ".local/pipx/venvs", ".local/share/uv"] },
  { entry: "miniconda3", show: ["miniconda3"] },
  { entry: "anaconda3", show: ["anaconda3"] },
  { entry: "miniforge3", show: ["miniforge3"] },
  { entry: "bin", show: ["bin"] },
];

export function toolFolders(options: RuntimeOptions & { readonly checkout: string }): Tools {
  const home = real(options.userHome) ?? resolve(options.userHome);
  const dataHome = real(options.dataHome) ?? resolve(options.dataHome);
  const shown = new Set<string>();
  const env: Record<string, string> = {};
  const path: string[] = [];
  for (const entry of options.path.split(":")) {
    if (!entry.startsWith("/") || isFromNpm(entry) || isIn(entry, options.checkout)) continue;
    const folder = real(entry);
    if (folder === undefined || isIn(folder, options.checkout) || isIn(folder, dataHome)) continue;
    if (!system.some((tree) => isIn(folder, tree))) {
      const found = isIn(folder, home) ? homeFolders(folder, home, env) : otherFolders(folder);
      const allowed = found.filter((each) => !isIn(home, each) && !isIn(dataHome, each) && each !== "/");
      if (allowed.length === 0) continue;
      for (const each of allowed) shown.add(each);
    }
    path.push(folder);
  }
  for (const folder of always) if (existsSync(folder)) path.push(folder);
  // A folder below a visible folder needs no mount of its own.
  const outer = [...shown].filter((one) => ![...shown].some((other) => other !== one && isIn(one, other)));
  return {
    mounts: outer.sort().map((folder) => ({ type: "read", from: folder, to: folder })),
    path: [...new Set(path)].join(":"),
    env,
  };
}

/** npm prepends node_modules/.bin of the package and its parents, and its own node-gyp-bin. */
function isFromNpm(entry: string): boolean {
  return entry.includes("/node_modules/.bin") || entry.includes("node-gyp-bin");
}

function homeFolders(folder: string, home: string, env: Record<string, string>): string[] {
  const known = inHome.find(({ entry }) => isIn(folder, join(home, entry)));
  if (known !== undefined) {
    for (const [name, value] of Object.entries(known.env ?? {})) env[name] = join(home, value);
    const shown = known.show.map((name) => join(home, name)).filter(isFolder);
    return known.entry === ".local/bin" ? [...shown, ...linkedFolders(folder, join(home, ".local/share"))] : shown;
  }
  if (protectedInHome.some((name) => isIn(folder, join(home, name)))) return [];
  const parent = dirname(folder);
  // A Python or conda environment needs the folders next to its bin; of a project only the bin itself is visible.
  return [existsSync(join(parent, "pyvenv.cfg")) || isFolder(join(parent, "conda-meta")) ? parent : folder];
}

/** Programs installed as symbolic links: `~/.local/bin/tool` to `~/.local/share/tool/versions/1/tool`. */
function linkedFolders(folder: string, share: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isSymbolicLink())
    .map((entry) => resolve(folder, readlinkSync(join(folder, entry.name))))
    .filter((target) => isIn(target, share) && target !== share)
    .map((target) => join(share, target.slice(share.length + 1).split("/")[0] ?? ""))
    .filter((each) => each !== share && isFolder(each));
}

/**
 * The whole of a virtual environment or a package in /opt or /nix; otherwise the folder and, next to a `bin`, what its
 * programs load.
 */
function otherFolders(folder: string): string[] {
  const parent = dirname(folder);
  const top = /^\/opt\/[^/]+/.exec(folder)?.[0];
  if (top !== undefined) return [top];
  if (isIn(folder, "/nix/store")) return ["/nix/store"];
  if (existsSync(join(parent, "pyvenv.cfg"))) return [parent];
  if (basename(folder) !== "bin") return [folder];
  return [
    folder,
    ...["lib", "lib64", "libexec", "share", "include"].map((name) => join(parent, name)).filter(isFolder),
  ];
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
