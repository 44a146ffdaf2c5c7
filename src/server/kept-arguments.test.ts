import fc from "fast-check";
import { expect, test } from "vitest";
import { KeptArguments } from "./kept-arguments.ts";

test("what is kept stays as it was, whatever is kept later and whatever becomes of the request", () => {
  const lengths = fc.array(fc.array(fc.oneof(fc.nat(60), fc.nat(3_000)), { maxLength: 5 }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(lengths, (requests) => {
      const keeper = new KeptArguments();
      const request = new Uint8Array(20_000);
      const kept: Uint8Array[][] = [];
      requests.forEach((argLengths, turn) => {
        let end = 0;
        const args = argLengths.map((length) => {
          end += length;
          return request.subarray(end - length, end);
        });
        for (const [i, arg] of args.entries()) arg.fill(turn + i);
        kept.push(keeper.keep(args));
        request.fill(0xee);
      });
      const expected = requests.map((argLengths, turn) =>
        argLengths.map((length, i) => new Uint8Array(length).fill(turn + i)),
      );
      expect(kept).toEqual(expected);
    }),
  );
});

test("a short argument does not keep much more than itself", () => {
  const [kept] = new KeptArguments().keep([Uint8Array.of(1)]);
  expect(kept!.buffer.byteLength).toBeLessThanOrEqual(512);
});
