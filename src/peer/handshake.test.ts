import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { toText, utf8 } from "../base/bytes.ts";
import { SimRandom } from "../sim/sim-random.ts";
import {
  type HandshakeResult,
  type HandshakeSettings,
  InitiatorHandshake,
  type Message,
  ResponderHandshake,
  VERSION_MAX,
} from "./handshake.ts";
import { encodeChallenge, encodeHello, HANDSHAKE_BYTES_MAX, STEP } from "./handshake-message.ts";

const A = "00000000000000aa";
const B = "00000000000000bb";

const near: HandshakeSettings = {
  self: { id: A, incarnation: 7 },
  clusterId: "orders",
  secret: utf8("tell nobody"),
};
const far: HandshakeSettings = { ...near, self: { id: B, incarnation: 9 } };

let random: SimRandom;

beforeEach(() => {
  random = new SimRandom("handshake");
});

interface Run {
  readonly initiator: HandshakeResult | undefined;
  readonly responder: HandshakeResult | undefined;
  readonly wire: readonly Message[];
}

/** Passes messages to and fro until nobody has any more to say. `tamper` may change each on its way. */
function run(
  i: Pick<InitiatorHandshake, "begin" | "onMessage">,
  r: Pick<ResponderHandshake, "onMessage">,
  tamper: (message: Message, number: number) => Message = (message) => message,
): Run {
  const wire: Message[] = [];
  const results: { initiator: HandshakeResult | undefined; responder: HandshakeResult | undefined } = {
    initiator: undefined,
    responder: undefined,
  };
  let message: Message | undefined = i.begin();
  for (let number = 0; message !== undefined && number < 10; number++) {
    wire.push(message);
    const { step, payload } = tamper(message, number);
    const end = number % 2 === 0 ? r : i;
    const result: HandshakeResult = end.onMessage(step, payload);
    results[number % 2 === 0 ? "responder" : "initiator"] = result;
    message = result.kind === "send" ? result : result.send;
  }
  return { ...results, wire };
}

function initiator(settings = near, wanted: string | undefined = B): InitiatorHandshake {
  return new InitiatorHandshake(settings, random, wanted);
}

function responder(settings = far): ResponderHandshake {
  return new ResponderHandshake(settings, random);
}

test("two nodes of one cluster with one secret learn who the other is", () => {
  const { initiator: i, responder: r, wire } = run(initiator(), responder());
  expect(i).toMatchObject({
    kind: "done",
    established: { peer: { id: B, incarnation: 9 }, version: VERSION_MAX },
  });
  expect(r).toMatchObject({
    kind: "done",
    established: { peer: { id: A, incarnation: 7 }, version: VERSION_MAX },
  });
  expect(wire.map(({ step }) => step)).toEqual([STEP.hello, STEP.challenge, STEP.proof, STEP.welcome]);
});

test.each([
  [1, undefined],
  [undefined, 1],
  [1, 1],
])("where one end knows less (%s, %s), both speak what it knows", (nearSpeaks, farSpeaks) => {
  const { initiator: i, responder: r } = run(
    initiator({ ...near, speaks: nearSpeaks }),
    responder({ ...far, speaks: farSpeaks }),
  );
  expect(i).toMatchObject({ kind: "done", established: { version: 1 } });
  expect(r).toMatchObject({ kind: "done", established: { version: 1 } });
});

test("who owns up to less is not made to speak more", () => {
  const i = initiator({ ...near, speaks: 1 });
  i.begin();
  const sender = { ...far.self, clusterId: "orders" };
  const challenge = encodeChallenge({ version: 2, sender, nonce: random.bytes(32) });
  expect(i.onMessage(STEP.challenge, challenge)).toMatchObject({ kind: "refused", reason: "version" });
});

test("whoever lives at an address may be asked for, and without a secret, none is needed", () => {
  const open = { ...near, secret: new Uint8Array(0) };
  const { initiator: i } = run(
    new InitiatorHandshake(open, random, undefined),
    responder({ ...far, secret: new Uint8Array(0) }),
  );
  expect(i).toMatchObject({ kind: "done", established: { peer: { id: B } } });
});

test("the secret is not on the wire, and messages stay short", () => {
  const long = { ...near, clusterId: "c".repeat(255) };
  const { wire } = run(initiator(long), responder({ ...long, self: far.self }));
  expect(wire).toHaveLength(4);
  for (const { payload } of wire) {
    expect(toText(payload)).not.toContain("tell nobody");
    expect(payload.length).toBeLessThanOrEqual(HANDSHAKE_BYTES_MAX);
  }
});

describe("is refused, and both ends know why", () => {
  test.each([
    ["cluster", { ...near, clusterId: "users" }, far, B, /clusters differ: "orders" and "users"/],
    ["secret", { ...near, secret: utf8("guess") }, far, B, /same cluster secret/],
    ["secret", { ...near, secret: new Uint8Array(0) }, far, B, /same cluster secret/],
    ["node", near, far, "00000000000000cc", /00000000000000bb lives at this address, not 00000000000000cc/],
    ["itself", near, near, A, /both ends are node 00000000000000aa/],
  ] as const)("%s", (reason, i, r, wanted, text) => {
    const { initiator: told, responder: decided } = run(initiator(i, wanted), responder(r));
    expect(decided).toMatchObject({ kind: "refused", reason });
    expect(told).toMatchObject({ kind: "refused", reason });
    for (const result of [told, decided]) if (result?.kind === "refused") expect(result.text).toMatch(text);
  });

  test("version", () => {
    const { sender, nonce } = { sender: { ...near.self, clusterId: "orders" }, nonce: random.bytes(32) };
    const ofTheFuture = {
      begin: () => ({
        step: STEP.hello,
        payload: Uint8Array.of(
          ...encodeHello({ versionMin: VERSION_MAX + 1, versionMax: 5, sender, wanted: B, nonce }),
          ...utf8("and something new"),
        ),
      }),
      onMessage: (step: number, payload: Uint8Array) => initiator().onMessage(step, payload),
    };
    const { initiator: told, responder: decided } = run(ofTheFuture, responder());
    expect(decided).toMatchObject({ kind: "refused", reason: "version" });
    expect(told).toMatchObject({
      reason: "version",
      text: "one end speaks versions 1 to 2, the other 3 to 5",
    });
  });

  test("by the initiator: another node answers than was wanted, or another cluster", () => {
    const answer = (changed: object) => {
      const sender = { ...far.self, clusterId: "orders", ...changed };
      return initiator().onMessage(
        STEP.challenge,
        encodeChallenge({ version: 1, sender, nonce: random.bytes(32) }),
      );
    };
    expect(answer({})).toMatchObject({ kind: "send", step: STEP.proof });
    expect(answer({ id: "00000000000000cc" })).toMatchObject({ kind: "refused", reason: "node" });
    expect(answer({ clusterId: "users" })).toMatchObject({ kind: "refused", reason: "cluster" });
  });
});

describe("is not fooled by", () => {
  test("a proof that was recorded before", () => {
    const { wire } = run(initiator(), responder());
    const again = responder();
    expect(again.onMessage(STEP.hello, wire[0]!.payload).kind).toBe("send");
    expect(again.onMessage(STEP.proof, wire[2]!.payload)).toMatchObject({
      kind: "refused",
      reason: "secret",
    });
  });

  test("a responder who plays an old conversation again", () => {
    const { wire } = run(initiator(), responder());
    const i = initiator();
    expect(i.onMessage(STEP.challenge, wire[1]!.payload).kind).toBe("send");
    expect(i.onMessage(STEP.welcome, wire[3]!.payload)).toMatchObject({ kind: "refused", reason: "secret" });
  });

  test("its own proof sent back", () => {
    const i = initiator();
    const { payload } = i.begin();
    const challenge = responder().onMessage(STEP.hello, payload);
    const proof = i.onMessage(STEP.challenge, (challenge as Message).payload);
    expect(i.onMessage(STEP.welcome, (proof as Message).payload)).toMatchObject({ reason: "secret" });
  });

  test("its own challenge, put to itself as an initiator and answered there", () => {
    // The attacker connects to B as A would, and makes B connect to him: B answers B.
    const victim = responder();
    const dialling = new InitiatorHandshake(far, random, A);
    const hello = dialling.begin();
    expect(victim.onMessage(STEP.hello, hello.payload)).toMatchObject({ kind: "refused", reason: "itself" });
  });

  test("its own nonce", () => {
    const i = initiator();
    const nonce = i.begin().payload.slice(-32);
    const sender = { ...far.self, clusterId: "orders" };
    expect(i.onMessage(STEP.challenge, encodeChallenge({ version: 1, sender, nonce }))).toMatchObject({
      kind: "refused",
      reason: "secret",
    });
  });

  test("messages out of order", () => {
    expect(responder().onMessage(STEP.proof, new Uint8Array(32)).kind).toBe("refused");
    expect(initiator().onMessage(STEP.welcome, new Uint8Array(32)).kind).toBe("refused");
    const twice = responder();
    const { payload } = initiator().begin();
    twice.onMessage(STEP.hello, payload);
    expect(twice.onMessage(STEP.hello, payload).kind).toBe("refused");
  });

  test("any changed bit on the way: nobody is let in by a message that was changed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), fc.nat(), (target, position) => {
        random = new SimRandom("bits");
        const changed = (message: Message, number: number): Message => {
          if (number !== target) return message;
          const payload = message.payload.slice();
          const bit = position % (payload.length * 8);
          payload[bit >> 3]! ^= 1 << (bit & 7);
          return { step: message.step, payload };
        };
        let receiver: HandshakeResult | undefined;
        try {
          const result = run(initiator(), responder(), changed);
          receiver = target === 3 || target === 1 ? result.initiator : result.responder;
        } catch {
          return; // malformed
        }
        expect(receiver?.kind).toBe("refused");
      }),
      { numRuns: 400 },
    );
  });
});
