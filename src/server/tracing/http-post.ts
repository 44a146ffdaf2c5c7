/** One HTTP request over a connection of its own, as much of HTTP/1.1 as that takes; of the answer, nothing but its status. */
import { StoreError } from "../../base/errors.ts";
import type { Runtime } from "../../runtime/runtime.ts";

const HTTP_PORT = 80;
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})[ \r]/;
const STATUS_BYTES = "HTTP/1.1 200 ".length;

/** Resolves to the status. Rejects with StoreError IO, also if there is none in time. */
export async function httpPost(
  { network, clock }: Pick<Runtime, "network"> & { readonly clock: Pick<Runtime["clock"], "sleep"> },
  url: URL,
  json: string,
  timeoutMs: number,
): Promise<number> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? HTTP_PORT : Number(url.port);
  const connection = await network.connect({ host, port, timeoutMs });
  const over = new AbortController();
  const answered = new Promise<number>((resolve, reject) => {
    const fail = (reason: string): void => reject(new StoreError("IO", "unknown", reason));
    let text = "";
    connection.start({
      onBytes: (bytes, length) => {
        if (text.length < STATUS_BYTES) text += Buffer.from(bytes.subarray(0, length)).toString("latin1");
        const status = STATUS_LINE.exec(text)?.[1];
        if (status !== undefined) resolve(Number(status));
        else if (text.length >= STATUS_BYTES) fail("its answer is no HTTP");
      },
      onDrain: () => undefined,
      onEnd: () => fail("it closed the connection"),
      onClose: (cause) => fail(cause?.message ?? "it closed the connection"),
    });
    clock.sleep(timeoutMs, over.signal).then(
      () => fail(`no answer in ${timeoutMs} ms`),
      () => undefined,
    );
  });
  const body = Buffer.from(json);
  const head = [
    `POST ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    "Connection: close",
    "",
    "",
  ];
  connection.write(Buffer.concat([Buffer.from(head.join("\r\n"), "latin1"), body]));
  try {
    return await answered;
  } finally {
    over.abort();
    connection.destroy();
  }
}
