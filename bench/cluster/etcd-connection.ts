/**
 * As much of etcd's gRPC as it takes to put and get: a message is a zero byte, four bytes of length, and protocol
 * buffers, of which only fields of bytes and one flag are needed.
 */
import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import type { Asker } from "./loop.ts";

const PUT = "/etcdserverpb.KV/Put";
const RANGE = "/etcdserverpb.KV/Range";
/** RangeRequest.serializable: answered by the member alone, maybe not the newest. */
const SERIALIZABLE = Buffer.from([7 << 3, 1]);

export interface EtcdRequest {
  readonly key: string;
  /** To put; else it is a get. */
  readonly value?: string;
  /** Of a get: any member's word will do. */
  readonly isLocal?: boolean;
}

export async function openEtcd(port: number, next: () => EtcdRequest): Promise<Asker> {
  const session = connect(`http://127.0.0.1:${port}`);
  await once(session, "connect");
  return { ask: () => send(session, next()), close: () => session.destroy() };
}

function send(session: ClientHttp2Session, { key, value, isLocal = false }: EtcdRequest): Promise<void> {
  const parts = [bytesField(1, key)];
  if (value !== undefined) parts.push(bytesField(2, value));
  else if (isLocal) parts.push(SERIALIZABLE);
  const message = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  const path = value === undefined ? RANGE : PUT;
  const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
  return new Promise((resolve, reject) => {
    const stream = session.request(headers);
    const settle = (status: unknown, message: unknown): void => {
      if (status === "0") resolve();
      else if (status !== undefined) reject(new Error(`etcd: ${status} ${message}`));
    };
    stream.on("response", (fields) => settle(fields["grpc-status"], fields["grpc-message"]));
    stream.on("trailers", (fields) => settle(fields["grpc-status"], fields["grpc-message"]));
    stream.on("error", reject);
    stream.resume();
    stream.end(Buffer.concat([head, message]));
  });
}

function bytesField(field: number, text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length]), bytes]);
}
