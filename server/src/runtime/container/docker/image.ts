/** The image, pulled where it is not there, with the progress told. */
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { DeckhandError } from "@deckhand/protocol";
import { engineError, type Engine } from "./docker-engine.ts";
import { isMissing } from "./docker-container.ts";

export interface Image {
  /** With a tag. */
  readonly name: string;
  /** Its PATH. */
  readonly path: string;
}

const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Fails with `sandbox_unavailable`. */
export async function readyImage(
  { docker, name: engine }: Engine,
  image: string,
  stage: (sentence: string) => void,
): Promise<Image> {
  const name = withTag(image);
  try {
    const known = await docker
      .getImage(name)
      .inspect()
      .catch(async (error: unknown) => {
        if (!isMissing(error)) throw error;
        await pull(docker, name, stage);
        return docker.getImage(name).inspect();
      });
    const path = known.Config.Env?.find((variable) => variable.startsWith("PATH="))?.slice("PATH=".length);
    return { name, path: path ?? usualPath };
  } catch (error) {
    throw new DeckhandError(
      "sandbox_unavailable",
      `${engine} has no image ${name} and could not pull it: ${engineError(error)}. Name another one in DECKHAND_IMAGE.`,
      { cause: error },
    );
  }
}

/** Without a tag all tags would be pulled. */
function withTag(image: string): string {
  return /[:@][^/]+$/.test(image) ? image : `${image}:latest`;
}

async function pull(docker: Docker, name: string, stage: (sentence: string) => void): Promise<void> {
  stage(`pulling image ${name}`);
  const stream = (await docker.pull(name)) as Readable;
  const layers = new Map<string, { readonly current: number; readonly total: number }>();
  let told = -1;
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
        if (percent <= told) return;
        told = percent;
        stage(`pulling image ${name}: ${percent} %`);
      },
    );
  });
}

/** Of the layers whose size is known by now. */
function percentOf(layers: readonly { readonly current: number; readonly total: number }[]): number {
  const total = layers.reduce((sum, layer) => sum + layer.total, 0);
  const current = layers.reduce((sum, layer) => sum + layer.current, 0);
  return total === 0 ? 0 : Math.min(99, Math.floor((100 * current) / total));
}
