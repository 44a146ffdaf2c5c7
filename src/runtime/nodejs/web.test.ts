import { expect, test } from "vitest";
import { StoreError } from "../../base/errors.ts";
import { createNodejsWeb } from "./web.ts";

const web = createNodejsWeb();
const anyPort = { host: "127.0.0.1", port: 0 };

test("answers a request with what the function says", async () => {
  const listener = await web.listen(anyPort, async (request) => {
    const { pathname } = new URL(request.url);
    return new Response(`${request.method} ${pathname} ${await request.text()}`, { status: 201 });
  });
  const response = await fetch(`http://127.0.0.1:${listener.port}/a?b`, { method: "POST", body: "text" });
  expect([response.status, await response.text()]).toEqual([201, "POST /a text"]);
  await listener.close();
});

test("closes though a stream is open, and tells who made it", async () => {
  let onCancel: () => void = () => undefined;
  const cancelled = new Promise<void>((resolve) => {
    onCancel = resolve;
  });
  const endless = () =>
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("first\n")),
      cancel: () => onCancel(),
    });
  const listener = await web.listen(anyPort, () => new Response(endless()));
  const response = await fetch(`http://127.0.0.1:${listener.port}/`);
  const reader = response.body!.getReader();
  await reader.read();
  await listener.close();
  await cancelled;
  await expect(reader.read()).rejects.toThrow();
});

test("says that a port is taken as the network does", async () => {
  const listener = await web.listen(anyPort, () => new Response());
  const second = web.listen({ host: "127.0.0.1", port: listener.port }, () => new Response());
  const cause = await second.catch((error: unknown) => error);
  expect(cause).toBeInstanceOf(StoreError);
  expect((cause as StoreError).cause).toMatchObject({ code: "EADDRINUSE" });
  await listener.close();
});
