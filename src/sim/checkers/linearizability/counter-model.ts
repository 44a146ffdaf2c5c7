/** One key that is counted up and down, as a sequential object. Where it is absent, counting begins at zero. */
import type { SequentialModel } from "./call.ts";

/** Answers are undefined where nobody knows them; null where there was no such key. */
export type CounterInput =
  | { readonly kind: "add"; readonly by: bigint; readonly answer: bigint | undefined }
  | { readonly kind: "get"; readonly answer: bigint | null }
  | { readonly kind: "set"; readonly to: bigint }
  | { readonly kind: "delete"; readonly answer: boolean | undefined };

export const counterModel: SequentialModel<bigint | null, CounterInput> = {
  initial: null,
  step: (count, input) => {
    switch (input.kind) {
      case "add": {
        const sum = (count ?? 0n) + input.by;
        return input.answer === undefined || input.answer === sum ? sum : undefined;
      }
      case "get":
        return input.answer === count ? count : undefined;
      case "set":
        return input.to;
      case "delete":
        return input.answer === undefined || input.answer === (count !== null) ? null : undefined;
    }
  },
  keyOf: (count) => `${count}`,
  isRead: (input) => input.kind === "get" || (input.kind === "delete" && input.answer === false),
  kindOf: (input) =>
    `${input.kind} ${input.kind === "add" ? input.by : input.kind === "set" ? input.to : ""}`,
};
