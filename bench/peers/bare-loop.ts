/**
 * The ceiling of what a RESP server in TypeScript can do: the network door and the codec of Kvorum, and nothing
 * behind them. SET is answered with OK, everything else with one constant value of 100 bytes.
 */
import { ReplyWriter } from "../../src/resp/reply-writer.ts";
import { Request } from "../../src/resp/request.ts";
import { NEED_MORE, REQUEST, RequestDecoder } from "../../src/resp/request-decoder.ts";
import { createNodejsRuntime } from "../../src/runtime/nodejs/nodejs-runtime.ts";
import type { Connection } from "../../src/runtime/runtime.ts";

const SET_INITIALS = [0x53, 0x73]; // "S", "s"
const value = new Uint8Array(100).fill(0x78);
const request = new Request();
const writer = new ReplyWriter();

const { network } = createNodejsRuntime();
const port = Number(process.argv[2]);
await network.listen({ host: "127.0.0.1", port }, serve);
process.stdout.write("ready\n");

function serve(connection: Connection): void {
  const decoder = new RequestDecoder();
  connection.start({
    onBytes(bytes, length) {
      decoder.feed(bytes, length);
      for (let status = decoder.next(request); status !== NEED_MORE; status = decoder.next(request)) {
        if (status !== REQUEST) return connection.destroy();
        if (SET_INITIALS.includes(request.bytes[request.starts[0]!]!)) writer.ok();
        else writer.bulkRange(value, 0, value.length);
      }
      decoder.park();
      if (writer.length > 0 && !connection.write(writer.view())) writer.abandon();
      writer.reset();
    },
    onDrain: () => undefined,
    onEnd: () => connection.end(),
    onClose: () => undefined,
  });
}
