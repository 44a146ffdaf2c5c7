import { expect, test } from "vitest";
import { StoreError } from "../../base/errors.ts";
import { testBackground } from "../background.contract.ts";
import { NodejsBackground } from "./background.ts";
import { createNodejsClock } from "./clock.ts";
import { createNodejsDisk } from "./disk.ts";
import { createNodejsNetwork } from "./network.ts";
import { decodeFailure, encodeFailure } from "./task-message.ts";

testBackground("nodejs background, from sources", async (body) => {
  const runtime = { clock: createNodejsClock(), disk: createNodejsDisk(), network: createNodejsNetwork() };
  const background = new NodejsBackground(runtime, { threadsMax: 2 });
  await body(background, (promise) => promise);
  await background.close();
});

test("a StoreError keeps its code, outcome and system cause on its way between threads", () => {
  const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
  const sent = structuredClone(
    encodeFailure(new StoreError("IO", "not-applied", "disk full", { cause: full })),
  );
  const received = decodeFailure(sent);
  expect(received).toBeInstanceOf(StoreError);
  expect(received).toMatchObject({
    code: "IO",
    outcome: "not-applied",
    message: "disk full",
    cause: { message: "no space left", code: "ENOSPC" },
  });
});
