/** The far side of bench/peer.ts: a peer server that answers with what it is sent, and a bare echo. */
import { silentLogger } from "../../src/base/logger.ts";
import { PeerServer } from "../../src/peer/peer-server.ts";
import { DEFAULT_PEER_LIMITS } from "../../src/peer/peer-settings.ts";
import { createNodejsRuntime } from "../../src/runtime/nodejs/nodejs-runtime.ts";

const HOST = "127.0.0.1";
const runtime = createNodejsRuntime();
const server = new PeerServer({
  runtime,
  logger: silentLogger,
  handler: {
    onRequest: (_from, _method, { bytes, start, end }, reply) => reply.range(bytes, start, end),
    onMessage: () => undefined,
  },
  settings: {
    ...DEFAULT_PEER_LIMITS,
    self: { id: "000000000000000b", incarnation: 1 },
    clusterId: "bench",
    secret: new Uint8Array(32),
  },
});
const { port: peerPort } = await server.listen({ host: HOST, port: 0 });
const { port: echoPort } = await runtime.network.listen({ host: HOST, port: 0 }, (connection) =>
  connection.start({
    onBytes(bytes, length) {
      connection.write(bytes.slice(0, length));
    },
    onDrain: () => undefined,
    onEnd: () => connection.end(),
    onClose: () => undefined,
  }),
);
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send!(user + system);
});
process.on("disconnect", () => process.exit());
process.send!({ peerPort, echoPort });
