/** What a client is told of a request that is none, or too large. */
import type { Logger } from "../base/logger.ts";
import { failure, type Reply } from "../resp/reply.ts";
import { type DecodeStatus, type RequestDecoder, TOO_LARGE } from "../resp/request-decoder.ts";
import type { Statistics } from "./statistics.ts";

/** Counts it as well. */
export function unusualReply(
  status: DecodeStatus,
  { tooLargeBytes, valueBytesMax, error }: RequestDecoder,
  { statistics, logger }: { readonly statistics: Statistics; readonly logger: Logger },
  client: string,
): Reply {
  if (status === TOO_LARGE) {
    statistics.rejectedRequests++;
    return failure(`ERR argument of ${tooLargeBytes} bytes is longer than ${valueBytesMax} bytes`);
  }
  statistics.protocolErrors++;
  logger.info({ client, error }, "protocol error");
  return failure(`ERR ${error}`);
}
