/** A server in the simulator that answers a load as a test wants it to. */
import { utf8 } from "../../src/base/bytes.ts";
import { Request } from "../../src/resp/request.ts";
import { REQUEST, RequestDecoder } from "../../src/resp/request-decoder.ts";
import { SimWorld } from "../../src/sim/sim-runtime.ts";

export const NODE = { host: "node", port: 7001 };

export interface Answers {
  /** Of the request with this number, over all connections, from 0; undefined to hang up instead. */
  reply(number: number, words: readonly string[]): string | undefined;
  /** Until which moment nothing is answered that comes from `fromMs` on. */
  readonly stall?: { readonly fromMs: number; readonly toMs: number };
}

export interface Town {
  readonly world: SimWorld;
  readonly words: string[][];
  readonly mostAtOnce: () => number;
}

/** A server at the node that answers each request 1 ms after it came. */
export async function serving({ reply, stall }: Answers): Promise<Town> {
  const world = new SimWorld("load");
  const { network, clock } = world.runtime("node");
  const words: string[][] = [];
  let atOnce = 0;
  let most = 0;
  const listening = network.listen(NODE, (connection) => {
    const decoder = new RequestDecoder();
    const request = new Request();
    connection.start({
      onBytes(bytes, length) {
        decoder.feed(bytes, length);
        while (decoder.next(request) === REQUEST) {
          const text = Array.from({ length: request.argCount }, (_, i) =>
            Buffer.from(request.bytes.subarray(request.starts[i]!, request.ends[i]!)).toString(),
          );
          const answer = reply(words.push(text) - 1, text);
          most = Math.max(most, ++atOnce);
          const now = clock.monotonicMs();
          const delayMs =
            stall !== undefined && now >= stall.fromMs && now < stall.toMs ? stall.toMs - now : 1;
          void clock.sleep(delayMs).then(() => {
            atOnce--;
            if (answer === undefined) connection.destroy();
            else connection.write(utf8(answer));
          });
        }
        decoder.park();
      },
      onDrain: () => undefined,
      onEnd: () => connection.end(),
      onClose: () => undefined,
    });
  });
  await world.runUntil(listening);
  return { world, words, mostAtOnce: () => most };
}
