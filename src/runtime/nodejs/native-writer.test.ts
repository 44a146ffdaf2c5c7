import { once } from "node:events";
import { connect, createServer, Socket } from "node:net";
import { expect, test } from "vitest";
import { NativeWriter } from "./native-writer.ts";

const ignore = (): void => undefined;

test("this Node.js lets connected sockets be written to natively", async () => {
  const server = createServer((peer) => peer.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const socket = connect({ port, host: "127.0.0.1" }).on("error", ignore);
  await once(socket, "connect");
  expect(NativeWriter.of(socket, ignore)).toBeInstanceOf(NativeWriter);
  socket.destroy();
  server.close();
  await once(server, "close");
});

test("a socket without a native stream is left to the documented way", () => {
  expect(NativeWriter.of(new Socket(), ignore)).toBeUndefined();
});
