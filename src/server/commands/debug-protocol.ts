/** A reply of each type, for those who write clients: DEBUG PROTOCOL. The values are the ones Redis sends. */
import {
  attributed,
  bigNumber,
  double,
  map,
  push,
  type Reply,
  set,
  verbatim,
  writeReply,
} from "../../resp/reply.ts";
import type { Session } from "../command.ts";
import { CommandError } from "../command.ts";

const SAMPLES: Readonly<Record<string, Reply>> = {
  STRING: "Hello World",
  INTEGER: 12345,
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: what Redis sends, not pi
  DOUBLE: double(3.141),
  BIGNUM: bigNumber(1234567999999999999999999999999999999n),
  NULL: null,
  ARRAY: [0, 1, 2],
  SET: set([0, 1, 2]),
  MAP: map([
    [0, false],
    [1, true],
    [2, false],
  ]),
  ATTRIB: attributed([["key-popularity", ["key:123", 90]]], "Some real reply following the attribute"),
  VERBATIM: verbatim("txt", "This is a verbatim\nstring"),
  TRUE: true,
  FALSE: false,
};

/** `type` in upper case. Throws CommandError if there is none such. */
export function sampleReply(session: Session, type: string): Reply {
  if (type === "PUSH") return pushed(session);
  if (Object.hasOwn(SAMPLES, type)) return SAMPLES[type]!;
  throw new CommandError(
    "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
  );
}

/** What is pushed comes out of band, so a reply must follow. */
function pushed({ protocol, server }: Session): Reply {
  if (protocol < 3) throw new CommandError("ERR RESP2 is not supported by this command");
  writeReply(server.writer, push(["server-cpu-usage", 42]));
  return "Some real reply following the push reply";
}
