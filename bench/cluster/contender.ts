/** Three servers that keep one store together, or more. */
import type { Contender } from "../peers/contender.ts";

export interface ClusterContender {
  readonly name: string;
  /** Where clients reach each; the first is Redis's primary. */
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

export function togetherAs(name: string, servers: readonly Contender[]): ClusterContender {
  return {
    name,
    ports: servers.map(({ port }) => port),
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
}

/** Asks again and again, for half a minute. */
export async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (await look()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited in vain until ${what}`);
}
