/** Finds the container image, or pulls it and reports the progress. */
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { DeckhandError } from "@deckhand/protocol";
import { engineError, type Engine } from "./docker-engine.ts";
import { isMissing } from "./docker-container.ts";

export interface Image {
  /** With a tag or digest. */
  readonly name: string;
  /** PATH as defined by the image. */
  readonly path: string;
}

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Fails with `sandbox_unavailable`. */
export async function ensureImage(
  { docker, name: engine }: Engine,
  image: string,
  onProgress: (sentence: string) => void,
): Promise<Image> {
  const name = withTag(image);
  try {
    const found = await docker
      .getImage(name)
      .inspect()
      .catch(async (error: unknown) => {
        if (!isMissing(error)) throw error;
        await pull(docker, name, onProgress);
        return docker.getImage(name).inspect();
      });
    const path = found.Config.Env?.find((variable) => variable.startsWith("PATH="))?.slice("PATH=".length);
    return { name, path: path ?? defaultPath };
  } catch (error) {
    throw new DeckhandError(
      "sandbox_unavailable",
      `${engine} has no image ${name} and could not pull it: ${engineError(error)}. Set DECKHAND_IMAGE to another image.`,
      { cause: error },
    );
  }
}

/** Pulling without a tag would fetch all tags. */
function withTag(image: string): string {
  return /[:@][^/]+$/.test(image) ? image : `${image}:latest`;
}

async function pull(docker: Docker, name: string, onProgress: (sentence: string) => void): Promise<void> {
  onProgress(`pulling image ${name}`);
  const stream = (await docker.pull(name)) as Readable;
  const layers = new Map<string, { readonly current: number; readonly total: number }>();
  let reported = -1;
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(
      stream,
      (error) => (error === null ? resolve() : reject(error)),
      (event: {
        readonly id?: string;
        readonly error?: string;
        readonly progressDetail?: { readonly current?: number; readonly total?: number };
      }) => {
        if (event.error !== undefined) return reject(new Error(event.error));
        const { current, total } = event.progressDetail ?? {};
        if (event.id === undefined || current === undefined || total === undefined) return;
        layers.set(event.id, { current, total });
        const percent = percentOf([...layers.values()]);
        if (percent <= reported) return;
        reported = percent;
        onProgress(`pulling image ${name}: ${percent}%`);
      },
    );
  });
}

/** Over the layers whose size is already known. */
function percentOf(layers: readonly { readonly current: number; readonly total: number }[]): number {
  const total = layers.reduce((sum, layer) => sum + layer.total, 0);
  const current = layers.reduce((sum, layer) => sum + layer.current, 0);
  return total === 0 ? 0 : Math.min(99, Math.floor((100 * current) / total));
}
